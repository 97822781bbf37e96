"""What is kept of somebody who works here."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from storefront import person
from storefront.db import db
from storefront.person import Erasing
from storefront.staff.models import Member


def export(email: str) -> Mapping[str, Any]:
    """Return the account of an address, without anything that would let somebody in."""
    member = _member(email)
    if member is None:
        return {}
    return {
        "name": member.name,
        "roles": [role.name for role in member.roles],
        "is_active": member.active,
        "since": member.created_at,
    }


def erase(asked: Erasing) -> None:
    """Say that an account stays: the ledger must go on telling who did what."""
    if _member(asked.email):
        asked.stays.append("The account of a member of staff, and what it says they did.")


def _member(email: str) -> Member | None:
    return db.session.scalar(select(Member).where(person.is_of(Member.email, email)))
