"""what the owner chose by form

Revision ID: 0006
Revises: 0005
Create Date: 2026-11-26 03:40:12.482190

"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade():
    settings = op.create_table(
        "settings",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_settings")),
    )
    # A shop that sells already was opened before there was a way to say so.
    connection = op.get_bind()
    first = connection.scalar(sa.text("SELECT MIN(created_at) FROM orders"))
    if first is not None:
        now = datetime.now(UTC)
        connection.execute(
            settings.insert().values(
                name="OPENED_AT", value=now.isoformat(), changed_at=now, changed_by="Migration"
            )
        )


def downgrade():
    op.drop_table("settings")
