"""Where the shop sends to and what it costs: the one function that page, cart and payment ask."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import contains_eager, selectinload

from storefront.db import db
from storefront.delivery.models import Method, Zone, ZoneCountry
from storefront.remembered import remembered


@dataclass(frozen=True)
class Quote:
    """One way to send an order and its price for that order, in minor units.

    `free_from_minor` is what the goods must cost for it to be free; None where they do, or never.
    """

    name: str
    price_minor: int
    least_days: int | None
    most_days: int | None
    free_from_minor: int | None = None

    @property
    def days(self) -> str:
        """Return the promise in words: "2 to 5 working days"; '' where there is none."""
        return days_words(self.least_days, self.most_days)


class Way(NamedTuple):
    """One way to send goods to some countries, as a plain row."""

    countries: tuple[str, ...]
    name: str
    price_minor: int
    free_from_minor: int | None
    least_days: int | None
    most_days: int | None


def countries() -> list[str]:
    """Return the countries that are served, as two-letter codes."""
    return list(
        db.session.scalars(
            select(ZoneCountry.country)
            .join(Method, Method.zone_id == ZoneCountry.zone_id)
            .distinct()
            .order_by(ZoneCountry.country)
        )
    )


def quotes(country: str, subtotal_minor: int) -> Sequence[Quote]:
    """Return the ways to send goods of this value (minor units) there; none if it is not served."""
    methods = db.session.scalars(
        select(Method)
        .join(Method.zone)
        .join(Zone.countries)
        .where(ZoneCountry.country == country)
        .options(contains_eager(Method.zone))
        .order_by(Method.position, Method.id)
    )
    return [quote(method, subtotal_minor) for method in methods]


def quote(method: Method | Way, subtotal_minor: int) -> Quote:
    """Return what a way to send costs for goods of this value, in minor units."""
    free_from = method.free_from_minor
    if not method.price_minor or (free_from is not None and subtotal_minor >= free_from):
        return Quote(method.name, 0, method.least_days, method.most_days)
    return Quote(
        method.name, method.price_minor, method.least_days, method.most_days, method.free_from_minor
    )


def days_words(least: int | None, most: int | None) -> str:
    """Return a promise in words: "2 to 5 working days"; '' where there is none."""
    if most is None:
        return ""
    if least in {None, most}:
        return f"{most} working day{'' if most == 1 else 's'}"
    return f"{least} to {most} working days"


def zones() -> Sequence[Zone]:
    """Return all zones that have a method, whole, by name: what a page about delivery tells."""
    found = db.session.scalars(
        select(Zone)
        .where(Zone.methods.any(), Zone.countries.any())
        .options(selectinload(Zone.countries), selectinload(Zone.methods))
        .order_by(Zone.name)
    )
    return found.all()


_WAYS = (
    select(
        Method.zone_id,
        Method.id,
        ZoneCountry.country,
        *(getattr(Method, name) for name in Way._fields[1:]),
    )
    .join(Method.zone)
    .join(Zone.countries)
    .order_by(Zone.name, Zone.id, Method.position, Method.id, ZoneCountry.country)
)


@remembered
def ways() -> tuple[Way, ...]:
    """Return every way in which the shop sends goods, zone by zone; by one query."""
    found = groupby(db.rows(_WAYS, {}).all(), key=lambda row: row[:2])
    rows = (list(group) for _, group in found)
    return tuple(Way(tuple(row.country for row in group), *group[0][3:]) for group in rows)
