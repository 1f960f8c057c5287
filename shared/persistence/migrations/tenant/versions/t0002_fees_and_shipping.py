"""Shipping, the customer's currency and the vendor's own time of change on sales; fees as the channels tell them.

Revision ID: t0002
Revises: t0001
"""

from pathlib import Path

from alembic import op

revision = "t0002"
down_revision = "t0001"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
