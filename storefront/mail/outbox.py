"""The outbox: letters are queued in the transaction of their cause and sent by the jobs process."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select, update

from storefront.db import db
from storefront.mail.models import FORGOTTEN, TO_STAFF, Letter

LATE = timedelta(hours=1)
OVERDUE = timedelta(minutes=5)
CLAIM = timedelta(minutes=5)
_KNOWN = Letter.recipient != FORGOTTEN
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


def queue(
    *, cause: str, recipient: str, template: str, facts: Mapping[str, Any], now: datetime
) -> bool:
    """Queue one letter inside `db.writing()`; a cause that has one already gets no second.

    `recipient` is an address, or mail.models.TO_STAFF for the shop's own.
    """
    return db.insert_once(
        Letter,
        "cause",
        values={
            "cause": cause,
            "recipient": recipient,
            "template": template,
            "facts": dict(facts),
            "created_at": now,
            "due_at": now,
            "attempts": 0,
            "error": "",
        },
    )


def claim(*, now: datetime) -> Letter | None:
    """Take the next letter that is due, for five minutes; inside `db.writing()`.

    A process that dies leaves its letter to the next one, which sends it under the same
    Message-ID.
    """
    due = (
        select(Letter.id)
        .where(
            Letter.sent_at.is_(None),
            Letter.due_at <= now,
            _KNOWN,
            _nobody_sends_it(now),
        )
        .order_by(Letter.due_at, Letter.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    letter = db.session.scalar(due)
    if letter is None:
        return None
    return db.session.scalar(
        update(Letter)
        .where(Letter.id == letter)
        .values(claimed_until=now + CLAIM, attempts=Letter.attempts + 1)
        .returning(Letter)
        .execution_options(populate_existing=True)
    )


def _nobody_sends_it(now: datetime) -> ColumnElement[bool]:
    return or_(Letter.claimed_until.is_(None), Letter.claimed_until < now)


def mark_sent(letter_id: int, *, now: datetime) -> None:
    """Note that a letter has gone; inside `db.writing()`."""
    _note(letter_id, sent_at=now, claimed_until=None, error="")


def mark_failed(letter: Letter, error: str, *, now: datetime) -> None:
    """Note why a letter did not go and when to try again; inside `db.writing()`."""
    pause = PAUSES[min(letter.attempts, len(PAUSES)) - 1]
    _note(letter.id, _KNOWN, due_at=now + pause, claimed_until=None, error=error)


def send_again(letter_id: int, *, now: datetime) -> bool:
    """Make a letter due now once more; return whether it was: one on its way is left alone.

    Inside `db.writing()`. It is another mail then, since many mailboxes show a repeat only once.
    """
    again = (
        update(Letter)
        .where(Letter.id == letter_id, _KNOWN, _nobody_sends_it(now))
        .values(
            sent_at=None,
            due_at=now,
            attempts=0,
            error="",
            resent=Letter.resent + case((Letter.sent_at.is_not(None), 1), else_=0),
        )
        .returning(Letter.id)
    )
    return db.session.execute(again).first() is not None


def forget(*which: ColumnElement[bool]) -> int:
    """Empty letters of who gets them and what they say; return how many. Inside `db.writing()`.

    What was not sent is not sent any more. The rows stay, so that no cause has a second letter.
    """
    emptied = db.session.execute(
        update(Letter)
        .where(_KNOWN, *which)
        .values(recipient=FORGOTTEN, facts={}, error="")
        .returning(Letter.id)
        .execution_options(synchronize_session=False)
    )
    return len(emptied.all())


def late(*, now: datetime) -> Select[Letter]:
    """Select the letters to shoppers that could not be sent for an hour."""
    return select(Letter).where(
        Letter.sent_at.is_(None),
        Letter.error != "",
        _KNOWN,
        Letter.created_at <= now - LATE,
        Letter.recipient != TO_STAFF,
    )


def overdue(*, now: datetime) -> Select[int]:
    """Count the letters that have been due for five minutes, and that nobody tried to send."""
    return select(func.count(Letter.id)).where(
        Letter.sent_at.is_(None), Letter.due_at <= now - OVERDUE, _KNOWN, _nobody_sends_it(now)
    )


def _note(letter_id: int, *where: ColumnElement[bool], **values: Any) -> None:
    db.session.execute(update(Letter).where(Letter.id == letter_id, *where).values(**values))
