"""What may be read of the blog, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    ColumnElement,
    ScalarSelect,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased, joinedload

from blog.models import Article, Comment, Person, Review, Revision, Topic
from storefront.db import UtcDateTime, db

PAGE_SIZE = 12
RAIL_AFTER_EXPIRY = timedelta(days=14)


class PersonRow(NamedTuple):
    """An author or reviewer as a page shows them."""

    id: int
    slug: str
    name: str
    role: str
    credentials: str
    short_bio: str
    bio: str
    interests: str
    invented: bool

    @property
    def address(self) -> str:
        return f"/blog/people/{self.slug}"


class ArticleRow(NamedTuple):
    """An article's place and dates."""

    id: int
    slug: str
    medical: bool
    published_at: datetime
    updated_on: date | None

    @property
    def address(self) -> str:
        return f"/blog/{self.slug}"


class TextRow(NamedTuple):
    """What an article says: its latest revision, with questions and sources as JSON."""

    id: int
    title: str
    summary: str
    body: str
    help_now: str
    faq: str
    sources: str
    cover_key: str
    cover_alt: str


class ReviewRow(NamedTuple):
    """That a reviewer signed one revision."""

    revision_id: int
    scope: str
    signed_on: date
    valid_until: date


class CommentRow(NamedTuple):
    """An approved comment."""

    id: int
    parent_id: int | None
    name: str
    body: str
    written_at: datetime


class Shown(NamedTuple):
    """An article with the text that is shown, who wrote it, and who reviewed it last."""

    article: ArticleRow
    text: TextRow
    author: PersonRow
    review: ReviewRow | None
    reviewer: PersonRow | None


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


def latest_review() -> ScalarSelect[int]:
    """Return the id of an article's newest review, for a statement that reads articles."""
    signed = aliased(Revision)
    review = aliased(Review)
    return (
        select(review.id)
        .join(signed, review.revision_id == signed.id)
        .where(signed.article_id == Article.id)
        .order_by(review.signed_on.desc(), review.id.desc())
        .limit(1)
        .correlate(Article)
        .scalar_subquery()
    )


def _column(model: Any, name: str) -> ColumnElement[Any]:
    """A column to read; JSON as its text, which a part of a page can be remembered by."""
    column: ColumnElement[Any] = getattr(model, name)
    return cast(column, Text) if isinstance(column.type, JSON) else column


# Statements are written once: writing one takes as long as running it.
_NOW = bindparam("now", type_=UtcDateTime)
_ID = bindparam("id", type_=Article.id.type)
_REVIEWER = aliased(Person)
_SHOWN = (
    (ArticleRow, Article),
    (TextRow, Revision),
    (PersonRow, Person),
    (ReviewRow, Review),
    (PersonRow, _REVIEWER),
)
_PUBLISHED = (
    select(*(_column(model, name) for row, model in _SHOWN for name in row._fields))
    .join(Revision, _newest())
    .join(Person, Article.author_id == Person.id)
    .outerjoin(Review, Review.id == latest_review())
    .outerjoin(_REVIEWER, Review.reviewer_id == _REVIEWER.id)
    .where(Article.published_at <= _NOW)
)
_ARTICLE = _PUBLISHED.where(Article.slug == bindparam("slug"))
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
    select(*(getattr(Comment, name) for name in CommentRow._fields))
    .where(Comment.article_id == _ID, Comment.state == "approved")
    .order_by(Comment.id)
)


def article(slug: str, *, now: datetime) -> Shown | None:
    """Return a published article with its latest text, or None."""
    row = db.rows(_ARTICLE, {"slug": slug, "now": now}).first()
    return _shown(row) if row else None


def articles(
    *conditions: ColumnElement[bool], now: datetime, page: int = 1, limit: int = PAGE_SIZE
) -> list[Shown]:
    """Return one page of the published articles that meet the conditions, newest first."""
    statement = (
        _PUBLISHED.where(*conditions)
        .order_by(Article.published_at.desc(), Article.id.desc())
        .limit(limit)
        .offset((page - 1) * limit)
    )
    return [_shown(row) for row in db.rows(statement, {"now": now})]


def _shown(row: Sequence[Any]) -> Shown:
    values = iter(row)
    article = ArticleRow(*islice(values, len(ArticleRow._fields)))
    text = TextRow(*islice(values, len(TextRow._fields)))
    author = PersonRow(*islice(values, len(PersonRow._fields)))
    signed = list(islice(values, len(ReviewRow._fields)))
    if signed[0] is None:
        return Shown(article, text, author, None, None)
    return Shown(article, text, author, ReviewRow(*signed), PersonRow(*values))


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
    """Return what follows from an article's latest review.

    A medical article sells only with a review that has not been expired for 14 days or more.
    """
    medical, review = shown.article.medical, shown.review
    if review is None:
        return ReviewStatus(changed=False, expired=False, sells=not medical)
    return ReviewStatus(
        changed=review.revision_id != shown.text.id,
        expired=today > review.valid_until,
        sells=not medical or today <= review.valid_until + RAIL_AFTER_EXPIRY,
    )


def neighbours(shown: ArticleRow, *, now: datetime) -> tuple[Link | None, Link | None]:
    """Return links to the next older and the next newer article, by one query."""
    here = {"published_at": shown.published_at, "id": shown.id, "now": now}
    links = {side: Link(slug, title) for slug, title, side in db.rows(_NEIGHBOURS, here)}
    return links.get("older"), links.get("newer")


def comments(article_id: int) -> list[CommentRow]:
    """Return the approved comments of an article, oldest first."""
    return [CommentRow._make(row) for row in db.rows(_COMMENTS, {"id": article_id})]


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
