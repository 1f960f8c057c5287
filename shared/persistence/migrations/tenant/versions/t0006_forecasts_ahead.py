"""What a tenant plans, what models have learnt, sums of demand to come, categories, and how good it all was.

Revision ID: t0006
Revises: t0005
"""

from pathlib import Path

from alembic import op

revision = "t0006"
down_revision = "t0005"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    op.execute((FOLDER / "up.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
