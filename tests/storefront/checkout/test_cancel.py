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
from storefront.orders.models import Dispatch, Order, OrderMark, Refund
from storefront.stock import ledger
from storefront.stock.models import Movement
from tests.factories import NOW, Make
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


@pytest.mark.parametrize("state", ["pending", "lapsed", "cancelled"])
def test_refusal_to_cancel_says_what_became_of_the_order(make: Make, state: str) -> None:
    order = make.order(state="pending")
    with db.writing():
        db.session.get_one(Order, order.id).state = state

    with pytest.raises(CannotCancel) as refused:
        cancel(order)

    assert str(refused.value) == f"This order is {state}; only a paid one can be cancelled."


def test_order_that_was_sent_is_not_cancelled_and_one_beside_it_is(make: Make) -> None:
    variant = make.variant(pairs=5)
    sent, other, kept = (make.order((variant, 1), state="paid") for _ in range(3))
    with db.writing():
        db.session.add(Dispatch(order_id=sent.id, by="Ann", at=NOW))

    with pytest.raises(CannotCancel):
        cancel(sent)
    cancel(other)

    assert [again(order).state for order in (sent, other, kept)] == ["paid", "cancelled", "paid"]
    assert on_hand(variant) == (3, 3)


def test_cancelled_order_says_when_and_its_refund_who_and_what(make: Make) -> None:
    one, two = make.variant(pairs=5), make.variant(pairs=5, price_minor=2000)
    order = make.order((one, 2), (two, 1), state="paid", email="ann@example.com")
    with db.writing():
        kept = db.session.get_one(Order, order.id)
        kept.delivery_minor, kept.total_minor = 695, kept.subtotal_minor + 695
        marks.put(order, "owed", "?", now=NOW)
    later = NOW + timedelta(hours=1)
    begin(order, pairs(order, 1, line=1, restock=True))
    begin(order, pairs(order, 1, line=0))

    refund_id = refunds.cancel(order.id, key="k" * 22, by="Ben", now=later, shop_url=SHOP)

    assert (again(order).state, again(order).ended_at) == ("cancelled", later)
    refund = refunds_of(order)[-1]
    assert (refund.id, refund.key, refund.status) == (refund_id, "k" * 22, "asking")
    assert (refund.amount_minor, refund.delivery_minor) == (8900 + 695, 695)
    assert (refund.reason, refund.note) == ("cancelled", "")
    assert (refund.by, refund.at) == ("Ben", later)
    assert [(x.order_line_id, x.left, x.right) for x in refund.lines] == [(order.lines[0].id, 1, 1)]
    back = db.session.scalars(select(Movement).filter_by(reason="returned", by="Ben")).one()
    assert (back.variant_id, back.left_change, back.right_change) == (one.id, 2, 2)
    assert back.at == later
    letter = db.session.scalars(select(Letter).filter_by(template="order_cancelled")).one()
    assert letter.facts["order_address"] == f"{SHOP}/orders/{order.reference}"
    assert letter.created_at == later
    assert db.session.scalars(select(OrderMark.ended_at)).one() == later


def test_order_with_a_cent_left_gives_it_back_and_one_without_does_not(make: Make) -> None:
    free, cent = make.variant(price_minor=0), make.variant(price_minor=1)

    nothing = cancel(make.order((free, 1), state="paid"))
    something = cancel(make.order((cent, 1), state="paid"))

    assert nothing is None
    assert something is not None
    amounts = db.session.scalars(select(Refund.amount_minor)).all()
    assert amounts == [1]


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
