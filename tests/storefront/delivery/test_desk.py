"""Delivery by form: zones, their countries, and what sending there costs."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.db import db
from storefront.delivery.models import Zone
from storefront.delivery.queries import Quote, countries, quotes
from tests.factories import Make
from tests.storefront.staff.people import fresh, signed_in

CANADA = {
    "name": "Canada",
    "countries": "Canada\nmx",
    "methods-0-name": "Parcel",
    "methods-0-price": "12.50",
    "methods-0-free_from": "150",
    "methods-0-least_days": "4",
    "methods-0-most_days": "9",
}


def test_zone_is_made_and_every_place_that_asks_knows_it(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    make.delivery()

    answer = signed_in(app, "stock").send("/staff/delivery/new", **CANADA)

    assert answer.status_code == 303
    fresh()
    assert countries() == ["CA", "MX", "US"]
    assert quotes("CA", 14999) == [Quote("Parcel", 1250, 4, 9, 15000)]
    assert quotes("CA", 15000) == [Quote("Parcel", 0, 4, 9)]
    variant = make.variant()
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": "1"})
    client.post("/cart/delivery", data={"country": "CA"})
    assert "$12.50" in client.get("/cart").text


def test_zone_is_changed_and_removed(app: Flask, make: Make) -> None:
    make.delivery()
    browser = signed_in(app, "owner")
    zone = db.session.scalars(select(Zone)).one()
    address = f"/staff/delivery/{zone.id}"

    shown = browser.get(address).text
    changed = browser.send(address, **{**CANADA, "countries": "US"})
    fresh()

    assert "United States" in shown and 'value="6.95"' in shown and 'value="100.00"' in shown
    assert changed.status_code == 303
    assert [quote.name for quote in quotes("US", 100)] == ["Parcel"]
    assert browser.send(f"{address}/removal").status_code == 303
    fresh()
    assert countries() == []
    assert browser.send(f"{address}/removal").status_code == 303
    assert browser.get(address).status_code == 404
    assert "nobody can buy" in browser.get("/staff/delivery").text


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"methods-0-name": "", "methods-0-price": ""}, "a country, and one to 5 ways"),
        ({"countries": "US"}, "United States: the zone United States has it already"),
        ({"countries": "Atlantis"}, "No country that payment pages know: Atlantis"),
        ({"countries": "Cuba"}, "No country that payment pages know: Cuba"),
        ({"countries": ""}, "at least one country"),
        ({"name": "United States"}, "a zone called United States already"),
        ({"methods-0-price": "-1"}, "Please write an amount such as 89.00"),
        ({"methods-0-price": ""}, "Please give a price, or 0"),
        ({"methods-0-name": ""}, "this way of sending a name"),
        ({"methods-0-free_from": "-5"}, "Please write an amount such as 89.00"),
        ({"methods-0-price": "9" * 400}, "Please write an amount such as 89.00"),
        ({"methods-0-least_days": "9", "methods-0-most_days": "2"}, "larger number of days"),
        ({"methods-0-most_days": "900"}, "whole number from 1 to 90"),
        ({"methods-1-name": "Parcel", "methods-1-price": "1"}, "have the same name"),
    ],
)
def test_wrong_zone_is_refused_in_a_sentence_and_nothing_is_changed(
    app: Flask, make: Make, change: dict[str, Any], sentence: str
) -> None:
    make.delivery()

    answer = signed_in(app, "stock").send("/staff/delivery/new", **{**CANADA, **change})

    assert answer.status_code == 422 and sentence in answer.text
    fresh()
    assert countries() == ["US"] and db.session.scalars(select(Zone.name)).all() == [
        "United States"
    ]
