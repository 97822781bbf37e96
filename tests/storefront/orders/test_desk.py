"""The orders as staff see them."""

import pytest
from flask import Flask
from sqlalchemy import update

from storefront.clock import utcnow
from storefront.db import db
from storefront.orders.models import OrderLine, OrderMark, PaymentPage
from tests.factories import Make
from tests.storefront.staff.people import signed_in


def test_the_list_is_newest_first_and_filtered_by_state(app: Flask, make: Make) -> None:
    paid, pending = make.order(state="paid"), make.order()
    browser = signed_in(app, "stock")

    every = browser.get("/staff/orders").text
    only = browser.get("/staff/orders?state=paid").text

    assert every.index(f"/staff/orders/{pending.number}") < every.index(
        f"/staff/orders/{paid.number}"
    )
    assert f"/staff/orders/{paid.number}" in only
    assert f"/staff/orders/{pending.number}" not in only
    assert browser.get("/staff/orders?state=lost").status_code == 404


def test_what_is_to_be_sent_is_counted_and_listed_oldest_first(app: Flask, make: Make) -> None:
    first, second = make.order(state="paid"), make.order(state="paid")
    make.order()

    page = signed_in(app, "stock").get("/staff/orders?state=to-send").text

    assert ">To send (2)</a>" in page and "?state=paid" not in page
    assert page.index(f"/staff/orders/{first.number}") < page.index(
        f"/staff/orders/{second.number}"
    )


def test_the_list_finds_orders_with_an_open_question(app: Flask, make: Make) -> None:
    owed, settled, processing = make.order(), make.order(), make.order()
    with db.writing():
        now = utcnow()
        db.session.add_all(
            [
                OrderMark(order_id=owed.id, kind="owed", why="Late.", at=now),
                OrderMark(order_id=settled.id, kind="owed", why="Late.", at=now, ended_at=now),
                OrderMark(order_id=processing.id, kind="processing", why="Bank.", at=now),
            ]
        )
    browser = signed_in(app, "stock")

    page = browser.get("/staff/orders?state=asking").text

    assert f"/staff/orders/{owed.number}" in page
    assert f"/staff/orders/{settled.number}" not in page
    assert f"/staff/orders/{processing.number}" not in page
    assert "with an open question" in browser.get("/staff").text


def test_the_list_is_paged(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=0, counted=False)
    for _ in range(51):
        make.order((variant, 1))
    browser = signed_in(app, "stock")

    assert browser.get("/staff/orders").text.count("lines__go") == 50
    assert browser.get("/staff/orders?page=2").text.count("lines__go") == 1
    assert browser.get("/staff/orders?page=3").status_code == 200


def test_an_order_shows_skus_amounts_address_and_payment(app: Flask, make: Make) -> None:
    variant, other = make.variant(), make.variant()
    order = make.order(
        (variant, 2),
        state="paid",
        email="buyer@example.com",
        name="Bo Buyer <b>",
        line1="1 Road",
        city="Albany",
        region="NY",
        postal_code="12207",
        discount_minor=500,
        delivery_name="Standard",
        delivery_minor=600,
        tax_minor=120,
    )
    with db.writing():
        db.session.execute(update(OrderLine).values(right_variant_id=other.id))
        db.session.add_all(
            [
                PaymentPage(
                    order_id=order.id,
                    idempotency_key="k",
                    session_id="cs_test_1",
                    expires_at=utcnow(),
                    status="complete",
                    parameters={},
                    created_at=utcnow(),
                    looked_at=utcnow(),
                ),
                OrderMark(order_id=order.id, kind="parked", why="The total differs.", at=utcnow()),
            ]
        )

    page = signed_in(app, "stock").get(f"/staff/orders/{order.number}").text

    assert f"Left: {variant.sku}, Right: {other.sku}" in page
    for words in ("−$5.00", "$6.00", "$1.20", "$178.00", "Albany, NY 12207", "buyer@example.com"):
        assert words in page
    assert "Bo Buyer &lt;b&gt;" in page
    assert "Complete" in page and "cs_test_1" in page
    assert "Parked" in page and "The total differs." in page


@pytest.mark.parametrize("state", ["pending", "lapsed", "dispatched"])
def test_an_order_that_cannot_be_sent_has_no_form(app: Flask, make: Make, state: str) -> None:
    order = make.order(state=state)

    page = signed_in(app, "stock").get(f"/staff/orders/{order.number}").text

    assert "/dispatch" not in page


@pytest.mark.parametrize("number", ["1", "0", "999999", "2000000001", "9" * 40, "x", "-1"])
def test_an_order_that_is_not_there(app: Flask, number: str) -> None:
    assert signed_in(app, "stock").get(f"/staff/orders/{number}").status_code == 404
