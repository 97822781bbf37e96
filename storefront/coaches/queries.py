"""What may be read of the coaches."""

from collections.abc import Sequence
from datetime import date

from sqlalchemy import select

from storefront.coaches.models import Coach
from storefront.db import db


def coaches() -> Sequence[Coach]:
    """Return all places, by state, city and name."""
    return db.session.scalars(select(Coach).order_by(Coach.state, Coach.city, Coach.name)).all()


def coach(slug: str) -> Coach | None:
    return db.session.scalar(select(Coach).where(Coach.slug == slug))


def has_any() -> bool:
    """Return whether there is a place to show."""
    return db.session.scalar(select(Coach.id).limit(1)) is not None


def addresses() -> list[tuple[str, date]]:
    """Return the address of each place, and the day on which it was checked last."""
    rows = db.session.execute(select(Coach.slug, Coach.last_checked).order_by(Coach.id))
    return [(f"/coaches/{slug}", checked) for slug, checked in rows]
