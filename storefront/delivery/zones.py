"""Changing where the shop sends to: zones of countries with one to five methods each."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from storefront.countries import NAMES
from storefront.db import db
from storefront.delivery.models import Method, Zone, ZoneCountry

MOST_METHODS = 5
# Territories that payment pages do not take:
# https://docs.stripe.com/api/checkout/sessions/create, shipping_address_collection
NOT_SERVED = {
    "AS", "CC", "CU", "CX", "FM", "HM", "IR", "KP", "MH", "MP", "NF", "PW", "SY", "UM", "VI",
}  # fmt: skip
NOT_COUNTRIES = {"EU", "EZ", "QO", "UN", "XA", "XB", "ZZ"}
COUNTRIES = {
    code: name
    for code, name in NAMES.items()
    if len(code) == len("US") and code.isalpha() and code not in NOT_SERVED | NOT_COUNTRIES
}


@dataclass(frozen=True)
class MethodTerms:
    """One way to send, as it was written down. Prices are minor units, days working days."""

    name: str
    price_minor: int
    free_from_minor: int | None
    least_days: int | None
    most_days: int | None


class CannotKeep(Exception):
    """The zone cannot be kept like this; the sentence is for staff. Nothing was changed."""


def save(
    zone_id: int | None, *, name: str, countries: Sequence[str], methods: Sequence[MethodTerms]
) -> None:
    """Keep a zone, or make one; inside `db.writing()`.

    Raises CannotKeep where it has no country, no method, or a country that another zone has.
    """
    if not countries or not 1 <= len(methods) <= MOST_METHODS:
        raise CannotKeep(f"A zone needs a country, and one to {MOST_METHODS} ways to send there.")
    if len({method.name for method in methods}) < len(methods):
        raise CannotKeep("Two ways to send have the same name.")
    zone = Zone(name=name) if zone_id is None else db.session.get_one(Zone, zone_id)
    others = select(Zone).where(Zone.id != (zone_id or 0))
    if db.session.scalar(others.where(Zone.name == name)):
        raise CannotKeep(f"There is a zone called {name} already.")
    taken = db.session.scalars(
        others.join(Zone.countries).where(ZoneCountry.country.in_(countries)).limit(1)
    ).first()
    if taken is not None:
        both = ", ".join(
            sorted(COUNTRIES[c.country] for c in taken.countries if c.country in countries)
        )
        raise CannotKeep(f"{both}: the zone {taken.name} has it already.")
    zone.name = name
    if zone_id is not None:
        _clear(zone)
    zone.countries = [ZoneCountry(country=country) for country in dict.fromkeys(countries)]
    zone.methods = [
        Method(
            position=place,
            name=method.name,
            price_minor=method.price_minor,
            free_from_minor=method.free_from_minor,
            least_days=method.least_days,
            most_days=method.most_days,
        )
        for place, method in enumerate(methods)
    ]
    db.session.add(zone)


def remove(zone: Zone) -> None:
    """Send to these countries no more; inside `db.writing()`."""
    _clear(zone)
    db.session.delete(zone)


def _clear(zone: Zone) -> None:
    """Take countries and methods out: whoever is paying keeps what they were offered."""
    for model in (Method, ZoneCountry):
        db.session.execute(delete(model).where(model.zone_id == zone.id))
    db.session.expire(zone)


def read_countries(text: str) -> tuple[list[str], list[str]]:
    """Return the codes of the countries named one a line, and the lines that name none."""
    by_name = {name.casefold(): code for code, name in COUNTRIES.items()}
    found, unknown = [], []
    for line in filter(None, (line.strip() for line in text.splitlines())):
        code = line.upper() if line.upper() in COUNTRIES else by_name.get(line.casefold())
        found.append(code) if code else unknown.append(line)
    return list(dict.fromkeys(found)), unknown
