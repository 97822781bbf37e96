"""What comments keep of a person, and how long."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, update

from blog import comments
from blog.models import Comment
from storefront import person
from storefront.db import db
from storefront.mail import outbox
from storefront.mail.models import Letter
from storefront.person import Erasing, Term

AFTER = timedelta(days=90)


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return the comments of an address."""
    return [
        {
            "article": comment.article.slug,
            "name": comment.name,
            "text": comment.body,
            "state": comment.state,
            "written_at": comment.written_at,
        }
        for comment in db.session.scalars(_of(email))
    ]


def _of(email: str) -> Select[Comment]:
    return select(Comment).where(person.is_of(Comment.email, email)).order_by(Comment.id)


def erase(asked: Erasing) -> None:
    """Delete the comments of an address for good, as their writer can; replies to them stay."""
    for comment in db.session.scalars(_of(asked.email)).all():
        outbox.forget(Letter.cause == comments.cause(comment.id))
        comments.erase(comment.id)
        asked.changes["Comments deleted"] += 1


def terms() -> Iterator[Term]:
    """Say how long comments and the addresses of their writers are kept."""
    yield Term(
        "The email address of a comment",
        f"{AFTER.days} days after we have published it",
        _forget_addresses,
    )
    yield Term(
        "A comment that we did not publish, or took away",
        f"{AFTER.days} days after that",
        _forget_unpublished,
    )
    yield Term("A published comment, with the name you chose", "until you or we delete it")


def _forget_addresses(now: datetime) -> int:
    old = (
        update(Comment)
        .where(Comment.state == "approved", Comment.email != "", Comment.decided_at <= now - AFTER)
        .values(email="")
    )
    with db.writing():
        return len(db.session.execute(old.returning(Comment.id)).all())


def _forget_unpublished(now: datetime) -> int:
    old = select(Comment.id).where(
        Comment.state.in_(("spam", "removed")), Comment.decided_at <= now - AFTER
    )
    with db.writing():
        ids = db.session.scalars(old).all()
        for comment_id in ids:
            comments.erase(comment_id)
        return len(ids)
