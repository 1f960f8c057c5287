"""The registry of tenants, its people, subscriptions, audit log and usage.

Revision ID: p0001
Revises:
"""

from pathlib import Path

from alembic import op

revision = "p0001"
down_revision = None
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for name in ("enums", "registry", "jobs"):
        op.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
