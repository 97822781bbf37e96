"""letters sent again

Revision ID: 0005
Revises: 0004
Create Date: 2026-11-25 23:46:31.087412

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column(
        "letters",
        sa.Column(
            "resent",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            server_default="0",
            nullable=False,
        ),
    )


def downgrade():
    op.drop_column("letters", "resent")
