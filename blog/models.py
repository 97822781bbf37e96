"""People, articles and their revisions, medical reviews, and readers' comments."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.db import Base

COMMENT_STATES = ("pending", "approved", "spam", "removed")

article_topics = Table(
    "article_topics",
    Base.metadata,
    Column("article_id", ForeignKey("articles.id"), primary_key=True),
    Column("topic_id", ForeignKey("topics.id"), primary_key=True, index=True),
)


class Person(Base):
    """An author or reviewer. `interests` is what a reader must know of their ties."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(255), default="")
    credentials: Mapped[str] = mapped_column(String(255), default="")
    short_bio: Mapped[str] = mapped_column(Text, default="")
    bio: Mapped[str] = mapped_column(Text, default="")
    interests: Mapped[str] = mapped_column(Text, default="")
    invented: Mapped[bool] = mapped_column(default=False)


class Topic(Base):
    """What an article is about."""

    __tablename__ = "topics"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)


class Article(Base):
    """An article: its place and dates. What it says is its latest revision."""

    __tablename__ = "articles"
    __table_args__ = (Index("ix_articles_published", "published_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    medical: Mapped[bool] = mapped_column(default=False)
    published_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    updated_on: Mapped[date | None]

    author: Mapped[Person] = relationship()
    topics: Mapped[list[Topic]] = relationship(secondary=article_topics, order_by=Topic.name)
    revisions: Mapped[list["Revision"]] = relationship(
        back_populates="article", order_by="Revision.number"
    )


class FormerSlug(Base):
    """A slug that an article had once: it leads to the article for ever, and is nobody else's."""

    __tablename__ = "former_slugs"

    slug: Mapped[str] = mapped_column(String(80), primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"), index=True)

    article: Mapped[Article] = relationship()


class Revision(Base):
    """One saved text of an article, whole. It is written once; the latest is what is shown.

    `faq` holds {question, answer}; `sources` {title, authors, year, kind, identifier, url}.
    """

    __tablename__ = "revisions"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(255))
    summary: Mapped[str] = mapped_column(Text, default="")
    body: Mapped[str] = mapped_column(Text)
    help_now: Mapped[str] = mapped_column(Text, default="")
    faq: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    sources: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    cover_key: Mapped[str] = mapped_column(String(80), default="")
    cover_alt: Mapped[str] = mapped_column(Text, default="")
    saved_at: Mapped[datetime]
    saved_by: Mapped[str] = mapped_column(String(255))

    article: Mapped[Article] = relationship(back_populates="revisions")


class Review(Base):
    """That a reviewer signed one revision, for what, and until when it holds."""

    __tablename__ = "reviews"
    __table_args__ = (
        # The same text may be read again when a review has ended.
        UniqueConstraint("revision_id", "reviewer_id", "signed_on"),
        CheckConstraint("valid_until > signed_on", name="valid_until"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    revision_id: Mapped[int] = mapped_column(ForeignKey("revisions.id"), index=True)
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    scope: Mapped[str] = mapped_column(Text)
    signed_on: Mapped[date]
    valid_until: Mapped[date]
    signed_by: Mapped[str] = mapped_column(String(255), default="")

    revision: Mapped[Revision] = relationship()
    reviewer: Mapped[Person] = relationship()


class Comment(Base):
    """What a reader wrote under an article. `secret` is the address of its writer's own page."""

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'approved', 'spam', 'removed')", name="state"),
        Index("ix_comments_article", "article_id", "state", "id"),
        Index("ix_comments_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    article_id: Mapped[int] = mapped_column(ForeignKey("articles.id"))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("comments.id"))
    secret: Mapped[str] = mapped_column(String(22), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    email: Mapped[str] = mapped_column(String(320))
    body: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="pending")
    written_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str] = mapped_column(String(255), default="")

    article: Mapped[Article] = relationship()
