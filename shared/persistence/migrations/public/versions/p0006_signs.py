"""Signs of life that operators read: when each scan ran last, and how often a process was started again.

Revision ID: p0006
Revises: p0005
"""

from pathlib import Path

from alembic import op

revision = "p0006"
down_revision = "p0005"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "scans.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
