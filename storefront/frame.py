"""The frame around every page: the words and filters that all templates may use."""

from datetime import UTC, date, datetime
from typing import Any

from flask import Flask, current_app, request

from storefront import prose
from storefront.clock import day_words, moment_words, time_words
from storefront.money import money_words


def init_app(app: Flask) -> None:
    """Give templates the shop's name and contact, and filters for money, days and moments."""
    app.jinja_env.filters.update(
        money=_money, day=day_words, clock=_clock, moment=_moment, iso=iso, plain=prose.plain
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    config = app.config
    app.jinja_env.globals.update(
        shop={
            "name": config["SHOP_NAME"],
            "url": config["SHOP_URL"],
            "email": config["SHOP_EMAIL"],
            "phone": config["SHOP_PHONE"],
            "hours": config["SHOP_HOURS"],
            "address": config["SHOP_ADDRESS"],
            "demo": config["DEMO"],
            "test_mode": config["TEST_MODE"],
        },
        here=_here,
    )


def _money(minor: int, currency: str | None = None) -> str:
    return money_words(minor, currency or current_app.config["CURRENCY"])


def _clock(moment: datetime) -> str:
    return time_words(moment, current_app.config["SHOP_TIMEZONE"])


def _moment(moment: datetime) -> str:
    return moment_words(moment, current_app.config["SHOP_TIMEZONE"])


def _here(path: str) -> Any:
    """Return whether the page shown lies under this address, for the menu's current entry."""
    return request.path == path or request.path.startswith(path + "/")


def iso(value: date | datetime) -> str:
    """Return a day or moment for the `datetime` attribute of <time>."""
    return (value.astimezone(UTC) if isinstance(value, datetime) else value).isoformat()
