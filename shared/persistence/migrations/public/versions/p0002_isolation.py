"""Roles, row-level security, the audit triggers and what the lifecycle of a tenant needs.

Revision ID: p0002
Revises: p0001
"""

from pathlib import Path

from alembic import op

revision = "p0002"
down_revision = "p0001"
branch_labels = None
depends_on = None

FOLDER = Path(__file__).with_suffix("")


def upgrade() -> None:
    for name in ("lifecycle", "policies", "grants", "audit"):
        op.execute((FOLDER / f"{name}.sql").read_text(encoding="utf-8"))


def downgrade() -> None:
    op.execute((FOLDER / "down.sql").read_text(encoding="utf-8"))
