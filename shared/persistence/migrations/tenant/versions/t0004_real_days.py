"""A fiscal year begins on a day that there is.

Revision ID: t0004
Revises: t0003
"""

from pathlib import Path

from alembic import op

revision = "t0004"
down_revision = "t0003"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
