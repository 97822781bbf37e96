"""What the shop knows of itself, for pages that say so: from its settings, never typed twice."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from flask import current_app

from storefront.delivery import queries as delivery
from storefront.delivery.models import Zone


@dataclass(frozen=True)
class Returns:
    """On what terms shoes come back: until how many days after they arrived, at whose cost."""

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
    email: str = ""
    phone: str = ""
    hours: str = ""
    zones: Sequence[Zone] = ()
    returns: Returns | None = None


# What the application lends: where the owner's own settings are read.
returns_of_settings: list[Callable[[], Returns | None]] = []
legal_name_of_settings: list[Callable[[], str]] = []


def returns() -> Returns | None:
    """Return the terms of returns, or None where the owner has set none."""
    return next((told for ask in returns_of_settings if (told := ask())), None)


def current() -> Facts:
    """Return what is known now."""
    config = current_app.config
    return Facts(
        shop_name=config["SHOP_NAME"],
        legal_name=next((told for ask in legal_name_of_settings if (told := ask())), ""),
        address=config["SHOP_ADDRESS"],
        email=config["SHOP_EMAIL"],
        phone=config["SHOP_PHONE"],
        hours=config["SHOP_HOURS"],
        zones=delivery.zones(),
        returns=returns(),
    )
