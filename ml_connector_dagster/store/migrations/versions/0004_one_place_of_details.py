"""Details are kept by company alone (``kept_detail``): the table by connection was read by nothing."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Drop it; what it held is asked for again where it is needed."""
    op.drop_table("detail")
