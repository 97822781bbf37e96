"""The shop as its owner has set it: what was chosen by form, unless the environment says other."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from flask import current_app, g, has_request_context
from sqlalchemy.exc import SQLAlchemyError

from storefront.remembered import remembered
from storefront.settings import queries

# The page that says that the database is away still has a name, and says nothing of opening.
UNKNOWN = {"OPENED_AT": "1970-01-01T00:00:00+00:00"}

Tax = Literal["", "none", "included", "stripe"]


@dataclass(frozen=True)
class Logo:
    """The shop's logo as pages show it; the size is in pixels."""

    key: str
    alt: str
    width: int
    height: int


@dataclass(frozen=True)
class Shop:
    """What pages, mails and payment pages say of the shop.

    `tax` is '' until the owner has chosen; `tax_rate` is in percent. `opened_at` is None until the
    owner has opened it. Money is minor units, `return_days` count from sending. An order knows its
    person for `order_years` after the year in which it was paid.
    """

    name: str
    legal_name: str
    address: str
    tax_number: str
    email: str
    phone: str
    hours: str
    logo: Logo | None
    accent: str
    currency: str
    zone: ZoneInfo
    tax: Tax
    tax_name: str
    tax_rate: Decimal
    promotion_codes: bool
    return_days: int
    return_cost_minor: int
    return_address: str
    return_condition: str
    order_years: int
    opened_at: datetime | None
    url: str
    demo: bool
    test_mode: bool

    @property
    def is_open(self) -> bool:
        """Whether shoppers are let in; a demonstration always is."""
        return self.demo or self.opened_at is not None

    @property
    def tel(self) -> str:
        """The phone number as an address: "tel:" and what a phone can dial."""
        return "tel:" + "".join(sign for sign in self.phone if sign in "+0123456789")


@remembered
def shop() -> Shop:
    """Return the shop as it is set now. Raises SQLAlchemyError where that cannot be read."""
    return _of(queries.chosen())


def shop_on_page() -> Shop:
    """Return the shop for the words of a page, also of the one that says the database is away.

    No rule may ask this: what cannot be read is not what the owner chose.
    """
    if not has_request_context():
        return shop()
    if "unknown_shop" not in g:
        try:
            return shop()
        except SQLAlchemyError:
            g.unknown_shop = _of(UNKNOWN)
    found: Shop = g.unknown_shop
    return found


def _of(chosen: Mapping[str, str]) -> Shop:
    config = current_app.config
    given = {**chosen, **{name: config[name] for name in config["GIVEN"]}}

    def said(name: str) -> str:
        return str(given.get(name, config.get(name, "")))

    opened = said("OPENED_AT")
    return Shop(
        name=said("SHOP_NAME"),
        legal_name=said("SHOP_LEGAL_NAME"),
        address=said("SHOP_ADDRESS"),
        tax_number=said("SHOP_TAX_NUMBER"),
        email=said("SHOP_EMAIL"),
        phone=said("SHOP_PHONE"),
        hours=said("SHOP_HOURS"),
        logo=_logo(said("SHOP_LOGO"), said("SHOP_NAME")),
        accent=said("SHOP_ACCENT"),
        currency=said("CURRENCY"),
        zone=ZoneInfo(said("SHOP_TIMEZONE")),
        tax=said("TAX"),  # type: ignore[arg-type]
        tax_name=said("TAX_NAME") or "Tax",
        tax_rate=Decimal(said("TAX_RATE") or 0),
        promotion_codes=said("PROMOTION_CODES") == "1",
        return_days=int(said("RETURN_DAYS") or 0),
        return_cost_minor=int(said("RETURN_COST") or 0),
        return_address=said("RETURN_ADDRESS"),
        return_condition=said("RETURN_CONDITION"),
        order_years=int(said("ORDER_YEARS")),
        opened_at=datetime.fromisoformat(opened) if opened else None,
        url=config["SHOP_URL"],
        demo=config["DEMO"],
        test_mode=config["TEST_MODE"],
    )


def logo_setting(key: str, width: int, height: int) -> str:
    """Return what SHOP_LOGO is for a picture of this key and size in pixels."""
    return f"{key} {width} {height}"


def _logo(setting: str, shop_name: str) -> Logo | None:
    if not setting:
        return None
    key, width, height = setting.split()
    return Logo(key, shop_name, int(width), int(height))
