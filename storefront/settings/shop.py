"""The shop as its owner has set it: what was chosen by form, unless the environment says other."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from flask import current_app, g, has_request_context, request
from sqlalchemy.exc import SQLAlchemyError

from storefront.sessions import is_personal
from storefront.settings import queries

Tax = Literal["", "none", "included", "stripe"]


@dataclass(frozen=True)
class Shop:
    """What pages, mails and payment pages say of the shop.

    `tax` is '' until the owner has chosen; `tax_rate` is in percent. `opened_at` is None until the
    owner has opened it. Money is minor units, `return_days` are days from delivery.
    """

    name: str
    legal_name: str
    address: str
    tax_number: str
    email: str
    phone: str
    hours: str
    logo: str
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


def shop() -> Shop:
    """Return the shop as it is set now, read once a request.

    Public pages may show it as it was SETTINGS_KEPT seconds ago.
    """
    if not has_request_context():
        return _read()
    if "shop" not in g:
        try:
            g.shop = _read() if is_personal(request.path) else _remembered()
        except SQLAlchemyError:  # the page that says so still has the shop's name and phone
            g.shop = current_app.extensions.get("shop", (0, _of({}, current_app.config)))[1]
    found: Shop = g.shop
    return found


def from_environment(name: str) -> bool:
    """Return whether the environment sets this, so that a form cannot."""
    return name in current_app.config["GIVEN"]


def _remembered() -> Shop:
    read_at, known = current_app.extensions.get("shop", (0.0, None))
    if known is None or time.monotonic() - read_at >= current_app.config["SETTINGS_KEPT"]:
        read_at, known = time.monotonic(), _read()
        current_app.extensions["shop"] = (read_at, known)
    found: Shop = known
    return found


def _read() -> Shop:
    config = current_app.config
    given = {**queries.chosen(), **{name: config[name] for name in config["GIVEN"]}}
    return _of(given, config)


def _of(given: Mapping[str, Any], config: Mapping[str, Any]) -> Shop:
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
        logo=said("SHOP_LOGO"),
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
        opened_at=datetime.fromisoformat(opened) if opened else None,
        url=config["SHOP_URL"],
        demo=config["DEMO"],
        test_mode=config["TEST_MODE"],
    )
