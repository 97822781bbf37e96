"""What may be asked about the people who work here."""

from sqlalchemy import select

from storefront.db import db
from storefront.staff.models import Member


def has_staff() -> bool:
    """Return whether anybody may sign in."""
    active = select(Member.id).where(Member.active).limit(1)
    return db.session.scalar(active) is not None
