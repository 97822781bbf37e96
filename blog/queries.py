"""What may be read of the blog, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import NamedTuple

from sqlalchemy import ColumnElement, bindparam, func, literal, select, tuple_, union_all
from sqlalchemy.orm import joinedload

from blog.models import Article, Comment, Person, Review, Revision, Topic
from storefront.db import UtcDateTime, db

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


def _newest() -> ColumnElement[bool]:
    newest = (
        select(func.max(Revision.number))
        .where(Revision.article_id == Article.id)
        .correlate(Article)
        .scalar_subquery()
    )
    return (Revision.article_id == Article.id) & (Revision.number == newest)


# Statements are written once: writing one takes as long as running it.
_NOW = bindparam("now", type_=UtcDateTime)
_ID = bindparam("id", type_=Article.id.type)
_PUBLISHED = (
    select(Article, Revision)
    .join(Revision, _newest())
    .where(Article.published_at <= _NOW)
    .options(joinedload(Article.author))
)
_ARTICLE = _PUBLISHED.where(Article.slug == bindparam("slug"))
_REVIEW = (
    select(Review)
    .join(Review.revision)
    .where(Revision.article_id == _ID)
    .order_by(Review.signed_on.desc(), Review.id.desc())
    .limit(1)
    .options(joinedload(Review.reviewer))
)
_PLACE = tuple_(Article.published_at, Article.id)
_HERE = tuple_(bindparam("published_at", type_=UtcDateTime), _ID)
_TITLES = (
    select(Article.slug, Revision.title)
    .join(Revision, _newest())
    .where(Article.published_at <= _NOW)
)
_OLDER = (
    _TITLES.add_columns(literal("older").label("side"))
    .where(_PLACE < _HERE)
    .order_by(Article.published_at.desc(), Article.id.desc())
    .limit(1)
)
_NEWER = (
    _TITLES.add_columns(literal("newer").label("side"))
    .where(_PLACE > _HERE)
    .order_by(Article.published_at, Article.id)
    .limit(1)
)
# A branch of a UNION takes its own LIMIT only as a subquery on SQLite.
_NEIGHBOURS = union_all(select(_OLDER.subquery()), select(_NEWER.subquery()))
_COMMENTS = (
    select(Comment)
    .where(Comment.article_id == _ID, Comment.state == "approved")
    .order_by(Comment.id)
)


def article(slug: str, *, now: datetime) -> Shown | None:
    """Return a published article with its latest text, or None."""
    row = db.session.execute(_ARTICLE, {"slug": slug, "now": now}).first()
    return Shown(row[0], row[1]) if row else None


def articles(
    *conditions: ColumnElement[bool], now: datetime, page: int = 1, limit: int = PAGE_SIZE
) -> list[Shown]:
    """Return one page of the published articles that meet the conditions, newest first."""
    rows = db.session.execute(
        _PUBLISHED.where(*conditions)
        .order_by(Article.published_at.desc(), Article.id.desc())
        .limit(limit)
        .offset((page - 1) * limit),
        {"now": now},
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
    review = db.session.scalar(_REVIEW, {"id": shown.article.id})
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
    here = {"published_at": shown.published_at, "id": shown.id, "now": now}
    links = {side: Link(slug, title) for slug, title, side in db.session.execute(_NEIGHBOURS, here)}
    return links.get("older"), links.get("newer")


def comments(article_id: int) -> Sequence[Comment]:
    """Return the approved comments of an article, oldest first."""
    return db.session.scalars(_COMMENTS, {"id": article_id}).all()


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
