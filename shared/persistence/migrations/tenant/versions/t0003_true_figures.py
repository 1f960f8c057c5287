"""Estimated tax, tax on fees, variants, places by shop, problems of streams, reasons of unknown figures.

Revision ID: t0003
Revises: t0002
"""

from pathlib import Path

from alembic import op

revision = "t0003"
down_revision = "t0002"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
