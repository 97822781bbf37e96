"""Disputes: a bank took money back; the order says so, and staff are told once."""

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders.models import Dispute, Order
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import again, buy
from tests.storefront.staff.people import signed_in


@pytest.fixture
def order(make: Make, company: Company) -> Order:
    make.delivery()
    return buy(make, company, (make.variant(), 1))


def event(order: Order, status: str, *, id_: str = "du_1", amount: int = 8900) -> dict[str, Any]:
    kind = "closed" if status in {"won", "lost"} else "created"
    return {
        "id": f"evt_{new_secret()}",
        "type": f"charge.dispute.{kind}",
        "data": {
            "object": {
                "id": id_,
                "object": "dispute",
                "amount": amount,
                "reason": "product_not_received",
                "status": status,
                "payment_intent": again(order).payment_intent,
            }
        },
    }


def disputes() -> list[Dispute]:
    db.session.rollback()
    chosen = select(Dispute).execution_options(populate_existing=True)
    return list(db.session.scalars(chosen))


def letters() -> list[Letter]:
    return list(db.session.scalars(select(Letter).where(Letter.template == "dispute")))


def test_dispute_marks_the_order_and_staff_are_told_once(app: Flask, order: Order) -> None:
    opened = event(order, "needs_response")
    for each in (opened, opened, {**opened, "id": f"evt_{new_secret()}"}):
        assert deliver(browser(app), each, WEBHOOK_SECRET).status_code == 200

    (dispute,) = disputes()
    assert (dispute.amount_minor, dispute.status, dispute.ended_at) == (
        8900,
        "needs_response",
        None,
    )
    (letter,) = letters()
    assert letter.facts["reason"] == "product not received"
    desk = signed_in(app, "stock")
    assert "Disputed" in desk.get(f"/staff/orders/{order.number}").text
    assert f"/staff/orders/{order.number}" in desk.get("/staff/orders?state=asking").text


@pytest.mark.parametrize("end", ["won", "lost"])
@pytest.mark.parametrize("late", [False, True])
def test_decided_dispute_is_closed_in_any_order_of_events(
    app: Flask, order: Order, end: str, late: bool
) -> None:
    events = [event(order, "needs_response"), event(order, end)]
    for each in reversed(events) if late else events:
        assert deliver(browser(app), each, WEBHOOK_SECRET).status_code == 200

    (dispute,) = disputes()
    assert dispute.status == end
    assert dispute.ended_at is not None
    assert len(letters()) == (1 if late else 2)
    desk = signed_in(app, "stock")
    assert f"/staff/orders/{order.number}" not in desk.get("/staff/orders?state=asking").text


def test_second_dispute_of_an_order_is_another_one(app: Flask, order: Order) -> None:
    for each in (event(order, "lost"), event(order, "needs_response", id_="du_2", amount=500)):
        deliver(browser(app), each, WEBHOOK_SECRET)

    assert [(d.dispute_id, d.amount_minor) for d in disputes()] == [("du_1", 8900), ("du_2", 500)]


def test_dispute_of_another_shops_payment_changes_nothing(app: Flask, order: Order) -> None:
    foreign = event(order, "needs_response")
    foreign["data"]["object"]["payment_intent"] = "pi_of_another_shop"

    assert deliver(browser(app), foreign, WEBHOOK_SECRET).status_code == 200
    assert disputes() == letters() == []


def test_dispute_that_cannot_be_read_is_refused(app: Flask, order: Order) -> None:
    broken = event(order, "needs_response")
    del broken["data"]["object"]["amount"]

    assert deliver(browser(app), broken, WEBHOOK_SECRET).status_code == 400
    assert disputes() == []
