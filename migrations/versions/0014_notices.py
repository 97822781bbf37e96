"""who wishes to be told that a size is back; letters by who gets them

Revision ID: 0014
Revises: 0012
Create Date: 2026-11-26 10:51:09.280417

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0014"
down_revision = "0012"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
LIVE = sa.text("state IN ('pending', 'waiting')")


def upgrade():
    op.create_table(
        "notices",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("secret", sa.String(length=22), nullable=False),
        sa.Column("variant_id", WHOLE, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('pending', 'waiting', 'told', 'left')", name=op.f("ck_notices_state")
        ),
        sa.CheckConstraint(
            "email <> '' OR state IN ('told', 'left')", name=op.f("ck_notices_email")
        ),
        sa.ForeignKeyConstraint(
            ["variant_id"], ["variants.id"], name=op.f("fk_notices_variant_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("secret", name=op.f("uq_notices_secret")),
    )
    op.create_index(
        "uq_notices_live",
        "notices",
        ["email", "variant_id"],
        unique=True,
        sqlite_where=LIVE,
        postgresql_where=LIVE,
    )
    op.create_index("ix_notices_state", "notices", ["state", "variant_id"])
    op.create_index(op.f("ix_letters_recipient"), "letters", ["recipient"])


def downgrade():
    op.drop_index(op.f("ix_letters_recipient"), "letters")
    op.drop_table("notices")
