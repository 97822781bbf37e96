"""receipts, credit notes, and the tax in them

Revision ID: 0007
Revises: 0006
Create Date: 2026-11-26 04:02:47.118236

"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.elements import conv

# revision identifiers, used by Alembic.
revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WHOLE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade():
    counters = op.create_table(
        "counters",
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("last", WHOLE, nullable=False),
        sa.CheckConstraint("last >= 0", name=op.f("ck_counters_last")),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_counters")),
    )
    # Columns are added one by one: making a table anew on SQLite would lose its checks.
    for table, columns in _columns().items():
        for column in columns:
            op.add_column(table, column)
    op.create_index("ix_orders_paid_at", "orders", ["paid_at"])
    op.create_index("uq_orders_receipt_number", "orders", ["receipt_number"], unique=True)
    op.create_index("uq_refunds_credit_number", "refunds", ["credit_number"], unique=True)
    # What was paid and given back before has its numbers too, in the order in which it was.
    connection = op.get_bind()
    numbered = {
        "receipt": _number(
            connection,
            "orders",
            "receipt_number",
            "SELECT id FROM orders WHERE paid_at IS NOT NULL ORDER BY paid_at, id",
        ),
        "credit note": _number(
            connection,
            "refunds",
            "credit_number",
            "SELECT id FROM refunds WHERE status IN ('pending', 'succeeded', 'failed')"
            " AND refund_id IS NOT NULL ORDER BY at, id",
        ),
    }
    op.bulk_insert(counters, [{"kind": kind, "last": last} for kind, last in numbered.items()])


def _number(connection, table, column, listed):
    ids = connection.scalars(sa.text(listed)).all()
    given = sa.text(f"UPDATE {table} SET {column} = :number WHERE id = :id")  # noqa: S608
    for number, id_ in enumerate(ids, start=1):
        connection.execute(given, {"number": number, "id": id_})
    return len(ids)


def downgrade():
    op.drop_index("uq_refunds_credit_number", "refunds")
    op.drop_index("uq_orders_receipt_number", "orders")
    op.drop_index("ix_orders_paid_at", "orders")
    for table, columns in _columns().items():
        for column in columns:
            op.drop_column(table, column.name)
    op.drop_table("counters")


def _columns():
    def whole(name, *checks):
        return sa.Column(name, WHOLE, *checks, server_default="0", nullable=False)

    return {
        "orders": [
            sa.Column(
                "tax",
                sa.String(length=10),
                sa.CheckConstraint(
                    "tax IN ('none', 'included', 'stripe')", name=conv("ck_orders_tax")
                ),
                server_default="none",
                nullable=False,
            ),
            sa.Column("tax_name", sa.String(length=40), server_default="", nullable=False),
            whole(
                "tax_rate_millis",
                sa.CheckConstraint(
                    "tax_rate_millis BETWEEN 0 AND 99999", name=conv("ck_orders_tax_rate_millis")
                ),
            ),
            whole("delivery_tax_minor"),
            sa.Column("receipt_number", WHOLE, nullable=True),
        ],
        "order_lines": [whole("tax_minor")],
        "refunds": [whole("tax_minor"), sa.Column("credit_number", WHOLE, nullable=True)],
    }
