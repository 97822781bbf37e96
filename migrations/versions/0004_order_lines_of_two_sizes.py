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
OLD = {"color": 80, "size": 80}
NEW = {"color": 200, "size": 400}


def upgrade():
    _resize(OLD, NEW)


def downgrade():
    _resize(NEW, OLD)


def _resize(old, new):
    with op.batch_alter_table("order_lines", schema=None, table_args=CHECKS) as batch_op:
        for name, length in new.items():
            batch_op.alter_column(
                name,
                existing_type=sa.String(length=old[name]),
                type_=sa.String(length=length),
                existing_nullable=False,
            )
