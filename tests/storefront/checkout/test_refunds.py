"""Money given back: by line, side, quantity and delivery, once, and never more than was paid."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import Event, RefundFacts, Refused, Unclear
from storefront.checkout.refunds import CannotRefund, Wish
from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders import taxes
from storefront.orders.models import Order, OrderLine, Refund
from storefront.stock import ledger
from storefront.stock.ledger import Shoes, TooMany
from storefront.stock.models import Movement
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import NOW, Make
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import (
    SHOP,
    Between,
    again,
    begin,
    buy,
    carry_out,
    elsewhere,
    loaded,
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
        kept.discount_minor = 1001
        taxes.keep(kept, taxes.of_parts(kept, told_minor=777))
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


# To the cent and to the shoe, without the company


def paid_order(make: Make, *chosen: tuple[Variant, int], **amounts: int) -> Order:
    """Make a paid order whose total is the sum of its parts: discount, tax and delivery."""
    order = make.order(*chosen, state="paid", payment_intent=f"pi_{new_secret()}", now=NOW)
    with db.writing():
        kept = db.session.get_one(Order, order.id)
        for name, minor in amounts.items():
            setattr(kept, f"{name}_minor", minor)
        taxes.keep(kept, taxes.of_parts(kept, told_minor=kept.tax_minor))
        kept.total_minor = (
            kept.subtotal_minor - kept.discount_minor + kept.tax_minor + kept.delivery_minor
        )
    return again(order)


@pytest.fixture
def split_order(make: Make) -> Order:
    """One pair for 3333 and two for 9999 each, with a discount, a tax and delivery."""
    small, large = make.variant(price_minor=3333), make.variant(price_minor=9999)
    return paid_order(make, (small, 1), (large, 2), discount=1001, tax=777, delivery=695)


def what_is_left(order: Order) -> tuple[list[tuple[int, Shoes, Shoes]], int, int]:
    left = refunds.left_of(again(order))
    lines = [(each.paid_minor, each.shoes, each.restockable) for each in left.lines]
    return lines, left.delivery_minor, left.total_minor


class Books:
    """A payment company that says what the test has written down, and keeps what it was asked."""

    hears_events = True
    account = "test"

    def __init__(self, answer: RefundFacts | Exception | None = None, *known: RefundFacts) -> None:
        self.answer, self.known = answer, known
        self.asked: list[tuple[str, int, str]] = []
        self.looked: list[str] = []

    def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts:
        self.asked.append((payment_intent, amount_minor, key))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer or RefundFacts(f"re_{key}", key, amount_minor, "succeeded", "")

    def refunds_of(self, payment_intent: str) -> list[RefundFacts]:
        self.looked.append(payment_intent)
        return list(self.known)


def write(order: Order, *wishes: Wish, now: datetime = NOW, key: str = "", **more: Any) -> int:
    """Begin a refund of just what it comes to, at a moment that the test knows."""
    delivery = more.pop("delivery", False)
    amount = refunds.left_of(again(order)).amount_minor(wishes, delivery=delivery)
    facts = {"reason": "returned", "note": "", "by": "Ann", "expected_minor": amount, **more}
    return refunds.begin(
        order.id, wishes, delivery=delivery, key=key or new_secret(), now=now, **facts
    )


def sweep_books(books: Books, *, now: datetime = NOW) -> int:
    return refunds.sweep(payments=books, now=now, shop_url=SHOP)  # type: ignore[arg-type]


def test_discount_is_shared_by_lines_and_tax_by_lines_and_delivery(split_order: Order) -> None:
    lines = [(3297, Shoes(1, 1), Shoes(1, 1)), (19786, Shoes(2, 2), Shoes(2, 2))]

    assert what_is_left(split_order) == (lines, 719, 23802)
    assert sum(paid for paid, _, _ in lines) + 719 == split_order.total_minor


def test_what_was_given_back_is_left_no_more(split_order: Order) -> None:
    small, large = (line.id for line in split_order.lines)

    write(split_order, Wish(small, Shoes(0, 1)))
    write(split_order, Wish(large, Shoes(1, 1), restock=True), delivery=True)
    write(split_order, Wish(large, Shoes(1, 0)))

    assert [r.amount_minor for r in refunds_of(split_order)] == [1648, 9893 + 719, 4946]
    assert what_is_left(split_order) == (
        [(3297, Shoes(1, 0), Shoes(1, 1)), (19786, Shoes(0, 1), Shoes(1, 1))],
        0,
        1649 + 4947,
    )


@pytest.mark.parametrize("shoes", [Shoes(1, 0), Shoes(0, 1)])
def test_uncounted_shoes_are_not_out_so_they_cannot_come_back(make: Make, shoes: Shoes) -> None:
    order = paid_order(make, (make.variant(counted=False), 2))
    (left,) = refunds.left_of(order).lines

    assert (left.shoes, left.restockable) == (Shoes(2, 2), Shoes(0, 0))
    assert "cannot come back" in refusal(order, Wish(left.line.id, shoes, restock=True))


@pytest.mark.parametrize("status", ["failed", "refused"])
def test_money_that_did_not_leave_is_left_still(split_order: Order, status: str) -> None:
    before = what_is_left(split_order)
    write(split_order, pairs(split_order, 1, line=1), delivery=True)
    with db.writing():
        db.session.execute(update(Refund).values(status=status))

    assert what_is_left(split_order) == before


def test_delivery_is_given_back_as_far_as_money_is_left(split_order: Order) -> None:
    apply(split_order, RefundFacts("re_1", "", 23802 - 100, "succeeded", ""))

    lines, delivery, total = what_is_left(split_order)
    assert (delivery, total) == (100, 100)
    assert [shoes for _, shoes, _ in lines] == [Shoes(1, 1), Shoes(2, 2)]


def test_line_of_single_shoes_is_counted_by_its_one_side(make: Make) -> None:
    order = paid_order(make, (make.variant(), 3))
    (line,) = order.lines

    for empty, shoes in (("right", Shoes(3, 0)), ("left", Shoes(0, 3))):
        with db.writing():
            kept = db.session.get_one(OrderLine, line.id)
            kept.left_variant_id = kept.right_variant_id = line.left_variant_id
            setattr(kept, f"{empty}_variant_id", None)
        (left,) = refunds.left_of(again(order)).lines
        assert (left.in_all, left.pairs, left.shoes) == (3, 3, shoes)
        assert left.amount_minor(shoes) == 3 * PRICE


def test_pairs_that_are_left_are_those_of_the_shorter_side(make: Make) -> None:
    order = paid_order(make, (make.variant(), 3))
    line = order.lines[0].id

    for shoes, told in ((Shoes(1, 0), 2), (Shoes(0, 2), 1)):
        write(order, Wish(line, shoes))
        assert refunds.left_of(again(order)).lines[0].pairs == told


def test_refund_is_written_down_with_all_that_was_said(split_order: Order) -> None:
    small, large = (line.id for line in split_order.lines)
    key, later = new_secret(), NOW + timedelta(days=3)

    refund_id = write(
        split_order,
        Wish(small, Shoes(0, 0)),
        Wish(large, Shoes(2, 1), restock=True),
        delivery=True,
        key=key,
        reason="damaged",
        note="Box 12",
        by="Ben",
        now=later,
    )

    (refund,) = refunds_of(split_order)
    assert (refund.id, refund.key, refund.status, refund.refund_id) == (
        refund_id, key, "asking", None,
    )  # fmt: skip
    assert (refund.amount_minor, refund.delivery_minor) == (14839 + 719, 719)
    assert (refund.reason, refund.note, refund.why) == ("damaged", "Box 12", "")
    assert (refund.by, refund.at) == ("Ben", later)
    assert [(x.order_line_id, x.left, x.right) for x in refund.lines] == [(large, 2, 1)]
    back = db.session.scalars(select(Movement).where(Movement.reason == "returned")).one()
    assert (back.order_line_id, back.left_change, back.right_change) == (large, 2, 1)
    assert (back.by, back.at) == ("Ben", later)


def refusal(order: Order, *wishes: Wish, **more: Any) -> str:
    with pytest.raises(CannotRefund) as refused:
        write(order, *wishes, **more)
    return str(refused.value)


def test_each_refusal_is_a_sentence_for_staff(make: Make) -> None:
    order = paid_order(make, (make.variant(), 3))
    line = order.lines[0].id
    twice = [Wish(line, Shoes(1, 0)), Wish(line, Shoes(0, 1))]

    assert refusal(order, *twice) == "A line was sent twice. Please look at it again."
    assert refusal(order) == "Nothing was chosen to be given back."
    assert refusal(order, Wish(line, Shoes(1, 1)), expected_minor=1) == (
        "This would give back $89.00 now. Please look at it again."
    )
    assert refusal(order, Wish(line, Shoes(4, 4))) == "Shoe: only 3 pairs can be given back."
    write(order, Wish(line, Shoes(2, 2)))
    assert refusal(order, Wish(line, Shoes(2, 2))) == "Shoe: only 1 pair can be given back."
    write(order, Wish(line, Shoes(1, 0)))
    assert refusal(order, Wish(line, Shoes(1, 0))) == (
        "Shoe: only 0 left and 1 right shoes can be given back."
    )
    with db.writing():
        ledger.restock(order.lines[0], Shoes(3, 3), by="Ann", now=NOW)
    assert refusal(order, Wish(line, Shoes(0, 1), restock=True)) == (
        "Shoe: not so many of its shoes are out, so they cannot come back into stock."
    )
    apply(order, RefundFacts("re_1", "", 4449, "succeeded", ""))
    assert refusal(order, Wish(line, Shoes(0, 1))) == (
        "Only $0.01 of this order is left to give back."
    )
    assert refusal(make.order(), expected_minor=1) == (
        "This order is not paid, so there is nothing to give back."
    )


@pytest.mark.parametrize(
    "shoes", [Shoes(2, 0), Shoes(0, 2), Shoes(-1, 1), Shoes(1, -1), Shoes(-1, 0)]
)
def test_neither_side_goes_above_what_was_bought_or_below_nothing(make: Make, shoes: Shoes) -> None:
    order = paid_order(make, (make.variant(), 1))

    assert refusal(order, Wish(order.lines[0].id, shoes)).startswith("Shoe: only 1 pair")
    assert refunds_of(order) == []


def test_key_that_is_there_is_found_before_anything_is_checked(make: Make) -> None:
    order = paid_order(make, (make.variant(), 1))
    other = write(order, Wish(order.lines[0].id, Shoes(1, 0)))
    first = write(order, Wish(order.lines[0].id, Shoes(0, 1)), key="k" * 22)

    assert write(order, key="k" * 22, expected_minor=1) == first != other
    assert len(refunds_of(order)) == 2


def test_order_of_which_another_process_has_changed_the_total_is_read_afresh(make: Make) -> None:
    order = paid_order(make, (make.variant(), 1))
    wish = pairs(order, 1)
    mine = loaded(Order, order.id)
    elsewhere(update(Order).values(total_minor=1))

    with pytest.raises(CannotRefund, match=r"Only \$0\.01 of this order is left"):
        refunds.begin(
            mine.id, [wish], delivery=False, expected_minor=PRICE, reason="returned", note="",
            key="k", by="Ann", now=NOW,
        )  # fmt: skip


def test_refund_that_another_process_has_settled_is_not_asked_for(told_order: Order) -> None:
    mine = loaded(Refund, write(told_order, pairs(told_order, 1)))
    elsewhere(update(Refund).values(status="succeeded", refund_id="re_1"))
    books = Books()

    refund = refunds.carry_out(mine.id, payments=books, now=NOW, shop_url=SHOP)  # type: ignore[arg-type]

    assert (refund.status, books.asked) == ("succeeded", [])


# What the company answers, line by line


def apply(order: Order, *facts: RefundFacts, now: datetime = NOW) -> Order | None:
    return refunds.apply(order.payment_intent or "", facts, now=now, shop_url=SHOP)


def mails(order: Order) -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(select(Letter.template).order_by(Letter.id)))


@pytest.fixture
def told_order(make: Make) -> Order:
    """A paid order of three pairs whose shopper left an address."""
    order = paid_order(make, (make.variant(), 3))
    with db.writing():
        db.session.get_one(Order, order.id).email = "ann@example.com"
    return again(order)


@pytest.mark.parametrize(
    ("before", "said", "after", "mail"),
    [
        ("asking", "pending", "pending", ["order_refunded"]),
        ("asking", "succeeded", "succeeded", ["order_refunded"]),
        ("asking", "failed", "failed", ["refund_failed"]),
        ("refused", "pending", "pending", ["order_refunded"]),
        ("refused", "succeeded", "succeeded", ["order_refunded"]),
        ("pending", "pending", "pending", []),
        ("pending", "succeeded", "succeeded", []),
        ("pending", "failed", "failed", ["refund_failed"]),
        ("succeeded", "pending", "succeeded", []),
        ("succeeded", "succeeded", "succeeded", []),
        ("succeeded", "failed", "failed", ["refund_failed"]),
        ("failed", "pending", "failed", []),
        ("failed", "succeeded", "failed", []),
        ("failed", "failed", "failed", []),
    ],
)
def test_what_the_company_says_moves_a_refund_forward_and_is_told_once(
    told_order: Order, before: str, said: str, after: str, mail: list[str]
) -> None:
    key = new_secret()
    write(told_order, pairs(told_order, 1), key=key)
    with db.writing():
        known = None if before in {"asking", "refused"} else "re_1"
        db.session.execute(update(Refund).values(status=before, refund_id=known, why="before"))

    apply(told_order, RefundFacts("re_1", key, PRICE, said, "after"), now=NOW + timedelta(hours=1))

    (refund,) = refunds_of(told_order)
    older = before == "failed" or (before, said) == ("succeeded", "pending")
    assert (refund.status, refund.refund_id) == (after, "re_1")
    assert refund.why == ("before" if older else "after")
    assert mails(told_order) == mail
    for letter in db.session.scalars(select(Letter)):
        assert letter.created_at == NOW + timedelta(hours=1)
        assert (letter.facts["number"], letter.facts["amount"]) == (told_order.number, "$89.00")
        if letter.template == "refund_failed":
            assert letter.facts["staff_address"] == f"{SHOP}/staff/orders/{told_order.number}"
        else:
            assert letter.facts["order_address"] == f"{SHOP}/orders/{told_order.reference}"


def test_facts_are_for_the_refund_with_their_name_or_else_their_key(told_order: Order) -> None:
    keys = [new_secret() for _ in range(3)]
    for key in keys:
        write(told_order, pairs(told_order, 1), key=key)

    apply(told_order, RefundFacts("re_2", keys[1], PRICE, "pending", ""))
    apply(told_order, RefundFacts("re_2", "", PRICE, "succeeded", ""))
    apply(told_order, RefundFacts("re_3", keys[2], PRICE, "pending", ""))

    assert [(r.status, r.refund_id) for r in refunds_of(told_order)] == [
        ("asking", None),
        ("succeeded", "re_2"),
        ("pending", "re_3"),
    ]


def test_refund_of_another_name_is_another_refund_though_it_has_our_key(told_order: Order) -> None:
    key, later = new_secret(), NOW + timedelta(hours=1)
    write(told_order, pairs(told_order, 1), key=key)
    apply(told_order, RefundFacts("re_1", key, PRICE, "succeeded", ""))

    apply(told_order, RefundFacts("re_2", key, 1234, "pending", ""), now=later)

    ours, theirs = refunds_of(told_order)
    assert (ours.refund_id, ours.status, ours.amount_minor) == ("re_1", "succeeded", PRICE)
    assert (theirs.refund_id, theirs.status, theirs.amount_minor) == ("re_2", "pending", 1234)
    assert (theirs.reason, theirs.by, theirs.at) == ("elsewhere", "Payment company", later)
    assert (theirs.delivery_minor, theirs.note, theirs.lines) == (0, "", [])
    assert len(theirs.key) == 22 and theirs.key != key
    assert mails(told_order) == ["order_refunded", "order_refunded"]


def test_facts_of_a_payment_change_its_own_order_and_are_kept_with_their_event(
    told_order: Order, make: Make
) -> None:
    other = paid_order(make, (make.variant(), 1))
    books = Books(None, RefundFacts("re_1", "", 1234, "succeeded", ""))
    later = NOW + timedelta(hours=1)

    found = refunds.settle(
        told_order.payment_intent or "",
        payments=books,  # type: ignore[arg-type]
        now=later,
        shop_url=SHOP,
        event=Event("evt_1", "refund.created", None, told_order.payment_intent),
    )
    nobodys = refunds.settle(
        "pi_of_nobody",
        payments=books,  # type: ignore[arg-type]
        now=later,
        shop_url=SHOP,
        event=Event("evt_2", "refund.created", None, "pi_of_nobody"),
    )

    assert found is not None and found.id == told_order.id
    assert nobodys is None
    assert books.looked == [told_order.payment_intent, "pi_of_nobody"]
    assert [r.at for r in refunds_of(told_order)] == [later]
    assert refunds_of(other) == []
    events = db.session.scalars(select(PaymentEvent).order_by(PaymentEvent.id)).all()
    assert [(e.id, e.order_id, e.applied_at, e.received_at) for e in events] == [
        ("evt_1", told_order.id, later, later),
        ("evt_2", None, later, later),
    ]


def test_company_is_asked_for_just_this_money_once(told_order: Order) -> None:
    refund_id = write(told_order, pairs(told_order, 1), key="k" * 22)
    books, later = Books(), NOW + timedelta(hours=1)

    for _ in range(2):
        refund = refunds.carry_out(refund_id, payments=books, now=later, shop_url=SHOP)  # type: ignore[arg-type]

    assert (refund.id, refund.status) == (refund_id, "succeeded")
    assert books.asked == [(told_order.payment_intent, PRICE, "k" * 22)]
    letter = db.session.scalars(select(Letter)).one()
    assert letter.created_at == later
    assert letter.facts["order_address"] == f"{SHOP}/orders/{told_order.reference}"


def test_refusal_is_written_to_the_refund_that_was_asked_for_alone(told_order: Order) -> None:
    first, second = (write(told_order, pairs(told_order, 1)) for _ in range(2))

    with pytest.raises(Refused):
        refunds.carry_out(first, payments=Books(Refused("No.")), now=NOW, shop_url=SHOP)  # type: ignore[arg-type]

    assert [(r.id, r.status, r.why) for r in refunds_of(told_order)] == [
        (first, "refused", "No."),
        (second, "asking", ""),
    ]


def test_refusal_does_not_undo_what_was_heard_meanwhile(told_order: Order) -> None:
    refund_id = write(told_order, pairs(told_order, 1), key="k" * 22)

    class Slow(Books):
        def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts:
            apply(told_order, RefundFacts("re_1", key, amount_minor, "succeeded", ""))
            raise Refused("This was given back already.")

    with pytest.raises(Refused):
        refunds.carry_out(refund_id, payments=Slow(), now=NOW, shop_url=SHOP)  # type: ignore[arg-type]

    assert [(r.status, r.why) for r in refunds_of(told_order)] == [("succeeded", "")]


@pytest.mark.parametrize("status", ["asking", "pending"])
@pytest.mark.parametrize("hears_events", [True, False])
@pytest.mark.parametrize(("seconds", "due"), [(180, True), (179, False)])
def test_refund_without_an_answer_is_due_after_three_minutes(
    told_order: Order, status: str, hears_events: bool, seconds: int, due: bool
) -> None:
    write(told_order, pairs(told_order, 1))
    known = None if status == "asking" else "re_1"
    with db.writing():
        db.session.execute(update(Refund).values(status=status, refund_id=known))
    books = Books()
    books.hears_events = hears_events

    decided = sweep_books(books, now=NOW + timedelta(seconds=seconds))

    if status == "pending":  # an event will tell, where there are events
        due = not hears_events
    assert decided == len(books.looked) == int(due)
    assert len(books.asked) == int(due and status == "asking")


def test_oldest_refunds_are_seen_to_first_and_not_too_many_at_once(
    told_order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in ("a", "b", "c"):
        write(told_order, pairs(told_order, 1), key=key)
    monkeypatch.setattr(refunds, "AT_ONCE", 2)
    books, later = Books(), NOW + timedelta(minutes=4)

    assert sweep_books(books, now=later) == 2

    assert [key for _, _, key in books.asked] == ["a", "b"]
    assert [r.status for r in refunds_of(told_order)] == ["succeeded", "succeeded", "asking"]
    assert set(db.session.scalars(select(Letter.created_at))) == {later}
    address = f"{SHOP}/orders/{told_order.reference}"
    assert {mail.facts["order_address"] for mail in db.session.scalars(select(Letter))} == {address}


def test_oldest_come_first_though_some_wait_for_the_bank_and_some_for_an_answer(
    told_order: Order,
) -> None:
    for key in ("a", "b", "c"):
        write(told_order, pairs(told_order, 1), key=key)
    with db.writing():
        waits = {"status": "pending", "refund_id": "re_b"}
        db.session.execute(update(Refund).filter_by(key="b").values(**waits))
    seen: list[str] = []

    class Deaf(Books):
        hears_events = False

        def refunds_of(self, payment_intent: str) -> list[RefundFacts]:
            waiting = select(Refund.key).where(Refund.status.in_(("asking", "pending")))
            seen.append("".join(sorted(db.session.scalars(waiting))))
            return [RefundFacts("re_b", "b", PRICE, "succeeded", "")] if len(seen) == 2 else []

    assert sweep_books(Deaf(), now=NOW + timedelta(minutes=4)) == 3

    assert seen == ["abc", "bc", "c"]


def test_payment_without_a_name_is_asked_for_by_none(told_order: Order) -> None:
    refund_id = write(told_order, pairs(told_order, 1), key="k")
    with db.writing():
        db.session.get_one(Order, told_order.id).payment_intent = None
    unnamed, books = Books(), Books(Refused("Which payment?"))

    sweep_books(unnamed, now=NOW + timedelta(minutes=4))
    with db.writing():
        db.session.execute(update(Refund).values(status="asking"))
    with pytest.raises(Refused):
        refunds.carry_out(refund_id, payments=books, now=NOW, shop_url=SHOP)  # type: ignore[arg-type]

    assert unnamed.looked == [""]
    assert unnamed.asked == books.asked == [("", PRICE, "k")]


def test_refund_of_another_key_or_without_an_answer_does_not_stop_the_sweep(
    make: Make, told_order: Order, caplog: pytest.LogCaptureFixture
) -> None:
    strange = paid_order(make, (make.variant(), 1))
    with db.writing():
        db.session.get_one(Order, strange.id).account = "another"
    write(strange, pairs(strange, 1), key="a")
    silent = write(told_order, pairs(told_order, 1), key="b")
    write(told_order, pairs(told_order, 1), key="c")

    class Unsure(Books):
        def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts:
            if key == "b":
                raise Unclear("time-out")
            return super().refund(payment_intent, amount_minor, key)

    assert sweep_books(Unsure(), now=NOW + timedelta(minutes=4)) == 1

    assert [r.status for r in refunds_of(strange)] == ["asking"]
    assert [r.status for r in refunds_of(told_order)] == ["asking", "succeeded"]
    assert f"refund {silent} is not decided yet: time-out" in caplog.messages
