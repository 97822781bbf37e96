"""What may be read of the coaches."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import inf

from sqlalchemy import select

from storefront.coaches.gazetteer import KM, Gazetteer, Point
from storefront.coaches.models import Coach
from storefront.db import db


def coaches() -> Sequence[Coach]:
    """Return all places, by state, city and name."""
    return db.session.scalars(select(Coach).order_by(Coach.state, Coach.city, Coach.name)).all()


FAR = 200  # miles


@dataclass(frozen=True)
class Near:
    """A coach, and where; both are None where the postal code is not known."""

    coach: Coach
    point: Point | None
    miles: float | None

    @property
    def is_close(self) -> bool:
        """Whether somebody might go there: such a place is told in full at once."""
        return self.miles is not None and self.miles <= FAR

    @property
    def distance(self) -> str:
        """How far it is, in words; '' where that is not known."""
        if self.miles is None:
            return ""
        if self.miles < 1:
            return "less than a mile (1.6 km)"
        unit = "miles" if self.miles >= 1.5 else "mile"
        return f"about {self.miles:,.0f} {unit} ({self.miles * KM:,.0f} km)"


def nearest(place: Point | None, gazetteer: Gazetteer) -> list[Near]:
    """Return all coaches with where they are, the nearest first; by state and city if no place."""
    found = coaches()
    points = gazetteer.points(coach.postal_code for coach in found)
    near = [
        Near(coach, point, place.miles_to(point) if place and point else None)
        for coach in found
        for point in [points.get(coach.postal_code[:5])]
    ]
    if place is not None:
        near.sort(key=lambda one: inf if one.miles is None else one.miles)
    return near


def coach(slug: str) -> Coach | None:
    return db.session.scalar(select(Coach).where(Coach.slug == slug))


def has_any() -> bool:
    """Return whether there is a place to show."""
    return db.session.scalar(select(Coach.id).limit(1)) is not None


def addresses() -> list[tuple[str, date]]:
    """Return the address of each place, and the day on which it was checked last."""
    rows = db.session.execute(select(Coach.slug, Coach.last_checked).order_by(Coach.id))
    return [(f"/coaches/{slug}", checked) for slug, checked in rows]
