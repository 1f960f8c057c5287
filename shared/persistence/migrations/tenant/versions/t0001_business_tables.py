"""The business tables of one tenant.

Revision ID: t0001
Revises:
"""

from pathlib import Path

from alembic import op

revision = "t0001"
down_revision = None
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for name in ("catalogue", "figures", "syncing"):
        op.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
