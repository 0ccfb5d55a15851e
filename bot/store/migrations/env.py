"""Alembic's way in: it migrates on the connection that `bot.store.schema` hands over."""

from alembic import context
from sqlalchemy import Connection

from bot.store.connections import engine
from bot.store.schema import metadata


def run(connection: Connection) -> None:
    context.configure(
        connection=connection, target_metadata=metadata, render_as_batch=True, transaction_per_migration=False
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    url = context.config.get_main_option("sqlalchemy.url")
    assert url is not None
    made = engine(url)
    with made.connect() as own:
        run(own)
    made.dispose()
