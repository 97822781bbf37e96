"""What happens to a comment: written, changed by its writer, decided by staff."""

import hashlib
from datetime import datetime

from sqlalchemy import delete, select, update

from blog.models import Comment
from storefront.db import db, new_secret
from storefront.mail import outbox
from storefront.mail.models import TO_STAFF


class NoSuchComment(Exception):
    """The comment is gone, or is none that can be answered under this article."""


class Decided(Exception):
    """The comment has been decided meanwhile, so its writer cannot change it any more."""


class TextMoved(Exception):
    """The comment does not say any more what staff have read; nothing was decided."""

    def __init__(self, body: str) -> None:
        super().__init__("the comment was changed meanwhile")
        self.body = body


def write(
    article_id: int,
    *,
    title: str,
    name: str,
    email: str,
    body: str,
    parent_id: int | None,
    shop_url: str,
    now: datetime,
) -> Comment:
    """Keep a comment until staff decide, and tell them; `title` is the article's.

    Raises NoSuchComment for a reply to nothing.
    """
    if parent_id is not None and not db.session.scalar(
        select(Comment.id)
        .where(
            Comment.id == parent_id,
            Comment.article_id == article_id,
            Comment.parent_id.is_(None),
            Comment.state == "approved",
        )
        .with_for_update()  # so that it cannot be erased before the reply is saved
    ):
        raise NoSuchComment
    comment = Comment(
        article_id=article_id,
        parent_id=parent_id,
        secret=new_secret(),
        name=name,
        email=email,
        body=body,
        written_at=now,
    )
    db.session.add(comment)
    db.session.flush()
    outbox.queue(
        cause=cause(comment.id),
        recipient=TO_STAFF,
        template="comment_waiting",
        facts={"title": title, "name": name, "staff_address": f"{shop_url}/staff/comments"},
        now=now,
    )
    return comment


def cause(comment_id: int) -> str:
    """Return the cause of the mail that tells staff of a comment."""
    return f"comment-waiting:{comment_id}"


def rewrite(comment_id: int, body: str) -> None:
    """Change a comment that still waits. Raises Decided once staff have decided."""
    changed = db.session.execute(
        update(Comment)
        .where(Comment.id == comment_id, Comment.state == "pending")
        .values(body=body)
        .returning(Comment.id)
    ).first()
    if changed is None:
        raise Decided


def erase(comment_id: int) -> None:
    """Delete a comment for good; replies to it stay, without it above them."""
    db.session.execute(select(Comment.id).where(Comment.id == comment_id).with_for_update())
    db.session.execute(
        update(Comment).where(Comment.parent_id == comment_id).values(parent_id=None)
    )
    db.session.execute(delete(Comment).where(Comment.id == comment_id))


def digest(body: str) -> str:
    """Return what tells one text of a comment from another."""
    return hashlib.sha256(body.encode()).hexdigest()


def decide(comment_id: int, state: str, *, by: str, now: datetime, seen: str | None = None) -> bool:
    """Approve, remove or mark as spam; return whether that changed anything.

    `seen` is the digest of the text that was read. Raises TextMoved where the comment says
    something else now, and NoSuchComment where its writer has deleted it.
    """
    body = db.session.scalar(select(Comment.body).where(Comment.id == comment_id).with_for_update())
    if body is None:
        raise NoSuchComment
    if seen is not None and seen != digest(body):
        raise TextMoved(body)
    return (
        db.session.execute(
            update(Comment)
            .where(Comment.id == comment_id, Comment.state != state)
            .values(state=state, decided_at=now, decided_by=by)
            .returning(Comment.id)
        ).first()
        is not None
    )
