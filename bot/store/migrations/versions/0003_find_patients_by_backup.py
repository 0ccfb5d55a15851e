"""Find patients by their backup: a caseload read every patient of the program

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_index("ix_patient_backup_id", "patient", ["backup_id"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_patient_backup_id", table_name="patient")
