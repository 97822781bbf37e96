"""search

Revision ID: 0012
Revises: 0011
Create Date: 2026-11-26 11:00:00

"""

import sqlalchemy as sa
from alembic import op

# revision identifiers, used by Alembic.
revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

# As in storefront/search/index.py: an index serves only the very same expression.
VECTOR = (
    "setweight(to_tsvector('english', title), 'A')"
    " || setweight(to_tsvector('english', keywords), 'B')"
    " || setweight(to_tsvector('english', summary), 'C')"
    " || setweight(to_tsvector('english', body), 'D')"
)
COLUMNS = {"search_entries": ("title", "keywords", "summary", "body"), "search_words": ("word",)}
INDEXES = {"search_entries": "search_index", "search_words": "search_word_parts"}
TOKENS = {"search_entries": "porter unicode61 remove_diacritics 2", "search_words": "trigram"}


def upgrade():
    op.create_table(
        "search_entries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("thing", sa.String(length=80), nullable=False),
        sa.Column("address", sa.String(length=255), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("keywords", sa.Text(), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("visible_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("visible_until", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_entries")),
        sa.UniqueConstraint("kind", "thing", name=op.f("uq_search_entries_kind_thing")),
    )
    op.create_table(
        "search_words",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("word", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_search_words")),
        sa.UniqueConstraint("word", name=op.f("uq_search_words_word")),
    )
    if op.get_bind().dialect.name == "postgresql":
        try:
            op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        except sa.exc.DBAPIError as error:
            raise RuntimeError(
                "PostgreSQL refuses the extension pg_trgm, which search needs. Let an administrator"
                f" create it in this database, then try again. It says: {error.orig}"
            ) from None
        op.execute(f"CREATE INDEX ix_search_entries_text ON search_entries USING gin (({VECTOR}))")
        op.execute(
            "CREATE INDEX ix_search_words_parts ON search_words USING gin (word gin_trgm_ops)"
        )
        return
    for table, columns in COLUMNS.items():
        index, names = INDEXES[table], ", ".join(columns)
        new, old = (", ".join(f"{row}.{name}" for name in columns) for row in ("new", "old"))
        op.execute(
            f"CREATE VIRTUAL TABLE {index} USING fts5({names}, content='{table}',"
            f" content_rowid='id', tokenize='{TOKENS[table]}')"
        )
        add = f"INSERT INTO {index}(rowid, {names}) VALUES (new.id, {new});"  # noqa: S608 - our own names
        take = f"INSERT INTO {index}({index}, rowid, {names}) VALUES ('delete', old.id, {old});"  # noqa: S608
        for name, moment, act in (
            ("added", "INSERT", add),
            ("taken", "DELETE", take),
            ("changed", "UPDATE", take + add),
        ):
            op.execute(f"CREATE TRIGGER {index}_{name} AFTER {moment} ON {table} BEGIN {act} END")


def downgrade():
    if op.get_bind().dialect.name == "sqlite":
        for index in INDEXES.values():
            op.execute(f"DROP TABLE IF EXISTS {index}")  # a backup has none
    op.drop_table("search_words")
    op.drop_table("search_entries")
