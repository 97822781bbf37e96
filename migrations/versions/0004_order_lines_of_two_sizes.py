"""order lines of two sizes

Revision ID: 0004
Revises: 0003
Create Date: 2026-11-25 23:05:12.402155

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

# revision identifiers, used by Alembic.
revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# SQLite makes the table anew, and would leave out the checks, which it does not tell.
CHECKS = (
    sa.CheckConstraint("quantity BETWEEN 1 AND 12", name=conv("ck_order_lines_quantity")),
    sa.CheckConstraint("unit_minor >= 0", name=conv("ck_order_lines_unit_minor")),
    sa.CheckConstraint(
        "left_variant_id IS NOT NULL OR right_variant_id IS NOT NULL",
        name=conv("ck_order_lines_sides"),
    ),
)
NAMES = ("color", "size", "width")


def upgrade():
    _widen(80, 200)


def downgrade():
    _widen(200, 80)


def _widen(old, new):
    with op.batch_alter_table("order_lines", schema=None, table_args=CHECKS) as batch_op:
        for name in NAMES:
            batch_op.alter_column(
                name,
                existing_type=sa.String(length=old),
                type_=sa.String(length=new),
                existing_nullable=False,
            )
