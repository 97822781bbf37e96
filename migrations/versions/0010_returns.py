"""returns, and shoes that leave in exchange

Revision ID: 0010
Revises: 0009
Create Date: 2026-11-26 04:31:07.551930

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
BEFORE = "reason IN ('counted', 'received', 'sold', 'returned', 'damaged', 'corrected')"
SINCE = "reason IN ('counted', 'received', 'sold', 'exchanged', 'returned', 'damaged', 'corrected')"


def upgrade():
    op.create_table(
        "returns",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("number", WHOLE, nullable=False),
        sa.Column("order_id", WHOLE, nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=255), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=255), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("carrier", sa.String(length=80), nullable=False),
        sa.Column("tracking", sa.String(length=80), nullable=False),
        sa.Column("refund_id", WHOLE, nullable=True),
        sa.CheckConstraint(
            "state IN ('requested', 'received', 'settled', 'refused', 'withdrawn')",
            name=op.f("ck_returns_state"),
        ),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_returns_order_id")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_returns_refund_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_returns")),
        sa.UniqueConstraint("number", name=op.f("uq_returns_number")),
    )
    op.create_index("ix_returns_state", "returns", ["state", "id"])
    op.create_index(op.f("ix_returns_order_id"), "returns", ["order_id"])
    op.create_index(op.f("ix_returns_refund_id"), "returns", ["refund_id"])
    op.create_table(
        "return_lines",
        sa.Column("id", WHOLE, nullable=False),
        sa.Column("return_id", WHOLE, nullable=False),
        sa.Column("order_line_id", WHOLE, nullable=False),
        sa.Column("left", WHOLE, nullable=False),
        sa.Column("right", WHOLE, nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("new_left_variant_id", WHOLE, nullable=True),
        sa.Column("new_right_variant_id", WHOLE, nullable=True),
        sa.Column("new_choice", sa.Text(), nullable=False),
        sa.Column("came_left", WHOLE, nullable=False),
        sa.Column("came_right", WHOLE, nullable=False),
        sa.Column("condition", sa.String(length=20), nullable=False),
        sa.Column("restocked", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.CheckConstraint(
            '"left" >= 0 AND "right" >= 0 AND "left" + "right" > 0',
            name=op.f("ck_return_lines_shoes"),
        ),
        sa.CheckConstraint(
            'came_left BETWEEN 0 AND "left"', name=op.f("ck_return_lines_came_left")
        ),
        sa.CheckConstraint(
            'came_right BETWEEN 0 AND "right"', name=op.f("ck_return_lines_came_right")
        ),
        sa.CheckConstraint(
            "outcome IN ('', 'money', 'exchange', 'nothing')",
            name=op.f("ck_return_lines_outcome"),
        ),
        sa.ForeignKeyConstraint(
            ["new_left_variant_id"],
            ["variants.id"],
            name=op.f("fk_return_lines_new_left_variant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["new_right_variant_id"],
            ["variants.id"],
            name=op.f("fk_return_lines_new_right_variant_id"),
        ),
        sa.ForeignKeyConstraint(
            ["order_line_id"], ["order_lines.id"], name=op.f("fk_return_lines_order_line_id")
        ),
        sa.ForeignKeyConstraint(
            ["return_id"], ["returns.id"], name=op.f("fk_return_lines_return_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_return_lines")),
        sa.UniqueConstraint(
            "return_id", "order_line_id", name=op.f("uq_return_lines_return_id_order_line_id")
        ),
    )
    op.create_index(op.f("ix_return_lines_order_line_id"), "return_lines", ["order_line_id"])
    _check_reasons(SINCE)


def downgrade():
    # A database of before has no word for these; the count they left stays what it was.
    op.execute("UPDATE movements SET reason = 'corrected' WHERE reason = 'exchanged'")
    _check_reasons(BEFORE)
    op.drop_table("return_lines")
    op.drop_table("returns")


def _check_reasons(reasons):
    with op.batch_alter_table("movements", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_movements_reason"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_movements_reason"), reasons)
