"""What each kind of row is made of: its table, its columns, which of them are sealed, and under whose key."""

from dataclasses import fields
from typing import Any, get_type_hints

from sqlalchemy import Table

from bot.rows import KINDS, SEALED, Patient, Row
from bot.store import tables
from bot.store.vault import HOUSE

TABLE: dict[type[Any], Table] = {
    kind: table.__table__  # type: ignore[attr-defined]
    for kind, table in tables.OF.items()
}
COLUMNS: dict[type[Any], tuple[str, ...]] = {kind: tuple(f.name for f in fields(kind)) for kind in KINDS}
SEALED_IN: dict[type[Any], frozenset[str]] = {
    kind: frozenset(
        name
        for name, hint in get_type_hints(kind, include_extras=True).items()
        if SEALED in getattr(hint, "__metadata__", ())
    )
    for kind in KINDS
}
GIVEN: dict[type[Any], tuple[tuple[str, str, bool], ...]] = {
    kind: tuple((name, f"v_{name}", name in SEALED_IN[kind]) for name in COLUMNS[kind]) for kind in KINDS
}
"""Each column's name, the name that its value is bound by, and whether it is sealed."""
_OWNED: frozenset[type[Any]] = frozenset(kind for kind in KINDS if "patient_id" in COLUMNS[kind])
OWNER_AT: dict[type[Any], int | None] = {
    kind: COLUMNS[kind].index("id" if kind is Patient else "patient_id")
    if SEALED_IN[kind] and (kind is Patient or kind in _OWNED)
    else None
    for kind in KINDS
}
"""Where in a row stands whose key its sealed columns are under; None: the house's."""


def owner_of(row: Row) -> int:
    """Whose key the sealed columns of this row are under."""
    if isinstance(row, Patient):
        return row.id
    return getattr(row, "patient_id", None) or HOUSE


_PLACES_OF: dict[tuple[type[Any], str], bytes] = {
    (kind, name): f"{TABLE[kind].name}.{name}:".encode() for kind in KINDS for name in SEALED_IN[kind]
}


def place_of(kind: type[Any], name: str, id: int) -> bytes:
    """What a sealed value is bound to: its column and its row."""
    return b"%b%d" % (_PLACES_OF[kind, name], id)
