"""What the shop knows of itself, for pages that say so: from its settings, never typed twice."""

from collections.abc import Sequence
from dataclasses import dataclass

from storefront.delivery import queries as delivery
from storefront.delivery.models import Zone
from storefront.delivery.queries import Quote
from storefront.delivery.zones import COUNTRIES
from storefront.money import money_words
from storefront.settings.shop import Shop, shop

FREE = "Nothing: we pay for it."


@dataclass(frozen=True)
class Returns:
    """On what terms shoes come back: until how many days after they were sent, at whose cost."""

    days: int
    cost: str
    address: str
    condition: str


@dataclass(frozen=True)
class Facts:
    """What is known; '' and None where it is not."""

    shop_name: str = ""
    legal_name: str = ""
    address: str = ""
    tax_number: str = ""
    email: str = ""
    phone: str = ""
    hours: str = ""
    zones: Sequence[Zone] = ()
    returns: Returns | None = None


@dataclass(frozen=True)
class Sending:
    """Where the shop sends to and how: by which ways where that is the same everywhere.

    `place` is the one country, '' where there are several; `least_minor` is the lowest price.
    """

    countries: int
    place: str
    ways: tuple[Quote, ...]
    least_minor: int


@dataclass(frozen=True)
class Terms:
    """Delivery and returns in short; `pages` are the slugs of those that say more."""

    sending: Sending | None
    return_days: int
    return_cost_minor: int
    pages: frozenset[str]


def sending() -> Sending | None:
    """Return where the shop sends to, None where it sends nowhere."""
    ways = delivery.ways()
    if not ways:
        return None
    zones = {way.countries for way in ways}
    countries = [country for zone in zones for country in zone]
    one = countries[0] if len(countries) == 1 else ""
    return Sending(
        countries=len(countries),
        place=COUNTRIES.get(one, one),
        ways=tuple(delivery.quote(way, 0) for way in ways) if len(zones) == 1 else (),
        least_minor=min(way.price_minor for way in ways),
    )


def returns(ours: Shop) -> Returns | None:
    """Return the terms of returns, or None where nothing can be sent back."""
    if not ours.return_days:
        return None
    cost = ours.return_cost_minor
    return Returns(
        days=ours.return_days,
        cost=money_words(cost, ours.currency) if cost else FREE,
        address=ours.return_address,
        condition=ours.return_condition,
    )


def current() -> Facts:
    """Return what is known now."""
    ours = shop()
    return Facts(
        shop_name=ours.name,
        legal_name=ours.legal_name,
        address=ours.address,
        tax_number=ours.tax_number,
        email=ours.email,
        phone=ours.phone,
        hours=ours.hours,
        zones=delivery.zones(),
        returns=returns(ours),
    )
