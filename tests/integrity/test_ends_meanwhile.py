"""Another request comes into the middle of an end: a release, a dispatch, an attached page."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask
from requests import HTTPError
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.checkout import purchase, refunds, sweeper
from storefront.checkout.payments import StripePayments, Unclear
from storefront.checkout.refunds import CannotCancel
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.stock import ledger
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.integrity.shopper import check_books, counts, orders
from tests.payments import Company
from tests.storefront.checkout.paid import SHOP

SIDES = ["before", "after"]
RELEASE = [(purchase, "_lapse"), (ledger, "release"), (ledger, "_end_holds"), (ledger, "_change")]


@pytest.fixture
def meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(app, monkeypatch)


@pytest.fixture
def last(make: Make) -> Variant:
    """A size of which one pair is there; it belongs to no session."""
    make.delivery()
    variant = make.variant(pairs=1)
    db.session.refresh(variant)
    db.session.expunge(variant)
    return variant


def start(make: Make, variant: Variant) -> str:
    cart = make.cart((variant, 1))
    return purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())


def settle(address: str) -> None:
    session_id = address.rpartition("/")[2]
    purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())


def count(variant: Variant, pairs: int) -> None:
    with suppress(CountMoved, BelowHeld), db.writing():
        ledger.count(variant.id, Shoes(pairs, pairs), based_on=Shoes(1, 1), by="Ann", now=utcnow())


def dispatch(order_id: int) -> None:
    refused = (dispatching.NotPaid, dispatching.AlreadyDispatched)
    with suppress(*refused), db.writing():
        dispatching.dispatch(
            order_id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )


def cancel(order_id: int) -> None:
    with suppress(CannotCancel):
        refund_id = refunds.cancel(
            order_id, key=new_secret(), by="Ann", now=utcnow(), shop_url=SHOP
        )
        refunds.carry_out(refund_id or 0, payments=payments(), now=utcnow(), shop_url=SHOP)


@pytest.mark.parametrize("step", RELEASE, ids=lambda step: step[1])
@pytest.mark.parametrize("side", SIDES)
def test_released_pair_goes_to_one_shopper_at_most(
    make: Make, company: Company, last: Variant, meanwhile: Meanwhile, step: Any, side: str
) -> None:
    address = start(make, last)
    company.expire(address.rpartition("/")[2])
    other = make.cart((last, 1))
    bought: list[str] = []

    def buy() -> None:
        with suppress(purchase.CannotBuy):
            bought.append(purchase.start(other, payments=payments(), terms=terms(), now=utcnow()))

    getattr(meanwhile, side)(*step, buy)
    settle(address)
    meanwhile.over()

    assert meanwhile.errors == []
    assert len(orders("pending")) == len(bought) <= 1
    assert counts(last.id) == (1, len(bought))
    assert ledger.differences() == []


@pytest.mark.parametrize("step", RELEASE, ids=lambda step: step[1])
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("pairs", [0, 3])
def test_count_that_meets_a_release_is_kept_or_refused(
    make: Make, company: Company, last: Variant, meanwhile: Meanwhile, step: Any, side: str,
    pairs: int,
) -> None:  # fmt: skip
    address = start(make, last)
    company.expire(address.rpartition("/")[2])

    getattr(meanwhile, side)(*step, lambda: count(last, pairs))
    settle(address)
    meanwhile.over()

    assert meanwhile.errors == []
    assert counts(last.id) in ([(1, 0), (0, 0)] if pairs == 0 else [(3, 0)])
    assert ledger.differences() == []


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("other", ["settle", "sweep", "end"])
def test_page_that_is_being_attached_has_one_end(
    make: Make, company: Company, last: Variant, meanwhile: Meanwhile, side: str, other: str
) -> None:
    """It is paid, swept or ended at the company just as its address is written down."""

    def newest() -> str:
        return str(company.sessions()[0]["id"])

    def end() -> None:
        with suppress(HTTPError):
            company.expire(newest())
        settle(newest())

    acts: dict[str, Callable[[], object]] = {
        "settle": lambda: settle(newest()),
        "sweep": lambda: sweeper.sweep(payments=payments(), terms=terms(), now=utcnow()),
        "end": end,
    }

    getattr(meanwhile, side)(purchase, "attach", acts[other])
    with suppress(Unclear):
        start(make, last)
    meanwhile.over()

    assert meanwhile.errors == []
    gone = other == "end"
    assert [order.state for order in orders()] == ["lapsed" if gone else "pending"]
    assert counts(last.id) == (1, 0 if gone else 1)
    ours = [s for s in company.sessions() if s["id"] == orders()[0].page.session_id]
    check_books(ours)


@pytest.mark.parametrize(
    "step", [(dispatching, "dispatch"), (dispatching, "_owed")], ids=lambda step: step[1]
)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("other", [dispatch, cancel], ids=lambda act: str(act.__name__))
def test_order_is_sent_once_or_cancelled_whole(
    make: Make, company: Company, last: Variant, meanwhile: Meanwhile, step: Any, side: str,
    other: Callable[[int], None],
) -> None:  # fmt: skip
    address = start(make, last)
    company.pay(address)
    settle(address)
    order_id = orders()[0].id
    db.session.expunge_all()

    getattr(meanwhile, side)(*step, lambda: other(order_id))
    dispatch(order_id)
    meanwhile.over()

    assert meanwhile.errors == []
    order = orders()[0]
    sent = order.dispatch is not None
    assert order.state == ("dispatched" if sent else "cancelled")
    given = sum(r["amount"] for r in company.refunds(order.payment_intent or ""))
    assert given == (0 if sent else order.total_minor)
    assert counts(last.id) == ((0, 0) if sent else (1, 0))
    told = db.session.scalars(select(Letter.template)).all()
    assert told.count("order_dispatched") == sent
    assert ledger.differences() == []


@pytest.mark.parametrize("side", SIDES)
def test_page_that_staff_close_as_it_is_opened_leaves_nothing_held(
    make: Make, company: Company, last: Variant, meanwhile: Meanwhile, side: str
) -> None:
    def close() -> None:
        page = orders()[0].page
        db.session.rollback()
        purchase.close(page.id, payments=payments(), terms=terms(), now=utcnow())

    getattr(meanwhile, side)(StripePayments, "open_page", close)
    with pytest.raises(Unclear):
        start(make, last)
    meanwhile.over()

    assert meanwhile.errors == []
    assert [order.state for order in orders()] == ["lapsed"]
    assert counts(last.id) == (1, 0)
    check_books()
