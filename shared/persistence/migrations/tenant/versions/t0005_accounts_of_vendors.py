"""The account of a credential has a row of its own, and a cursor says up to when its records are whole.

Revision ID: t0005
Revises: t0004
"""

from pathlib import Path

from alembic import op

revision = "t0005"
down_revision = "t0004"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
