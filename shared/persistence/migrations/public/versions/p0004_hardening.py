"""What no login may do by mistake or on purpose: forge instants, move the registry, lock what others need.

Revision ID: p0004
Revises: p0003
"""

from pathlib import Path

from alembic import op

revision = "p0004"
down_revision = "p0003"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for name in ("registry", "instants", "grants", "dispatch"):
        op.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
