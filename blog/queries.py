"""What may be read of the blog, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from typing import Any, NamedTuple

from sqlalchemy import (
    JSON,
    BindParameter,
    ColumnElement,
    ScalarSelect,
    Select,
    Text,
    bindparam,
    cast,
    func,
    literal,
    select,
    tuple_,
    union_all,
)
from sqlalchemy.orm import aliased, contains_eager, joinedload, selectinload

from blog.models import (
    Article,
    Comment,
    FormerSlug,
    Person,
    Review,
    Revision,
    Topic,
    article_topics,
)
from storefront.db import UtcDateTime, db
from storefront.staff.paging import PAGE_SIZE as STAFF_PAGE_SIZE
from storefront.staff.paging import Page

PAGE_SIZE = 12
MOST_SEARCHED = 80  # characters
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
    published_at: datetime | None
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


def is_shown(now: datetime | BindParameter[datetime]) -> ColumnElement[bool]:
    """Whether readers see an article: it was published, and has not been taken down."""
    return (Article.published_at <= now) & (
        Article.expires_at.is_(None) | (Article.expires_at > now)
    )


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
_ANY = (
    select(*(_column(model, name) for row, model in _SHOWN for name in row._fields))
    .join(Revision, _newest())
    .join(Person, Article.author_id == Person.id)
    .outerjoin(Review, Review.id == latest_review())
    .outerjoin(_REVIEWER, Review.reviewer_id == _REVIEWER.id)
)
_PUBLISHED = _ANY.where(is_shown(_NOW))
_ARTICLE = _PUBLISHED.where(Article.slug == bindparam("slug"))
_PREVIEW = _ANY.where(Article.slug == bindparam("slug"))
_PLACE = tuple_(Article.published_at, Article.id)
_HERE = tuple_(bindparam("published_at", type_=UtcDateTime), _ID)
_TITLES = select(Article.slug, Revision.title).join(Revision, _newest()).where(is_shown(_NOW))
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


def preview(slug: str) -> Shown | None:
    """Return an article with its latest text, whether readers see it or not; or None."""
    row = db.rows(_PREVIEW, {"slug": slug}).first()
    return _shown(row) if row else None


def renamed(slug: str) -> str | None:
    """Return the slug that an article with this former slug has now, or None."""
    return db.session.scalar(
        select(Article.slug).join(FormerSlug.article).where(FormerSlug.slug == slug)
    )


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
    return db.session.scalar(select(func.count(Article.id)).where(is_shown(now), *conditions)) or 0


def has_any(now: datetime) -> bool:
    """Return whether there is an article to read."""
    return db.session.scalar(select(Article.id).where(is_shown(now)).limit(1)) is not None


def addresses(*, now: datetime) -> list[tuple[str, date | None]]:
    """Return the addresses of articles that may be found, of their topics and of their people.

    An article whose review ended 14 days ago is not among them, as its page says.
    """
    today = now.date()
    ended = select(Review.valid_until).where(Review.id == latest_review()).scalar_subquery()
    found = db.session.execute(
        select(Article.slug, Article.updated_on, Article.published_at)
        .where(is_shown(now))
        .where(~Article.medical | ended.is_(None) | (ended >= today - RAIL_AFTER_EXPIRY))
        .order_by(Article.published_at.desc(), Article.id.desc())
    )
    articles = [(f"/blog/{slug}", updated or at.date()) for slug, updated, at in found if at]
    topics = select(Topic.slug).where(
        Topic.id.in_(select(article_topics.c.topic_id).join(Article).where(is_shown(now)))
    )
    people = select(Person.slug).order_by(Person.id)
    return [
        *articles,
        *((f"/blog/topics/{slug}", None) for slug in db.session.scalars(topics)),
        *((f"/blog/people/{slug}", None) for slug in db.session.scalars(people)),
    ]


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


class Listed(NamedTuple):
    """An article as a staff list shows it, with its newest revision and its newest review."""

    article: Article
    title: str
    saved_at: datetime
    saved_by: str
    review: Review | None
    changed: bool


_LISTED = (
    select(
        Article,
        Revision.title,
        Revision.saved_at,
        Revision.saved_by,
        Review,
        Review.revision_id != Revision.id,
    )
    .join(Revision, _newest())
    .outerjoin(Review, Review.id == latest_review())
    .options(joinedload(Article.author), joinedload(Review.reviewer))
)


def listed(*, q: str, page: int) -> Page[Listed]:
    """Return one page of all articles whose title has every word: drafts first, then newest."""
    statement = _LISTED.order_by(
        Article.published_at.is_not(None), Article.published_at.desc(), Article.id.desc()
    )
    for word in dict.fromkeys(q[:MOST_SEARCHED].split()):
        statement = statement.where(Revision.title.icontains(word, autoescape=True))
    return _page_of(statement, page)


def to_review(*, page: int) -> Page[Listed]:
    """Return one page of the medical articles: never reviewed ones first, then by the end."""
    return _page_of(
        _LISTED.where(Article.medical).order_by(
            Review.id.is_not(None), Review.valid_until, Article.id
        ),
        page,
    )


def without_review(*, today: date, now: datetime) -> int:
    """Return how many medical articles readers see that have no review which holds."""
    statement = (
        select(func.count(Article.id))
        .outerjoin(Review, Review.id == latest_review())
        .where(Article.medical, is_shown(now))
        .where(Review.id.is_(None) | (Review.valid_until < today))
    )
    return db.session.scalar(statement) or 0


def _page_of(statement: Select[*tuple[Any, ...]], number: int) -> Page[Listed]:
    found = db.session.execute(
        statement.limit(STAFF_PAGE_SIZE + 1).offset((number - 1) * STAFF_PAGE_SIZE)
    ).all()
    rows = [Listed(*row) for row in found[:STAFF_PAGE_SIZE]]
    return Page(rows, number, len(found) > STAFF_PAGE_SIZE)


def any_article(slug: str) -> Article | None:
    """Return an article for staff, whether readers see it or not."""
    return db.session.scalar(
        select(Article)
        .where(Article.slug == slug)
        .options(joinedload(Article.author), selectinload(Article.topics))
    )


class Saved(NamedTuple):
    """That an article was saved: a revision without its words."""

    number: int
    title: str
    saved_at: datetime
    saved_by: str


def revisions(article_id: int) -> list[Saved]:
    """Return when and by whom an article was saved, newest first."""
    statement = (
        select(*(getattr(Revision, name) for name in Saved._fields))
        .where(Revision.article_id == article_id)
        .order_by(Revision.number.desc())
    )
    return [Saved(*row) for row in db.session.execute(statement)]


def revision(article_id: int, number: int) -> Revision | None:
    """Return what an article said in one revision."""
    return db.session.scalar(
        select(Revision).where(Revision.article_id == article_id, Revision.number == number)
    )


def reviews(article_id: int) -> Sequence[Review]:
    """Return the reviews of an article, newest first."""
    return db.session.scalars(
        select(Review)
        .join(Review.revision)
        .where(Revision.article_id == article_id)
        .options(joinedload(Review.reviewer), contains_eager(Review.revision))
        .order_by(Review.signed_on.desc(), Review.id.desc())
    ).all()


def people() -> Sequence[Person]:
    """Return all authors and reviewers by name."""
    return db.session.scalars(select(Person).order_by(Person.name, Person.id)).all()


def topics() -> Sequence[str]:
    """Return the names of all topics."""
    return db.session.scalars(select(Topic.name).order_by(Topic.name)).all()
