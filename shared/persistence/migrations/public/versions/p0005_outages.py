"""Outages of a vendor: what is away is asked by one job at a time, and everybody else waits for its answer.

Revision ID: p0005
Revises: p0004
"""

from pathlib import Path

from alembic import op

revision = "p0005"
down_revision = "p0004"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "circuits.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
