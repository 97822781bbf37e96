"""Coaches by form: added, changed, removed, and what readers then see."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalogue.views import today
from storefront.coaches.models import Coach
from storefront.db import db
from tests.storefront.staff.people import Browser, fresh, signed_in


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "editor")


@pytest.fixture
def coach(app: Flask) -> dict[str, Any]:
    return {
        "name": "Ridge <Room>",
        "street": "1 Row",
        "city": "Asheville",
        "state": "NC",
        "postal_code": "28801",
        "phone": "(828) 555-0114",
        "hours": "Tuesday",
        "access": "Step-free entrance\r\n\r\n  Wide door ",
        "about": "A room.",
        "interest": "Not paid by this shop",
        "last_checked": today().isoformat(),
    }


def kept() -> list[Coach]:
    fresh()
    return list(db.session.scalars(select(Coach)))


def test_a_coach_is_added_once_changed_and_removed(
    browser: Browser, client: FlaskClient, coach: dict[str, Any]
) -> None:
    assert "There are no coaches yet" in browser.get("/staff/coaches").text

    added = browser.send("/staff/coaches/new", **coach)

    assert (added.status_code, added.location) == (303, "/staff/coaches")
    page = client.get("/coaches/ridge-room-asheville").text
    for words in (
        "Ridge &lt;Room&gt;", "1 Row", 'href="tel:8285550114"', "<li>Step-free entrance</li>",
        "<li>Wide door</li>", "Not paid by this shop.", "Last checked on", "Tuesday",
    ):  # fmt: skip
        assert words in page
    assert 'href="/coaches/ridge-room-asheville"' in client.get("/coaches").text

    twice = browser.send("/staff/coaches/new", **coach)
    assert twice.status_code == 422 and "address of another coach" in twice.text
    assert len(kept()) == 1

    place = "/staff/coaches/ridge-room-asheville"
    assert "Wide door</textarea>" in browser.get(place).text
    assert browser.send(place, **{**coach, "phone": "828-555-0199"}).status_code == 303
    assert [(one.slug, one.phone) for one in kept()] == [("ridge-room-asheville", "828-555-0199")]

    assert browser.send(f"{place}/removal").status_code == 303
    assert kept() == []
    assert browser.send(f"{place}/removal").status_code == 404
    assert browser.send(place, **coach).status_code == 404
    assert client.get("/coaches/ridge-room-asheville").status_code == 404


def test_a_wrong_coach_is_refused_with_what_was_typed(
    browser: Browser, coach: dict[str, Any]
) -> None:
    tomorrow = (today() + timedelta(days=1)).isoformat()
    for wrong in (
        *({name: ""} for name in coach),
        {"name": "你好", "city": "北京"},
        {"slug": "new"},
        {"phone": "call me"},
        {"phone": "9" * 400},
        {"state": "x" * 10_000},
        {"last_checked": tomorrow},
        {"last_checked": "0001-01-01"},
        {"last_checked": "soon"},
    ):
        answer = browser.send("/staff/coaches/new", **{**coach, **wrong})

        assert answer.status_code == 422, wrong
        assert "Please look at this again" in answer.text
        assert "Step-free entrance" in answer.text or "access" in wrong
    assert kept() == []
