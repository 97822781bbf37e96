"""how wide a shoe is inside, by size and width

Revision ID: 0015
Revises: 0014
Create Date: 2026-11-28 02:40:00

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    op.create_table(
        "inside_widths",
        sa.Column("product_id", WHOLE, nullable=False),
        sa.Column("size", sa.String(length=80), nullable=False),
        sa.Column("width", sa.String(length=80), nullable=False),
        sa.Column("inside_mm", WHOLE, nullable=False),
        sa.CheckConstraint("inside_mm > 0", name=op.f("ck_inside_widths_inside_mm")),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_inside_widths_product_id")
        ),
        sa.PrimaryKeyConstraint("product_id", "size", "width", name=op.f("pk_inside_widths")),
    )


def downgrade():
    op.drop_table("inside_widths")
