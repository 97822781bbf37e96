"""Sending an order: `POST /staff/orders/<number>/dispatch`."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.clock import day_of, day_words, utcnow
from storefront.db import db
from storefront.delivery import demo as delivery
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.orders import queries
from storefront.orders.models import Dispatch, Order
from storefront.settings.shop import shop
from tests.factories import Make
from tests.storefront.returns.sent import take_back
from tests.storefront.staff.people import Browser, fresh, signed_in


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "stock")


@pytest.fixture
def order(make: Make) -> Order:
    return make.order(state="paid", email="buyer@example.com")


def how_many() -> tuple[int, int]:
    """Return how many orders were sent and how many letters say so."""
    fresh()
    return (
        db.session.scalar(select(func.count(Dispatch.id))) or 0,
        db.session.scalar(select(func.count(Letter.id)).filter_by(template="order_dispatched"))
        or 0,
    )


def test_a_paid_order_is_sent_and_the_shopper_is_told(
    app: Flask, browser: Browser, order: Order
) -> None:
    answer = browser.send(
        f"/staff/orders/{order.number}/dispatch", carrier=" Post ", tracking="AB 1"
    )

    assert (answer.status_code, answer.location) == (303, f"/staff/orders/{order.number}")
    page = browser.get(answer.location).text
    assert f"Order {order.number} is marked as sent. buyer@example.com is told by email." in page
    assert "Sent by Ann on" in page and "with Post, tracking number AB 1" in page
    assert how_many() == (1, 1)
    letter = db.session.scalars(select(Letter)).one()
    assert letter.cause == f"order-dispatched:{order.number}"
    assert letter.recipient == "buyer@example.com"
    mail = jobs.compose(letter)
    text = mail.get_content()
    assert mail["Subject"] == f"Your order {order.number} is on its way"
    assert "1 × Shoe, Moss, 9, Wide" in text
    assert "Sent with: Post" in text and "Tracking number: AB 1" in text
    assert f"{app.config['SHOP_URL']}/orders/{order.reference}" in text


def test_carrier_and_tracking_may_stay_empty(browser: Browser, order: Order) -> None:
    assert browser.send(f"/staff/orders/{order.number}/dispatch").status_code == 303

    text = jobs.compose(db.session.scalars(select(Letter)).one()).get_content()
    assert "Tracking" not in text and "Sent with" not in text
    assert "to send shoes back" not in text


def test_the_shopper_is_told_until_when_a_return_can_be_asked_for(
    browser: Browser, order: Order
) -> None:
    take_back(days=30)
    browser.send(f"/staff/orders/{order.number}/dispatch")

    text = jobs.compose(db.session.scalars(select(Letter)).one()).get_content()
    last = day_words(day_of(utcnow(), shop().zone) + timedelta(days=30))
    assert f"until {last}, to send shoes back" in text


def test_an_order_without_an_address_is_sent_without_a_letter(browser: Browser, make: Make) -> None:
    order = make.order(state="paid")

    assert browser.send(f"/staff/orders/{order.number}/dispatch").status_code == 303
    assert how_many() == (1, 0)


def test_sending_twice_is_refused_in_a_sentence(browser: Browser, order: Order) -> None:
    browser.send(f"/staff/orders/{order.number}/dispatch", tracking="first")

    twice = browser.send(f"/staff/orders/{order.number}/dispatch", tracking="second")

    assert twice.status_code == 409
    assert f"Order {order.number} was sent already, by Ann on" in twice.text
    assert how_many() == (1, 1)


def test_sending_while_another_sends_is_refused(
    app: Flask, browser: Browser, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = queries.order
    colleague = signed_in(app, "stock")

    def read_then_another_sends(number: int) -> Order | None:
        found = read(number)
        monkeypatch.setattr(queries, "order", read)
        colleague.send(f"/staff/orders/{number}/dispatch", tracking="first")
        return found

    monkeypatch.setattr(queries, "order", read_then_another_sends)

    answer = browser.send(f"/staff/orders/{order.number}/dispatch", tracking="second")

    assert answer.status_code == 409
    assert how_many() == (1, 1)


@pytest.mark.parametrize("state", ["pending", "lapsed", "cancelled"])
def test_an_order_that_is_not_paid_is_not_sent(browser: Browser, make: Make, state: str) -> None:
    order = make.order(state=state)

    answer = browser.send(f"/staff/orders/{order.number}/dispatch")

    assert answer.status_code == 409
    assert f"Order {order.number} is {state}, not paid, so it was not sent." in answer.text
    assert how_many() == (0, 0)


@pytest.mark.parametrize("field", ["carrier", "tracking"])
def test_bad_input_is_refused_in_a_sentence(browser: Browser, order: Order, field: str) -> None:
    long = browser.send(f"/staff/orders/{order.number}/dispatch", **{field: "x" * 81})
    nul = browser.send(f"/staff/orders/{order.number}/dispatch", **{field: "a\0b"})

    assert (long.status_code, nul.status_code) == (422, 400)
    assert "Please use at most 80 characters." in long.text
    assert how_many() == (0, 0)


def test_a_missing_order_and_a_wrong_method_are_said(browser: Browser, order: Order) -> None:
    assert browser.send("/staff/orders/999999/dispatch").status_code == 404
    assert browser.get(f"/staff/orders/{order.number}/dispatch").status_code == 405


def test_tracking_can_be_added_once_it_is_sent_and_the_shopper_sees_it(
    app: Flask, browser: Browser, order: Order
) -> None:
    place = f"/staff/orders/{order.number}"
    early = browser.send(f"{place}/tracking", carrier="Post", tracking="AB 1")
    assert early.status_code == 409 and "not sent yet" in early.text
    browser.send(f"{place}/dispatch")

    answer = browser.send(f"{place}/tracking", carrier="Post", tracking=" AB 1 ")

    assert (answer.status_code, answer.location) == (303, place)
    page = browser.get(place).text
    assert "with Post, tracking number AB 1" in page and 'value="AB 1"' in page
    fresh()
    assert "tracking number AB 1" in app.test_client().get(f"/orders/{order.reference}").text
    assert how_many() == (1, 1)
    browser.send(f"{place}/tracking", carrier="Post", tracking="AB 1")
    browser.send(f"{place}/tracking", carrier="Parcel", tracking="")
    fresh()
    (letter,) = db.session.scalars(select(Letter).filter_by(template="order_tracking"))
    assert "Tracking number: AB 1" in jobs.compose(letter).get_content()  # once for each number
    long = browser.send(f"{place}/tracking", carrier="x" * 81, tracking="AB 2")
    assert long.status_code == 422 and "at most 80" in long.text and "AB 2" in long.text
    assert browser.send("/staff/orders/999999/tracking").status_code == 404


def test_order_page_says_how_long_its_delivery_takes(
    app: Flask, browser: Browser, make: Make
) -> None:
    with db.writing():
        delivery.load()
    order = make.order(state="paid", email="buyer@example.com", delivery_name="Standard")
    page = lambda: app.test_client().get(f"/orders/{order.reference}").text  # noqa: E731

    assert "Your order is paid, and not sent yet." in page()
    assert "Standard delivery takes" in page()
