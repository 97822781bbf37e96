"""undone lines of the ledger

Revision ID: 0003
Revises: 0002
Create Date: 2026-11-24 17:57:54.208434

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

# revision identifiers, used by Alembic.
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# SQLite makes the table anew, and would leave out the checks, which it does not tell.
CHECKS = (
    sa.CheckConstraint("left_change <> 0 OR right_change <> 0", name=conv("ck_movements_change")),
    sa.CheckConstraint(
        "reason IN ('counted', 'received', 'sold', 'returned', 'damaged', 'corrected')",
        name=conv("ck_movements_reason"),
    ),
)


def upgrade():
    with op.batch_alter_table("movements", schema=None, table_args=CHECKS) as batch_op:
        batch_op.add_column(
            sa.Column(
                "undoes_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.create_index("uq_movements_undoes_id", ["undoes_id"], unique=True)
        batch_op.create_foreign_key(
            batch_op.f("fk_movements_undoes_id"), "movements", ["undoes_id"], ["id"]
        )


def downgrade():
    with op.batch_alter_table("movements", schema=None, table_args=CHECKS) as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_movements_undoes_id"), type_="foreignkey")
        batch_op.drop_index("uq_movements_undoes_id")
        batch_op.drop_column("undoes_id")
