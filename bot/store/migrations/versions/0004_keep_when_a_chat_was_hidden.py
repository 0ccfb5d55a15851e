"""Keep with the patient when their chat was hidden

Revision ID: 0004
Revises: 0003
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

import bot.store.tables

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("patient", sa.Column("hidden_at", bot.store.tables.Instant(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("patient", "hidden_at")
