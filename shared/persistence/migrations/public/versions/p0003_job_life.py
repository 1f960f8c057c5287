"""The life of a job: leases, attempts, fairness, schedules, and what clients may see of it.

Revision ID: p0003
Revises: p0002
"""

from pathlib import Path

from alembic import op

revision = "p0003"
down_revision = "p0002"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for name in ("tables", "notifications", "access"):
        op.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
