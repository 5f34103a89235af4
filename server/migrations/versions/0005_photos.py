"""Photographs: a check's pictures before the clean-up, and exports that take pictures along"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("kind_cleanup_check", sa.Column("photos_before", sa.Text(), nullable=True))
    with op.batch_alter_table("export_request") as request:
        request.add_column(sa.Column("pictures", sa.Integer(), server_default="0", nullable=False))


def downgrade() -> None:
    with op.batch_alter_table("export_request") as request:
        request.drop_column("pictures")
    with op.batch_alter_table("kind_cleanup_check") as check:
        check.drop_column("photos_before")
