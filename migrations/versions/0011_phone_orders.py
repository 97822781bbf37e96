"""orders by phone, refunds by time

Revision ID: 0011
Revises: 0010
Create Date: 2026-11-26 04:40:12.118402

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "phone_carts",
        sa.Column("cart_id", sa.String(length=22), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("by", sa.String(length=255), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("cart_id", name=op.f("pk_phone_carts")),
    )
    op.add_column(
        "orders", sa.Column("taken_by", sa.String(length=255), server_default="", nullable=False)
    )
    op.add_column("orders", sa.Column("phone_code", sa.String(length=8), nullable=True))
    op.create_index("uq_orders_phone_code", "orders", ["phone_code"], unique=True)
    op.create_index("ix_refunds_at", "refunds", ["at"])


def downgrade():
    op.drop_index("ix_refunds_at", "refunds")
    op.drop_index("uq_orders_phone_code", "orders")
    op.drop_column("orders", "phone_code")
    op.drop_column("orders", "taken_by")
    op.drop_table("phone_carts")
