"""So many received, so many damaged: the same address, with `amount` in place of the count."""

import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, Make
from tests.storefront.staff.people import Browser, fresh, signed_in


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "stock")


@pytest.fixture
def variant(make: Make) -> Variant:
    return make.variant(pairs=5)


def on_hand(variant: Variant) -> tuple[int, int]:
    fresh()
    return variant.on_hand_left, variant.on_hand_right


def last() -> tuple[str, int, int, str]:
    line = db.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
    assert line is not None
    return line.reason, line.left_change, line.right_change, line.note


def test_what_was_received_is_added(browser: Browser, variant: Variant) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count?from=why",
        amount="6",
        based_on="5",
        reason="received",
    )

    assert answer.status_code == 303
    assert answer.location == f"/staff/stock/{variant.sku}"
    assert "Saved: +6 pairs, which makes 11 pairs." in browser.get(answer.location).text
    assert on_hand(variant) == (11, 11)
    assert last() == ("received", 6, 6, "")


def test_what_is_damaged_is_taken_out_with_its_note(browser: Browser, variant: Variant) -> None:
    browser.send(
        f"/staff/stock/{variant.sku}/count",
        amount="5",
        based_on="5",
        reason="damaged",
        note=" Water in the store room ",
    )

    assert on_hand(variant) == (0, 0)
    assert last() == ("damaged", -5, -5, "Water in the store room")


def test_damaged_without_a_note_loses_nothing_that_was_typed(
    browser: Browser, variant: Variant
) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count", amount="2", based_on="5", reason="damaged"
    )

    assert answer.status_code == 422
    assert "Please say in a few words what happened." in answer.text
    assert re.search('name="amount"[^>]* value="2"', answer.text)
    assert 'name="reason" value="damaged"' in answer.text
    assert on_hand(variant) == (5, 5)


@pytest.mark.parametrize("bad", ["", "0", "-1", "1000000000000", "many", "1.5", "+1", "1000001"])
@pytest.mark.parametrize("reason", ["received", "damaged"])
def test_a_bad_amount_is_refused_in_a_sentence(
    browser: Browser, variant: Variant, bad: str, reason: str
) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count",
        amount=bad,
        based_on="5",
        reason=reason,
        note="Box 12",
    )

    assert answer.status_code == 422
    assert "Please write" in answer.text
    assert f'id="{reason}-amount-error"' in answer.text
    assert on_hand(variant) == (5, 5)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"amount": "6", "reason": "damaged"}, "There were 5 pairs on hand"),
        ({"amount": "999996", "reason": "received"}, "more than 1,000,000"),
        ({"amount": "1", "reason": "counted"}, "choose one of the reasons"),
        ({"amount": "1", "reason": "sold"}, "choose one of the reasons"),
        ({"amount": "1"}, "choose one of the reasons"),
    ],
)
def test_an_amount_that_cannot_be_is_refused(
    browser: Browser, variant: Variant, fields: dict[str, str], sentence: str
) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count", based_on="5", note="Box 12", **fields
    )

    assert answer.status_code == 422
    assert sentence in answer.text
    assert on_hand(variant) == (5, 5)


def test_a_double_click_adds_once_and_tells_who_did(browser: Browser, variant: Variant) -> None:
    fields = {"amount": "6", "based_on": "5", "reason": "received"}
    browser.send(f"/staff/stock/{variant.sku}/count", **fields)

    twice = browser.send(f"/staff/stock/{variant.sku}/count", **fields)

    assert twice.status_code == 409
    assert "It was 5 pairs and is 11 pairs now: Ann received 6 pairs on" in twice.text
    assert 'name="based_on" value="11"' in twice.text
    assert on_hand(variant) == (11, 11)


def test_damage_below_what_is_held_is_refused_with_the_orders(
    browser: Browser, variant: Variant, make: Make
) -> None:
    order = make.order((variant, 3))

    answer = browser.send(
        f"/staff/stock/{variant.sku}/count",
        amount="4",
        based_on="5",
        reason="damaged",
        note="Torn",
    )

    assert answer.status_code == 409
    assert f'href="/staff/orders/{order.number}">Order {order.number}</a>: 3 pairs' in answer.text
    assert on_hand(variant) == (5, 5)


def test_sides_are_typed_where_they_differ_or_are_sold_singly(
    browser: Browser, variant: Variant
) -> None:
    with db.writing():
        db.session.execute(update(Variant).values(single_minor=500))
    page = browser.get(f"/staff/stock/{variant.sku}").text

    browser.send(
        f"/staff/stock/{variant.sku}/count",
        amount_left="1",
        amount_right="0",
        based_on_left="5",
        based_on_right="5",
        reason="damaged",
        note="Sole came off",
    )

    assert page.count('name="amount_left"') == 2 and 'name="amount"' not in page
    assert on_hand(variant) == (4, 5)
    assert last() == ("damaged", -1, 0, "Sole came off")


def test_an_amount_of_pairs_comes_back_as_sides_where_they_differ_meanwhile(
    browser: Browser, variant: Variant
) -> None:
    with db.writing():
        ledger.count(variant.id, Shoes(5, 4), based_on=Shoes(5, 5), by="Ben", now=NOW)

    answer = browser.send(
        f"/staff/stock/{variant.sku}/count",
        amount="6",
        based_on="5",
        reason="received",
        note="Box 12",
    )

    assert answer.status_code == 409
    assert re.search('name="amount_left"[^>]* value="6"', answer.text)
    assert re.search('name="note"[^>]* value="Box 12"', answer.text)
    assert 'name="based_on_right" value="4"' in answer.text
    assert on_hand(variant) == (5, 4)


def test_no_two_fields_of_the_ledger_page_share_an_id(browser: Browser, variant: Variant) -> None:
    page = browser.get(f"/staff/stock/{variant.sku}").text

    ids = re.findall(r' id="([^"]+)"', page)
    labels = re.findall(r' for="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(labels) <= set(ids)
