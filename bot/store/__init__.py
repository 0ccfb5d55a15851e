"""The only place that knows SQL: tables, units of work, the vault, migrations."""
