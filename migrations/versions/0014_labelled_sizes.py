"""the size of an order line has room for what the model calls it

Revision ID: 0014
Revises: 0013
Create Date: 2026-11-26 18:20:00

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade():
    _size(400, 500)


def downgrade():
    _size(500, 400)


def _size(before, after):
    with op.batch_alter_table("order_lines") as batch_op:
        batch_op.alter_column(
            "size",
            existing_type=sa.String(length=before),
            type_=sa.String(length=after),
            existing_nullable=False,
        )
