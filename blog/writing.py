"""How articles and people come to say what they say: saved, restored, published, signed."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import date, datetime
from itertools import islice
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from blog import searching
from blog.models import Article, FormerSlug, Person, Review, Revision, Topic
from storefront.db import db
from storefront.slugs import slug_of

# Addresses of the blog and of its desk, which no article may take.
RESERVED = frozenset({"all", "topics", "people", "comments", "lookup", "feed.atom", "new"})
REVIEW_HOLDS_FOR = 1  # years


@dataclass(frozen=True)
class Words:
    """All that a revision says."""

    title: str
    body: str
    summary: str = ""
    help_now: str = ""
    faq: Sequence[Mapping[str, Any]] = field(default_factory=list)
    sources: Sequence[Mapping[str, Any]] = field(default_factory=list)
    cover_key: str = ""
    cover_alt: str = ""

    @classmethod
    def of(cls, revision: Revision) -> "Words":
        return cls(**{each.name: getattr(revision, each.name) for each in fields(cls)})

    def lines(self) -> list[str]:
        """Return everything as lines, so that two texts can be compared."""
        said = [
            f"Title: {self.title}",
            f"Summary: {self.summary}",
            f"Cover: {self.cover_key} {self.cover_alt}".strip(),
            *self.body.splitlines(),
            *(f"Help now: {line}" for line in self.help_now.splitlines()),
            *(f"{key}: {value}" for row in self.faq for key, value in row.items()),
        ]
        for number, source in enumerate(self.sources, start=1):
            said.append(f"Source {number}: " + ", ".join(str(v) for v in source.values() if v))
        return said


@dataclass(frozen=True)
class About:
    """What is true of an article beside its words."""

    slug: str
    author_id: int
    medical: bool
    topics: Sequence[str] = ()


class SlugTaken(Exception):
    """The slug is, or was once, that of another article or person; nothing was changed."""


class TextMoved(Exception):
    """Somebody has saved the article meanwhile; nothing was changed."""

    def __init__(self, latest: Revision) -> None:
        super().__init__("the article was saved meanwhile")
        self.latest = latest


class SignedAlready(Exception):
    """The reviewer has signed these words for that day already; nothing was changed."""


def latest_of(article_id: int) -> Revision:
    """Return what an article says now."""
    return db.session.scalars(
        select(Revision)
        .where(Revision.article_id == article_id)
        .order_by(Revision.number.desc())
        .limit(1)
    ).one()


def begin(about: About, words: Words, *, by: str, now: datetime) -> Article:
    """Make a draft. Raises SlugTaken."""
    article = Article(slug=about.slug, author_id=about.author_id, medical=about.medical)
    article.topics = _topics(about.topics)
    article.revisions = [Revision(number=1, saved_at=now, saved_by=by, **asdict(words))]
    db.session.add(article)
    _claim_slug(article)
    return article


def save(
    article_id: int,
    about: About,
    words: Words,
    *,
    based_on: int,
    by: str,
    today: date,
    now: datetime,
) -> bool:
    """Save an article; return whether its words are new, which makes a revision.

    `based_on` is the number of the revision that was read. Raises TextMoved, SlugTaken.
    """
    article = _locked(article_id)
    is_new = _revise(article, words, based_on=based_on, by=by, today=today, now=now)
    article.author_id, article.medical = about.author_id, about.medical
    article.topics = _topics(about.topics)
    if about.slug != article.slug:
        _rename(article, about.slug)
    searching.note(article)
    return is_new


def restore(
    article_id: int, number: int, *, based_on: int, by: str, today: date, now: datetime
) -> bool:
    """Make an old revision's words the newest; return whether they differ from what stood.

    Raises TextMoved, or NoResultFound where there is no such revision.
    """
    article = _locked(article_id)
    old = db.session.scalars(
        select(Revision).where(Revision.article_id == article_id, Revision.number == number)
    ).one()
    is_new = _revise(article, Words.of(old), based_on=based_on, by=by, today=today, now=now)
    searching.note(article)
    return is_new


def publish(
    article_id: int, *, published_at: datetime | None, expires_at: datetime | None
) -> Article:
    """Say from when until when readers see an article; None is never, and for ever."""
    article = _locked(article_id)
    article.published_at, article.expires_at = published_at, expires_at
    searching.note(article)
    return article


def sign(
    article_id: int,
    *,
    reviewer_id: int,
    scope: str,
    signed_on: date,
    based_on: int,
    by: str,
) -> Review:
    """Sign an article's latest words for twelve months from a day.

    Raises TextMoved where they are not those that were read, and SignedAlready.
    """
    _locked(article_id)
    latest = latest_of(article_id)
    if latest.number != based_on:
        raise TextMoved(latest)
    review = Review(
        revision_id=latest.id,
        reviewer_id=reviewer_id,
        scope=scope,
        signed_on=signed_on,
        valid_until=valid_until(signed_on),
        signed_by=by,
    )
    db.session.add(review)
    try:
        db.session.flush()
    except IntegrityError:
        raise SignedAlready from None
    return review


def valid_until(signed_on: date) -> date:
    """Return the last day of a review's twelve months."""
    try:
        return signed_on.replace(year=signed_on.year + REVIEW_HOLDS_FOR)
    except ValueError:  # 29 February
        return signed_on.replace(year=signed_on.year + REVIEW_HOLDS_FOR, day=28)


def add_person(person: Person) -> None:
    """Add an author or reviewer. Raises SlugTaken."""
    db.session.add(person)
    try:
        db.session.flush()
    except IntegrityError:
        raise SlugTaken from None


def difference(old: Words, new: Words) -> Iterator[tuple[str, str]]:
    """Yield the lines that differ: "-" taken out, "+" put in, and "@" where some are left out."""
    changes = difflib.unified_diff(old.lines(), new.lines(), n=0, lineterm="")
    for each in islice(changes, 2, None):  # after the names of the two files
        yield each[0], each[1:]


def _locked(article_id: int) -> Article:
    return db.session.scalars(
        select(Article).where(Article.id == article_id).with_for_update()
    ).one()


def _revise(
    article: Article, words: Words, *, based_on: int, by: str, today: date, now: datetime
) -> bool:
    latest = latest_of(article.id)
    if latest.number != based_on:
        raise TextMoved(latest)
    if Words.of(latest) == words:
        return False
    db.session.add(
        Revision(
            article_id=article.id,
            number=latest.number + 1,
            saved_at=now,
            saved_by=by,
            **asdict(words),
        )
    )
    if article.published_at is not None and article.published_at <= now:
        article.updated_on = today
    return True


def _rename(article: Article, slug: str) -> None:
    """Give an article another slug; the former one leads to it for ever."""
    own = db.session.get(FormerSlug, slug)
    if own is not None and own.article_id == article.id:
        db.session.delete(own)
    former, article.slug = article.slug, slug
    _claim_slug(article)
    db.session.add(FormerSlug(slug=former, article_id=article.id))


def _claim_slug(article: Article) -> None:
    """Raise SlugTaken unless the article's slug is its own.

    Asked once its row is written: from then on no other article can have the slug, nor leave it.
    """
    try:
        db.session.flush()
    except IntegrityError:
        raise SlugTaken from None
    if db.session.scalar(select(FormerSlug.slug).where(FormerSlug.slug == article.slug)):
        raise SlugTaken


def _topics(names: Sequence[str]) -> list[Topic]:
    """Return the topics of these names; those that are new are added."""
    for name in names:
        db.insert_once(Topic, "slug", values={"slug": slug_of(name), "name": name})
    slugs = [slug_of(name) for name in names]
    return list(db.session.scalars(select(Topic).where(Topic.slug.in_(slugs))))
