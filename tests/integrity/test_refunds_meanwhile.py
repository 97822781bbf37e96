"""Another request comes into the middle of a refund: the money goes back once, the shoes too."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.refunds import CannotCancel, CannotRefund
from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders.models import Order
from storefront.stock import ledger
from storefront.stock.ledger import CountMoved, Shoes
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.payments import Company, deliver
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

PRICE = 8900
SIDES = ["before", "after"]


@pytest.fixture
def meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(app, monkeypatch)


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    variant = make.variant(pairs=5)
    db.session.refresh(variant)
    db.session.expunge(variant)
    return variant


@pytest.fixture
def order(make: Make, company: Company, variant: Variant) -> Order:
    """A paid order of one pair, which two threads may read."""
    order = buy(make, company, (variant, 1))
    assert order.lines
    db.session.expunge_all()
    return order


def give_back(order: Order, key: str = "") -> None:
    """Give the pair back, as the desk does."""
    with suppress(CannotRefund):
        carry_out(begin(order, pairs(order, 1, restock=True), key=key, expected=PRICE))


def cancel(order: Order) -> None:
    with suppress(CannotCancel):
        refund_id = refunds.cancel(
            order.id, key=new_secret(), by="Ben", now=utcnow(), shop_url=SHOP
        )
        if refund_id is not None:
            carry_out(refund_id)


def dispatch(order: Order) -> None:
    with suppress(dispatching.NotPaid), db.writing():
        dispatching.dispatch(
            order.id, by="Ben", carrier="", tracking="", order_address="", now=utcnow()
        )


def given_back(order: Order, company: Company) -> int:
    return sum(r["amount"] for r in company.refunds(again(order).payment_intent or ""))


def told(template: str) -> int:
    db.session.rollback()
    return len(db.session.scalars(select(Letter).where(Letter.template == template)).all())


def check_once(order: Order, company: Company, variant: Variant, meanwhile: Meanwhile) -> None:
    meanwhile.over()
    assert meanwhile.errors == []
    assert [(r.amount_minor, r.status) for r in refunds_of(order)] == [(PRICE, "succeeded")]
    assert given_back(order, company) == PRICE
    assert told("order_refunded") == 1
    assert on_hand(variant) == (5, 5)
    assert ledger.differences() == []


STEPS = [
    (refunds, "begin"),
    (refunds, "_locked"),
    (refunds, "left_of"),
    (refunds, "_write"),
    (ledger, "restock"),
    (refunds, "carry_out"),
    (refunds, "apply"),
    (refunds, "_apply"),
]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("same_key", [True, False], ids=["double-click", "two-people"])
def test_pair_is_given_back_once_when_two_give_it(
    order: Order,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    side: str,
    same_key: bool,
) -> None:
    key = new_secret()

    getattr(meanwhile, side)(*step, lambda: give_back(order, key if same_key else ""))
    give_back(order, key)

    check_once(order, company, variant, meanwhile)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step[1])
@pytest.mark.parametrize("side", SIDES)
def test_order_that_is_cancelled_in_the_middle_of_a_refund_gives_back_what_is_left(
    order: Order,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    side: str,
) -> None:
    getattr(meanwhile, side)(*step, lambda: cancel(order))
    give_back(order)
    meanwhile.over()

    assert meanwhile.errors == []
    assert again(order).state == "cancelled"
    assert given_back(order, company) == again(order).total_minor
    assert {r.status for r in refunds_of(order)} == {"succeeded"}
    assert on_hand(variant) == (5, 5)
    assert ledger.differences() == []


@pytest.mark.parametrize(
    "step", [(refunds, "_locked"), (refunds, "left_of"), (refunds, "_write")], ids=lambda s: s[1]
)
@pytest.mark.parametrize("side", SIDES)
def test_order_is_cancelled_or_sent_and_never_both(
    order: Order,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    side: str,
) -> None:
    getattr(meanwhile, side)(*step, lambda: dispatch(order))
    cancel(order)
    meanwhile.over()

    assert meanwhile.errors == []
    after = again(order)
    if after.state == "cancelled":
        assert after.dispatch is None
        assert given_back(order, company) == after.total_minor
        assert on_hand(variant) == (5, 5)
    else:
        assert after.state == "dispatched" and after.dispatch is not None
        assert given_back(order, company) == 0
        assert on_hand(variant) == (4, 4)


def by_event(app: Flask, order: Order, company: Company) -> None:
    """Deliver what the company has to say of the order's refunds, if anything yet."""
    for refund in company.refunds(again(order).payment_intent or ""):
        for event in company.events(refund["id"]):
            assert deliver(browser(app), event, WEBHOOK_SECRET).status_code == 200


def by_sweeper() -> None:
    refunds.sweep(payments=payments(), now=utcnow() + refunds.ASK_AGAIN_AFTER, shop_url=SHOP)


@pytest.mark.parametrize("step", STEPS[5:], ids=lambda step: step[1])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("other", ["event", "sweeper"])
def test_refund_is_known_once_when_event_or_sweeper_comes_first(
    app: Flask,
    order: Order,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    side: str,
    other: str,
) -> None:
    acts: dict[str, Callable[[], None]] = {
        "event": lambda: by_event(app, order, company),
        "sweeper": by_sweeper,
    }

    getattr(meanwhile, side)(*step, acts[other])
    give_back(order)

    check_once(order, company, variant, meanwhile)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("name", ["restock", "_change", "restockable"])
def test_count_in_the_middle_of_a_return_is_refused_or_counted_first(
    order: Order, company: Company, variant: Variant, meanwhile: Meanwhile, side: str, name: str
) -> None:
    moved: list[CountMoved] = []

    def recount() -> None:
        try:
            with db.writing():
                ledger.count(variant.id, Shoes(9, 9), based_on=Shoes(4, 4), by="Ben", now=utcnow())
        except CountMoved as error:
            moved.append(error)

    getattr(meanwhile, side)(ledger, name, recount)
    give_back(order)
    meanwhile.over()

    assert meanwhile.errors == []
    assert on_hand(variant) == ((5, 5) if moved else (10, 10))
    assert ledger.differences() == []
