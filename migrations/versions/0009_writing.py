"""writing: pages, former slugs, ends of articles, repeated reviews

Revision ID: 0009
Revises: 0008
Create Date: 2026-11-26 03:40:00

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

# revision identifiers, used by Alembic.
revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

# SQLite makes the table anew, and would leave out the checks, which it does not tell.
CHECKS = (sa.CheckConstraint("valid_until > signed_on", name=conv("ck_reviews_valid_until")),)
ONCE = "uq_reviews_revision_id_reviewer_id"
ONCE_A_DAY = "uq_reviews_revision_id_reviewer_id_signed_on"


def upgrade():
    op.create_table(
        "pages",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("published", sa.Boolean(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_pages")),
    )
    op.create_table(
        "former_slugs",
        sa.Column("slug", sa.String(length=80), nullable=False),
        sa.Column(
            "article_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["article_id"], ["articles.id"], name=op.f("fk_former_slugs_article_id")
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_former_slugs")),
    )
    op.create_index(op.f("ix_former_slugs_article_id"), "former_slugs", ["article_id"])
    op.add_column("articles", sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True))
    with op.batch_alter_table("reviews", schema=None, table_args=CHECKS) as batch_op:
        batch_op.add_column(
            sa.Column("signed_by", sa.String(length=255), server_default="", nullable=False)
        )
        batch_op.drop_constraint(ONCE, type_="unique")
        batch_op.create_unique_constraint(ONCE_A_DAY, ["revision_id", "reviewer_id", "signed_on"])


def downgrade():
    with op.batch_alter_table("reviews", schema=None, table_args=CHECKS) as batch_op:
        batch_op.drop_constraint(ONCE_A_DAY, type_="unique")
        batch_op.create_unique_constraint(ONCE, ["revision_id", "reviewer_id"])
        batch_op.drop_column("signed_by")
    op.drop_column("articles", "expires_at")
    op.drop_index(op.f("ix_former_slugs_article_id"), table_name="former_slugs")
    op.drop_table("former_slugs")
    op.drop_table("pages")
