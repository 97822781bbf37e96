"""What the outbox keeps of a person, and how long."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from storefront import person
from storefront.db import db
from storefront.mail import outbox
from storefront.mail.models import Letter
from storefront.person import Erasing, Term

KEPT = timedelta(days=90)
SECRET = "staff_password_link"  # noqa: S105 - a kind of mail: its link would let anybody in


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return the mails that were written to an address, with what they said."""
    written = select(Letter).where(person.is_of(Letter.recipient, email)).order_by(Letter.id)
    return [
        {
            "about": letter.template,
            "written_at": letter.created_at,
            "sent_at": letter.sent_at,
            "facts": {} if letter.template == SECRET else letter.facts,
        }
        for letter in db.session.scalars(written)
    ]


def erase(asked: Erasing) -> None:
    """Empty every mail to an address, and those to staff that name it.

    Mails about orders that stay as they are stay too.
    """
    ours = or_(
        person.is_of(Letter.recipient, asked.email),
        func.lower(Letter.facts["to"].as_string()) == asked.email.lower(),
    )
    number = Letter.facts["number"].as_integer()
    emptied = outbox.forget(ours, or_(number.is_(None), number.not_in(asked.orders)))
    if emptied:
        asked.changes["Mails emptied"] += emptied


def terms() -> Iterator[Term]:
    """Say how long mails are kept."""
    yield Term("The mails that we wrote to you", f"{KEPT.days} days", forget)


def forget(now: datetime) -> int:
    """Empty the mails that are old enough, sent or not."""
    with db.writing():
        return outbox.forget(Letter.created_at <= now - KEPT)
