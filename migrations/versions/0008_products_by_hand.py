"""products and collections by hand

Revision ID: 0008
Revises: 0007
Create Date: 2026-11-26 04:20:33.510277

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def _number(name):
    return sa.Column(name, sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False)


def upgrade():
    op.create_table(
        "collections",
        _number("id"),
        sa.Column("handle", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        _number("position"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("rule", sa.String(length=20), nullable=False),
        sa.Column("rule_value", sa.String(length=255), nullable=False),
        sa.CheckConstraint(
            "rule IN ('hand', 'tag', 'brace', 'hands', 'type')", name=op.f("ck_collections_rule")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collections")),
        sa.UniqueConstraint("handle", name=op.f("uq_collections_handle")),
    )
    op.create_table(
        "collection_places",
        _number("collection_id"),
        _number("product_id"),
        _number("position"),
        sa.ForeignKeyConstraint(
            ["collection_id"], ["collections.id"], name=op.f("fk_collection_places_collection_id")
        ),
        sa.ForeignKeyConstraint(
            ["product_id"], ["products.id"], name=op.f("fk_collection_places_product_id")
        ),
        sa.PrimaryKeyConstraint("collection_id", "product_id", name=op.f("pk_collection_places")),
    )
    with op.batch_alter_table("collection_places", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_collection_places_product_id"), ["product_id"], unique=False
        )
    _former("former_handles", "products")
    _former("former_collection_handles", "collections")


def _former(table, owners):
    op.create_table(
        table,
        sa.Column("handle", sa.String(length=80), nullable=False),
        _number("owner_id"),
        sa.ForeignKeyConstraint(["owner_id"], [f"{owners}.id"], name=op.f(f"fk_{table}_owner_id")),
        sa.PrimaryKeyConstraint("handle", name=op.f(f"pk_{table}")),
    )
    with op.batch_alter_table(table, schema=None) as batch_op:
        batch_op.create_index(batch_op.f(f"ix_{table}_owner_id"), ["owner_id"], unique=False)


def downgrade():
    op.drop_table("former_collection_handles")
    op.drop_table("former_handles")
    op.drop_table("collection_places")
    op.drop_table("collections")
