"""The frame around every page: the words and filters that all templates may use."""

import json
from collections.abc import Callable, Hashable
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask, request
from markupsafe import Markup
from werkzeug.local import LocalProxy

from storefront import prose
from storefront.clock import day_words, moment_words, time_words
from storefront.countries import country_name
from storefront.money import money_words
from storefront.pictures import srcset
from storefront.settings.shop import shop, shop_on_page

PARTS_KEPT = 1_000  # a few kilobytes each


def init_app(app: Flask) -> None:
    """Give templates the shop as it is set, and filters for money, days and moments."""
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
        country=country_name,
    )
    app.jinja_env.tests["here"] = _here
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(shop=LocalProxy(shop_on_page), here=_here, part=_parts(app))


def _parts(app: Flask) -> Callable[..., Markup]:
    """Return `part()`: it writes out a template of some facts; for the same facts only once."""

    @lru_cache(PARTS_KEPT)
    def written(name: str, _currency: str, _zone: ZoneInfo, **facts: Hashable) -> Markup:
        return Markup(app.jinja_env.get_template(name).render(facts))  # noqa: S704 - our template

    def part(name: str, **facts: Hashable) -> Markup:
        ours = shop()  # the filters of money and moments ask for these two
        return written(name, ours.currency, ours.zone, **facts)

    return part


def _money(minor: int, currency: str | None = None) -> str:
    return money_words(minor, currency or shop().currency)


def _clock(moment: datetime) -> str:
    return time_words(moment, shop().zone)


def _moment(moment: datetime) -> str:
    return moment_words(moment, shop().zone)


def _here(path: str) -> Any:
    """Return whether the page shown lies under this address, for the menu's current entry."""
    return request.path == path or request.path.startswith(path + "/")


def iso(value: date | datetime) -> str:
    """Return a day or moment for the `datetime` attribute of <time>."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="seconds")
    return value.isoformat()
