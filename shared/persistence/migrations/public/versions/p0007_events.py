"""Jobs that follow are enqueued with the event that asks for them: ending an attempt takes none any more.

Revision ID: p0007
Revises: p0006
"""

from pathlib import Path

from alembic import op

revision = "p0007"
down_revision = "p0006"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
