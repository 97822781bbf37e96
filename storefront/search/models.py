"""What can be found: one entry a page, and the words that entries are made of."""

from datetime import datetime

from sqlalchemy import String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from storefront.db import Base


class SearchEntry(Base):
    """A page that can be found, between two moments where it has them.

    `thing` tells what it shows from others of its kind. The full-text index on these columns is
    made by the migration: FTS5 on SQLite, GIN on PostgreSQL.
    """

    __tablename__ = "search_entries"
    __table_args__ = (UniqueConstraint("kind", "thing"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(20))
    thing: Mapped[str] = mapped_column(String(80))
    address: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(Text)
    keywords: Mapped[str] = mapped_column(Text, default="")
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text, default="")
    visible_from: Mapped[datetime | None]
    visible_until: Mapped[datetime | None]


class SearchWord(Base):
    """A word of an entry, against which typing mistakes are held. A word too many does no harm."""

    __tablename__ = "search_words"

    id: Mapped[int] = mapped_column(primary_key=True)
    word: Mapped[str] = mapped_column(String(40), unique=True)
