"""Kept details: answers of detail calls, for sources whose lists carry no lines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; nothing that stands is touched."""
    op.create_table(
        "kept_detail",
        sa.Column("system", sa.Text(), nullable=False),
        sa.Column("company_id", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("record_id", sa.Text(), nullable=False),
        sa.Column("stamp", sa.Text(), nullable=False, comment="the vendor's modified stamp that the body belongs to"),
        sa.Column("body", sa.LargeBinary(), nullable=False, comment="the detail call's answer, zlib"),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("system", "company_id", "entity", "record_id", name=op.f("pk_kept_detail")),
        comment="Answers of detail calls: an unchanged document is not asked for again.",
    )
