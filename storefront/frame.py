"""The frame around every page: the words and filters that all templates may use."""

import json
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, request
from markupsafe import Markup

from storefront import prose
from storefront.clock import day_words, moment_words, time_words
from storefront.money import money_words
from storefront.pictures import srcset

PARTS_KEPT = 1_000  # a few kilobytes each


def init_app(app: Flask) -> None:
    """Give templates the shop's name and contact, and filters for money, days and moments."""
    app.jinja_env.filters.update(
        money=_money,
        day=day_words,
        clock=_clock,
        moment=_moment,
        iso=iso,
        plain=prose.plain,
        prose=prose.render,
        from_json=json.loads,
        srcset=srcset,
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
        part=_parts(app),
    )


def _parts(app: Flask) -> Callable[..., Markup]:
    """Return `part()`: it writes out a template of some facts; for the same facts only once."""

    @lru_cache(PARTS_KEPT)
    def part(name: str, **facts: Hashable) -> Markup:
        return Markup(app.jinja_env.get_template(name).render(facts))  # noqa: S704 - our template

    return part


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
