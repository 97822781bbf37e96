"""What is packed is what was ordered, less what was given back; nothing to pack is not sent."""

import pytest
from flask import Flask

from storefront.catalogue.models import Variant
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.orders import dispatching, queries
from storefront.orders.models import Order, Refund, RefundLine
from storefront.orders.packing import to_pack
from tests.factories import Make
from tests.storefront.staff.people import signed_in


@pytest.fixture
def order(make: Make) -> Order:
    """A paid order of two pairs."""
    return make.order((make.variant(), 2), state="paid", email="ann@example.com")


def give_back(
    order: Order, left: int, right: int, *, reason: str = "returned", status: str = "succeeded"
) -> None:
    with db.writing():
        db.session.add(
            Refund(
                order_id=order.id,
                key=new_secret(),
                amount_minor=1,
                reason=reason,
                status=status,
                by="Ann",
                at=utcnow(),
                lines=[RefundLine(order_line_id=order.lines[0].id, left=left, right=right)],
            )
        )
    db.session.expire_all()


def packed(order: Order) -> list[str]:
    db.session.rollback()
    return [each.words for each in to_pack(db.session.get_one(Order, order.id))]


@pytest.mark.parametrize(
    ("left", "right", "words"),
    [(1, 1, ["1"]), (0, 1, ["2 left, 1 right"]), (2, 0, ["2 right"]), (2, 2, [])],
)
def test_what_was_given_back_is_not_packed(
    app: Flask, order: Order, left: int, right: int, words: list[str]
) -> None:
    assert packed(order) == ["2"]

    give_back(order, left, right)

    assert packed(order) == words
    assert queries.to_send() == bool(words)


@pytest.mark.parametrize("why", [{"reason": "kindness"}, {"status": "failed"}])
def test_money_out_of_kindness_or_that_never_left_takes_no_shoes_out(
    app: Flask, order: Order, why: dict[str, str]
) -> None:
    give_back(order, 2, 2, **why)

    assert packed(order) == ["2"]
    assert queries.to_send() == 1


def test_order_that_was_all_given_back_is_not_sent_and_not_in_the_list(
    app: Flask, order: Order
) -> None:
    give_back(order, 2, 2)
    client = signed_in(app, "stock")
    number = order.number

    page = client.get(f"/staff/orders/{number}").text
    answer = client.send(f"/staff/orders/{number}/dispatch")

    assert "there is nothing to send" in page and "Mark as sent" not in page
    assert "<strong>none</strong> of 2" in page
    assert answer.status_code == 409 and "nothing to send" in answer.text
    assert str(number) not in client.get("/staff/orders?state=to-send").text
    assert "paid, to send" not in client.get("/staff").text


def test_desk_and_mail_say_what_is_in_the_box(app: Flask, order: Order) -> None:
    give_back(order, 0, 1)
    client = signed_in(app, "stock")

    page = client.get(f"/staff/orders/{order.number}").text
    assert "<strong>2 left, 1 right</strong> of 2: the rest was given back" in page
    assert "What to pack" in page

    with db.writing():
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )
    assert "What was ordered" in client.get(f"/staff/orders/{order.number}").text


def test_single_shoes_are_packed_by_their_number(app: Flask, make: Make) -> None:
    variant: Variant = make.variant()
    order = make.order((variant, 2), state="pending")
    with db.writing():
        line = db.session.get_one(Order, order.id).lines[0]
        line.left_variant_id = None

    assert packed(order) == ["2"]


@pytest.mark.parametrize(("status", "offered"), [("succeeded", False), ("failed", True)])
def test_money_that_came_back_to_us_can_be_given_again_after_cancelling(
    app: Flask, order: Order, status: str, offered: bool
) -> None:
    give_back(order, 2, 2, reason="cancelled", status=status)
    with db.writing():
        kept = db.session.get_one(Order, order.id)
        kept.state, kept.refunds[0].amount_minor = "cancelled", kept.total_minor or 0

    page = signed_in(app, "stock").get(f"/staff/orders/{order.number}").text

    assert ("Give money back" in page) is offered
