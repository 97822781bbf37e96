"""What notices keep of a person, and how long."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select

from storefront import person
from storefront.db import db
from storefront.mail import outbox
from storefront.mail.models import Letter
from storefront.notices import letters
from storefront.notices.models import Notice
from storefront.notices.wishes import TIME_TO_CONFIRM
from storefront.person import Erasing, Term

WAITS = timedelta(days=365)
AFTER = timedelta(days=30)


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return what somebody waits for, or was told of."""
    return [
        {
            "size": notice.variant.name,
            "sku": notice.variant.sku,
            "state": notice.state,
            "asked_at": notice.asked_at,
            "confirmed_at": notice.confirmed_at,
            "ended_at": notice.ended_at,
        }
        for notice in _of(email)
    ]


def erase(asked: Erasing) -> None:
    """Delete every notice of an address, with its mails."""
    for notice in _of(asked.email):
        letters.forget(notice)
        db.session.delete(notice)
        asked.changes["Notices deleted"] += 1


def _of(email: str) -> Sequence[Notice]:
    listed = select(Notice).where(person.is_of(Notice.email, email)).order_by(Notice.id)
    return db.session.scalars(listed).all()


def terms() -> Iterator[Term]:
    """Say how long the address of a notice is kept."""
    yield Term(
        "A request to tell you that a size is back, before you confirm it",
        f"{TIME_TO_CONFIRM.days} days",
        lambda now: _delete(Notice.state == "pending", Notice.asked_at <= now - TIME_TO_CONFIRM),
    )
    yield Term(
        "A request to tell you that a size is back, once you have confirmed it",
        "until we have written to you or you leave the list, a year at most",
        lambda now: _delete(Notice.state == "waiting", Notice.confirmed_at <= now - WAITS),
    )
    yield Term(
        "A request to tell you that a size is back, once we have emailed you, and our emails",
        f"{AFTER.days} days, or until you press the button in the mail",
        _forget_told,
    )


def _forget_told(now: datetime) -> int:
    with db.writing():
        emptied = outbox.forget(
            Letter.template.in_(letters.TEMPLATES), Letter.created_at <= now - AFTER
        )
    ended = _delete(Notice.state.in_(("told", "left")), Notice.ended_at <= now - AFTER)
    return emptied + ended


def _delete(*which: ColumnElement[bool]) -> int:
    with db.writing():
        return len(db.session.execute(delete(Notice).where(*which).returning(Notice.id)).all())
