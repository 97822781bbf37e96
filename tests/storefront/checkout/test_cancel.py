"""Cancelling before dispatch: the shoes come back, and so does all the money, once."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.refunds import CannotCancel
from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders import dispatching, marks
from storefront.orders.models import Order, OrderMark
from storefront.stock import ledger
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import (
    SHOP,
    again,
    begin,
    buy,
    carry_out,
    on_hand,
    pairs,
    refunds_of,
)
from tests.storefront.staff.people import signed_in


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return make.variant(pairs=5)


@pytest.fixture
def order(make: Make, company: Company, variant: Variant) -> Order:
    return buy(make, company, (variant, 2))


def cancel(order: Order) -> int | None:
    return refunds.cancel(order.id, key=new_secret(), by="Ann", now=utcnow(), shop_url=SHOP)


def told(template: str) -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Letter).where(Letter.template == template)).all())


def test_cancelled_order_gives_back_shoes_and_money(
    order: Order, company: Company, variant: Variant
) -> None:
    refund_id = cancel(order)
    assert refund_id is not None
    carry_out(refund_id)

    assert again(order).state == "cancelled"
    assert on_hand(variant) == (5, 5)
    (refund,) = refunds_of(order)
    assert (refund.amount_minor, refund.status) == (again(order).total_minor, "succeeded")
    assert refunds.left_of(again(order)).total_minor == 0
    assert told("order_cancelled") == told("order_refunded") == 1
    assert ledger.differences() == []


def test_cancelled_order_gives_back_only_what_is_left(
    order: Order, company: Company, variant: Variant
) -> None:
    carry_out(begin(order, pairs(order, 1, restock=True)))

    refund_id = cancel(order)

    assert refund_id is not None
    assert carry_out(refund_id).status == "succeeded"
    assert sum(r.amount_minor for r in refunds_of(order)) == again(order).total_minor
    assert on_hand(variant) == (5, 5)


def test_order_that_was_all_given_back_is_cancelled_without_another_refund(order: Order) -> None:
    left = refunds.left_of(order)
    carry_out(begin(order, pairs(order, 2), delivery=bool(left.delivery_minor)))

    assert cancel(order) is None
    assert again(order).state == "cancelled"
    assert len(refunds_of(order)) == 1


def test_order_is_cancelled_once(order: Order, variant: Variant) -> None:
    cancel(order)

    with pytest.raises(CannotCancel, match="cancelled"):
        cancel(order)
    assert len(refunds_of(order)) == 1
    assert on_hand(variant) == (5, 5)


@pytest.mark.parametrize("state", ["pending", "lapsed", "dispatched"])
def test_only_a_paid_order_is_cancelled(make: Make, variant: Variant, state: str) -> None:
    order = make.order((variant, 1), state=state)
    before = on_hand(variant)

    with pytest.raises(CannotCancel, match=state):
        cancel(order)
    assert again(order).state == state
    assert on_hand(variant) == before


def test_order_that_is_cancelled_is_not_sent(order: Order) -> None:
    cancel(order)

    with pytest.raises(dispatching.NotPaid), db.writing():
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )


def test_owed_order_is_cancelled_and_its_question_ends(
    make: Make, company: Company, variant: Variant
) -> None:
    """Money for an order without shoes: nothing was sold, so nothing comes back into stock."""
    order = buy(make, company, (variant, 1))
    with db.writing():
        ledger.restock(order.lines[0], refunds.Shoes(1, 1), by="Test", now=utcnow())
        marks.put(order, "owed", "Sold meanwhile.", now=utcnow())

    refund_id = cancel(order)

    assert refund_id is not None
    assert carry_out(refund_id).amount_minor == again(order).total_minor
    assert on_hand(variant) == (5, 5)
    assert db.session.scalars(select(OrderMark.ended_at)).one() is not None


def test_refund_of_a_cancelled_order_that_was_cut_short_is_finished_by_the_sweeper(
    order: Order,
) -> None:
    cancel(order)  # and the process dies

    later = utcnow() + timedelta(minutes=4)
    assert refunds.sweep(payments=payments(), now=later, shop_url=SHOP) == 1
    assert refunds_of(order)[0].status == "succeeded"


def test_staff_cancel_with_one_button_and_a_second_click_says_so(
    app: Flask, order: Order, variant: Variant
) -> None:
    browser = signed_in(app, "stock")
    page = browser.get(f"/staff/orders/{order.number}").text
    assert "Cancel the order" in page

    first = browser.send(f"/staff/orders/{order.number}/cancellation")
    second = browser.send(f"/staff/orders/{order.number}/cancellation")

    assert (first.status_code, second.status_code) == (303, 409)
    assert "only a paid one can be cancelled" in second.text
    page = browser.get(f"/staff/orders/{order.number}").text
    assert "is cancelled and its shoes are back in stock" in page
    assert "Cancel the order" not in page
    assert on_hand(variant) == (5, 5)
    shopper = app.test_client().get(f"/orders/{order.reference}").text
    assert "This order was cancelled" in shopper
    assert "We gave back" in shopper
