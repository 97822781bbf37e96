"""Money given back: by line, side, quantity and delivery, once, and never more than was paid."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import RefundFacts, Refused, Unclear
from storefront.checkout.refunds import CannotRefund, Wish
from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders.models import Order
from storefront.stock import ledger
from storefront.stock.ledger import Shoes, TooMany
from storefront.stock.models import Movement
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import (
    SHOP,
    Between,
    again,
    begin,
    buy,
    carry_out,
    on_hand,
    pairs,
    refunds_of,
)
from wsgi import TEST_KEY

PRICE, DELIVERY = 8900, 695


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return make.variant(pairs=5)


@pytest.fixture
def order(make: Make, company: Company, variant: Variant) -> Order:
    """A paid order of three pairs, below the price from which delivery is free."""
    return buy(make, company, (variant, 3))


def given_back(company: Company, order: Order) -> int:
    """What the company says that it gave back of an order."""
    found = company.refunds(again(order).payment_intent or "")
    return sum(refund["amount"] for refund in found)


def letters(template: str) -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(select(Letter).where(Letter.template == template)))


def settle(order: Order) -> None:
    refunds.settle(
        again(order).payment_intent or "", payments=payments(), now=utcnow(), shop_url=SHOP
    )


def sweep(minutes: float) -> int:
    later = utcnow() + timedelta(minutes=minutes)
    return refunds.sweep(payments=payments(), now=later, shop_url=SHOP)


# What it comes to


@given(
    paid=st.integers(0, 10**7),
    quantity=st.integers(1, 12),
    parts=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=8),
)
def test_parts_of_a_line_never_come_to_more_than_was_paid_for_it(
    paid: int, quantity: int, parts: list[tuple[int, int]]
) -> None:
    from storefront.orders.models import OrderLine

    line = OrderLine(left_variant_id=1, right_variant_id=1, quantity=quantity)
    left, total = Shoes(quantity, quantity), 0
    for part in parts:
        shoes = Shoes(min(part[0], left.left), min(part[1], left.right))
        amount = refunds.LineLeft(line, paid, left, left).amount_minor(shoes)
        assert amount >= 0
        total += amount
        left = Shoes(left.left - shoes.left, left.right - shoes.right)
    rest = refunds.LineLeft(line, paid, left, left).amount_minor(left)

    assert total + rest == paid


def test_one_pair_of_three_is_given_back(order: Order, company: Company) -> None:
    refund = carry_out(begin(order, pairs(order, 1)))

    assert (refund.status, refund.amount_minor, refund.delivery_minor) == ("succeeded", PRICE, 0)
    assert refund.refund_id and refund.by == "Ann"
    assert given_back(company, order) == PRICE
    left = refunds.left_of(again(order))
    assert left.total_minor == (order.total_minor or 0) - PRICE
    assert left.lines[0].shoes == Shoes(2, 2)


def test_one_shoe_of_a_pair_costs_half_of_it_and_the_other_the_rest(
    make: Make, company: Company
) -> None:
    make.delivery()
    order = buy(make, company, (make.variant(price_minor=8901), 1))
    line = order.lines[0].id

    first = carry_out(begin(order, Wish(line, Shoes(1, 0))))
    second = carry_out(begin(order, Wish(line, Shoes(0, 1))))

    assert (first.amount_minor, second.amount_minor) == (4450, 4451)
    assert refunds.left_of(again(order)).lines[0].shoes == Shoes(0, 0)


def test_delivery_is_given_back_alone_and_once(make: Make, company: Company) -> None:
    make.delivery()
    order = buy(make, company, (make.variant(price_minor=2000), 1))
    assert order.delivery_minor > 0

    refund = carry_out(begin(order, delivery=True))

    assert refund.amount_minor == refund.delivery_minor == order.delivery_minor
    with pytest.raises(CannotRefund, match="Nothing was chosen"):
        begin(order, delivery=True)


def test_everything_in_steps_is_exactly_what_was_paid_with_discount_and_tax(
    make: Make, company: Company
) -> None:
    make.delivery()
    small, large = make.variant(price_minor=3333), make.variant(price_minor=9999)
    order = buy(make, company, (small, 1), (large, 2))
    with db.writing():
        kept = db.session.get_one(Order, order.id)
        kept.discount_minor, kept.tax_minor = 1001, 777
        kept.total_minor = kept.subtotal_minor - 1001 + 777 + kept.delivery_minor

    amounts = []
    for wishes, delivery in (
        ([pairs(order, 1, line=1)], False),
        ([Wish(order.lines[0].id, Shoes(1, 0))], True),
        ([Wish(order.lines[0].id, Shoes(0, 1)), pairs(order, 1, line=1)], False),
    ):
        refund_id = begin(order, *wishes, delivery=delivery)
        amounts.append(next(r.amount_minor for r in refunds_of(order) if r.id == refund_id))

    assert sum(amounts) == again(order).total_minor
    assert refunds.left_of(again(order)).total_minor == 0
    assert amounts[0] < 9999  # its share of the discount is more than that of the tax


def test_reason_note_and_who_are_kept(order: Order) -> None:
    begin(order, pairs(order, 1), note="Heel too hard")

    (refund,) = refunds_of(order)
    assert (refund.reason, refund.note, refund.by) == ("returned", "Heel too hard", "Ann")


# Once


def test_same_key_again_is_the_same_refund(order: Order, company: Company) -> None:
    key = new_secret()

    first = begin(order, pairs(order, 1, restock=True), key=key)
    second = begin(order, pairs(order, 1, restock=True), key=key, expected=PRICE)
    carry_out(first)
    carry_out(second)

    assert first == second
    assert len(refunds_of(order)) == 1
    assert given_back(company, order) == PRICE


def test_last_pair_is_not_given_back_twice(order: Order, company: Company) -> None:
    carry_out(begin(order, pairs(order, 3)))

    with pytest.raises(CannotRefund, match="only 0 pairs can be given back"):
        begin(order, pairs(order, 1), expected=0)
    assert given_back(company, order) == 3 * PRICE


@pytest.mark.parametrize(
    ("shoes", "sentence"),
    [
        (Shoes(4, 4), "only 3 pairs"),
        (Shoes(4, 0), "only 3 pairs"),
        (Shoes(-1, -1), "only 3 pairs"),
        (Shoes(0, 0), "Nothing was chosen"),
    ],
)
def test_more_than_was_bought_is_refused(order: Order, shoes: Shoes, sentence: str) -> None:
    with pytest.raises(CannotRefund, match=sentence):
        begin(order, Wish(order.lines[0].id, shoes))
    assert refunds_of(order) == []


def test_more_money_than_is_left_is_refused(
    order: Order, company: Company, variant: Variant
) -> None:
    """The dashboard gave money back that belongs to no line."""
    refund_in_dashboard(company, order, amount=(order.total_minor or 0) - 100)
    settle(order)

    with pytest.raises(CannotRefund, match=r"Only \$1\.00 of this order is left"):
        begin(order, pairs(order, 1, restock=True))
    assert on_hand(variant) == (2, 2)


def test_amount_that_was_not_looked_at_is_refused(order: Order) -> None:
    with pytest.raises(CannotRefund, match=r"would give back \$89\.00 now"):
        begin(order, pairs(order, 1), expected=PRICE - 1)
    assert refunds_of(order) == []


@pytest.mark.parametrize("state", ["pending", "lapsed"])
def test_order_that_is_not_paid_has_nothing_to_give_back(
    make: Make, variant: Variant, state: str
) -> None:
    order = make.order((variant, 1), state=state)

    with pytest.raises(CannotRefund, match="not paid"):
        begin(order, pairs(order, 1), expected=PRICE)


# Shoes that come back


def test_shoes_come_back_into_stock_where_staff_say_so(order: Order, variant: Variant) -> None:
    assert on_hand(variant) == (2, 2)

    begin(order, pairs(order, 1, restock=True))
    begin(order, Wish(order.lines[0].id, Shoes(1, 0), restock=True))
    begin(order, pairs(order, 1))

    assert on_hand(variant) == (4, 3)
    assert ledger.differences() == []
    row = db.session.scalars(select(Movement).where(Movement.reason == "returned")).first()
    assert row is not None
    assert (row.order_line_id, row.by) == (order.lines[0].id, "Ann")


def test_more_than_was_sold_does_not_come_back(order: Order, variant: Variant) -> None:
    line = order.lines[0]
    with db.writing():
        ledger.restock(line, Shoes(2, 3), by="Ann", now=utcnow())

    for shoes in (Shoes(2, 0), Shoes(0, 1)):
        with pytest.raises(TooMany), db.writing():
            ledger.restock(line, shoes, by="Ann", now=utcnow())
    with pytest.raises(CannotRefund, match="not so many of its shoes are out"):
        begin(order, pairs(order, 1, restock=True))

    assert on_hand(variant) == (4, 5)
    assert refunds_of(order) == []


def test_uncounted_shoes_are_given_back_without_stock(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(counted=False)
    order = buy(make, company, (variant, 2))

    refund = carry_out(begin(order, pairs(order, 2)))

    assert refund.status == "succeeded"
    assert on_hand(variant) == (0, 0)
    assert ledger.differences() == []


# What the company answers


def test_refund_that_got_no_clear_answer_is_asked_for_again_and_paid_once(
    order: Order, company: Company
) -> None:
    def cut(facts: RefundFacts) -> RefundFacts:
        raise Unclear("the line was cut")

    refund_id = begin(order, pairs(order, 1))
    with pytest.raises(Unclear):
        carry_out(refund_id, Between(after=cut))
    assert refunds_of(order)[0].status == "asking"
    assert sweep(1) == 0, "its request may still be on its way"

    assert sweep(4) == 1

    assert refunds_of(order)[0].status == "succeeded"
    assert given_back(company, order) == PRICE


def test_refund_that_never_reached_the_company_is_made_by_the_sweeper(
    order: Order, company: Company
) -> None:
    begin(order, pairs(order, 2))  # and the process dies

    assert sweep(4) == 1

    assert refunds_of(order)[0].status == "succeeded"
    assert given_back(company, order) == 2 * PRICE
    assert sweep(8) == 0


def test_sweeper_does_not_pay_again_when_the_company_has_forgotten_the_key(
    order: Order, company: Company
) -> None:
    """Stripe keeps keys for a day; the refund is found by what it carries."""
    refund_id = begin(order, pairs(order, 1))
    (refund,) = refunds_of(order)
    refund_in_dashboard(company, order, amount=PRICE, key=refund.key)

    assert sweep(60 * 25) == 1

    assert [r.id for r in refunds_of(order)] == [refund_id]
    assert refunds_of(order)[0].status == "succeeded"
    assert given_back(company, order) == PRICE


def test_refused_refund_is_kept_with_the_reason_and_can_be_tried_again(order: Order) -> None:
    def refuse() -> None:
        raise Refused("Your account has too little money.")

    with pytest.raises(Refused):
        carry_out(begin(order, pairs(order, 3)), Between(before=refuse))

    (refused,) = refunds_of(order)
    assert (refused.status, refused.why) == ("refused", "Your account has too little money.")
    assert letters("order_refunded") == []
    assert carry_out(begin(order, pairs(order, 3))).status == "succeeded"


def test_refund_is_told_to_the_shopper_once(make: Make, company: Company, variant: Variant) -> None:
    order = buy(make, company, (variant, 1))
    refund_id = begin(order, pairs(order, 1))
    carry_out(refund_id)
    carry_out(refund_id)
    settle(order)

    (letter,) = letters("order_refunded")
    assert letter.recipient == "shopper@example.com"
    assert letter.facts["amount"] == "$89.00"


def test_refund_that_fails_later_says_so_and_can_be_given_again(
    order: Order, company: Company
) -> None:
    pending = Between(after=lambda facts: replace(facts, status="pending"))
    refund = carry_out(begin(order, pairs(order, 3)), pending)
    assert refund.status == "pending"
    intent = again(order).payment_intent or ""
    failed = RefundFacts(refund.refund_id or "", refund.key, refund.amount_minor, "failed", "lost")

    for _ in range(2):
        refunds.apply(intent, [failed], now=utcnow(), shop_url=SHOP)

    (told,) = letters("refund_failed")
    assert told.facts["why"] == "lost"
    (kept,) = refunds_of(order)
    assert (kept.status, kept.why) == ("failed", "lost")
    assert refunds.left_of(again(order)).lines[0].shoes == Shoes(3, 3)


@pytest.mark.parametrize("late", ["pending", "succeeded"])
def test_what_was_looked_up_earlier_does_not_undo_a_failure(order: Order, late: str) -> None:
    refund = carry_out(begin(order, pairs(order, 1)))
    intent = again(order).payment_intent or ""
    facts = RefundFacts(refund.refund_id or "", refund.key, PRICE, "failed", "lost")

    refunds.apply(intent, [facts], now=utcnow(), shop_url=SHOP)
    refunds.apply(intent, [replace(facts, status=late)], now=utcnow(), shop_url=SHOP)

    assert refunds_of(order)[0].status == "failed"


def test_sweeper_leaves_refunds_of_another_key_alone(order: Order, company: Company) -> None:
    begin(order, pairs(order, 1))
    with db.writing():
        db.session.get_one(Order, order.id).account = "another"

    assert sweep(4) == 0
    assert refunds_of(order)[0].status == "asking"
    assert given_back(company, order) == 0


def test_pending_refund_is_looked_up_by_the_sweeper_where_no_events_are_heard(
    order: Order,
) -> None:
    pending = Between(after=lambda facts: replace(facts, status="pending"))
    carry_out(begin(order, pairs(order, 1)), pending)
    assert sweep(4) == 0
    deaf = Between()
    deaf.hears_events = False

    assert refunds.sweep(payments=deaf, now=utcnow(), shop_url=SHOP) == 1
    assert refunds_of(order)[0].status == "succeeded"


# Refunds made in the company's dashboard


def refund_in_dashboard(
    company: Company, order: Order, *, amount: int, key: str = ""
) -> dict[str, Any]:
    data = {"payment_intent": again(order).payment_intent, "amount": amount}
    answer = requests.post(
        f"{company.url}/v1/refunds",
        data=data | ({"metadata[refund]": key} if key else {}),
        auth=(TEST_KEY, ""),
        headers={"Idempotency-Key": new_secret()},
        timeout=10,
    )
    answer.raise_for_status()
    return dict(answer.json())


def test_refund_of_the_dashboard_arrives_by_event_and_is_recorded_once(
    app: Flask, order: Order, company: Company, variant: Variant
) -> None:
    made = refund_in_dashboard(company, order, amount=1234)
    events = company.events(made["id"])
    assert [event["type"] for event in events] == ["refund.created"]

    answers = [
        deliver(browser(app), {**events[0], "id": f"{events[0]['id']}{n}"}, WEBHOOK_SECRET)
        for n in (1, 1, 2)
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200]
    (refund,) = refunds_of(order)
    assert (refund.amount_minor, refund.status) == (1234, "succeeded")
    assert (refund.reason, refund.by) == ("elsewhere", "Payment company")
    assert len(letters("order_refunded")) == 1
    assert on_hand(variant) == (2, 2), "nobody said that shoes came back"
    kept = db.session.scalars(select(PaymentEvent).where(PaymentEvent.order_id == order.id))
    assert {event.payment_intent for event in kept if event.payment_intent} == {
        again(order).payment_intent
    }


def test_refund_event_of_another_shop_is_kept_and_changes_nothing(app: Flask, order: Order) -> None:
    event = {
        "id": f"evt_{new_secret()}",
        "type": "charge.refunded",
        "data": {"object": {"id": "ch_1", "payment_intent": "pi_of_another_shop"}},
    }

    answer = deliver(browser(app), event, WEBHOOK_SECRET)

    assert answer.status_code == 200
    assert refunds_of(order) == []
    kept = db.session.get(PaymentEvent, event["id"])
    assert kept is not None and kept.order_id is None
