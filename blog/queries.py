"""What may be read of the blog, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal, select, tuple_, union_all
from sqlalchemy.orm import joinedload

from blog.models import Article, Comment, Person, Review, Revision, Topic
from storefront.db import db

PAGE_SIZE = 12
RAIL_AFTER_EXPIRY = timedelta(days=14)


class Shown(NamedTuple):
    """An article with the text that is shown."""

    article: Article
    text: Revision


class Link(NamedTuple):
    """An article as another page links to it."""

    slug: str
    title: str

    @property
    def address(self) -> str:
        return f"/blog/{self.slug}"


@dataclass(frozen=True)
class ReviewStatus:
    """What the page says about an article's review.

    `changed`: the text was edited after the reviewer signed. `sells`: a rail may be shown.
    """

    review: Review | None
    changed: bool
    expired: bool
    sells: bool


def article(slug: str, *, now: datetime) -> Shown | None:
    """Return a published article with its latest text, or None."""
    row = db.session.execute(_published(now).where(Article.slug == slug)).first()
    return Shown(row[0], row[1]) if row else None


def articles(
    *conditions: ColumnElement[bool], now: datetime, page: int = 1, limit: int = PAGE_SIZE
) -> list[Shown]:
    """Return one page of the published articles that meet the conditions, newest first."""
    rows = db.session.execute(
        _published(now)
        .where(*conditions)
        .order_by(Article.published_at.desc(), Article.id.desc())
        .limit(limit)
        .offset((page - 1) * limit)
    )
    return [Shown(row[0], row[1]) for row in rows]


def count(*conditions: ColumnElement[bool], now: datetime) -> int:
    """Return how many published articles meet the conditions."""
    return (
        db.session.scalar(
            select(func.count(Article.id)).where(Article.published_at <= now, *conditions)
        )
        or 0
    )


def topic(slug: str) -> Topic | None:
    return db.session.scalar(select(Topic).where(Topic.slug == slug))


def person(slug: str) -> Person | None:
    return db.session.scalar(select(Person).where(Person.slug == slug))


def review_of(shown: Shown, *, today: date) -> ReviewStatus:
    """Return the article's latest review and what follows from it.

    A medical article sells only with a review that has not been expired for 14 days or more.
    """
    review = db.session.scalar(
        select(Review)
        .join(Review.revision)
        .where(Revision.article_id == shown.article.id)
        .order_by(Review.signed_on.desc(), Review.id.desc())
        .limit(1)
        .options(joinedload(Review.reviewer), joinedload(Review.revision))
    )
    if review is None:
        return ReviewStatus(None, changed=False, expired=False, sells=not shown.article.medical)
    return ReviewStatus(
        review,
        changed=review.revision_id != shown.text.id,
        expired=today > review.valid_until,
        sells=not shown.article.medical or today <= review.valid_until + RAIL_AFTER_EXPIRY,
    )


def neighbours(shown: Article, *, now: datetime) -> tuple[Link | None, Link | None]:
    """Return links to the next older and the next newer article, by one query."""
    place = tuple_(Article.published_at, Article.id)
    here = tuple_(literal(shown.published_at, Article.published_at.type), literal(shown.id))
    older = (
        _titles(now)
        .add_columns(literal("older").label("side"))
        .where(place < here)
        .order_by(Article.published_at.desc(), Article.id.desc())
        .limit(1)
    )
    newer = (
        _titles(now)
        .add_columns(literal("newer").label("side"))
        .where(place > here)
        .order_by(Article.published_at, Article.id)
        .limit(1)
    )
    # A branch of a UNION takes its own LIMIT only as a subquery on SQLite.
    rows = db.session.execute(union_all(select(older.subquery()), select(newer.subquery())))
    links = {side: Link(slug, title) for slug, title, side in rows}
    return links.get("older"), links.get("newer")


def comments(article_id: int) -> Sequence[Comment]:
    """Return the approved comments of an article, oldest first."""
    return db.session.scalars(
        select(Comment)
        .where(Comment.article_id == article_id, Comment.state == "approved")
        .order_by(Comment.id)
    ).all()


def comment(secret: str) -> Comment | None:
    """Return the comment whose writer knows this secret."""
    return db.session.scalar(
        select(Comment).where(Comment.secret == secret).options(joinedload(Comment.article))
    )


def comments_in(state: str, *, page: int, limit: int = 50) -> Sequence[Comment]:
    """Return one page of the comments in a state for staff, oldest first."""
    return db.session.scalars(
        select(Comment)
        .where(Comment.state == state)
        .options(joinedload(Comment.article))
        .order_by(Comment.id)
        .limit(limit)
        .offset((page - 1) * limit)
    ).all()


def waiting_comments() -> int:
    """Return how many comments wait for a decision."""
    return db.session.scalar(select(func.count(Comment.id)).where(Comment.state == "pending")) or 0


def _newest() -> ColumnElement[bool]:
    newest = (
        select(func.max(Revision.number))
        .where(Revision.article_id == Article.id)
        .correlate(Article)
        .scalar_subquery()
    )
    return (Revision.article_id == Article.id) & (Revision.number == newest)


def _published(now: datetime) -> Select[Article, Revision]:
    return (
        select(Article, Revision)
        .join(Revision, _newest())
        .where(Article.published_at <= now)
        .options(joinedload(Article.author))
    )


def _titles(now: datetime) -> Select[str, str]:
    return (
        select(Article.slug, Revision.title)
        .join(Revision, _newest())
        .where(Article.published_at <= now)
    )
