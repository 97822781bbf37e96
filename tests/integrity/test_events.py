"""Events lost, late, doubled, in any order, before or after the shopper is back: one end state."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import permutations
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from storefront.catalogue.models import Variant
from storefront.checkout import comparison, purchase, refunds, sweeper
from storefront.checkout.models import PaymentEvent
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import Base, db, new_secret
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders.models import Order
from storefront.stock import ledger
from storefront.stock.models import Movement
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.integrity.shopper import check_books, counts, orders
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import SHOP, again
from wsgi import TEST_KEY

PAIRS = 5
TRIED = 5  # orders of acts, evenly chosen of all there are
Act = Callable[[], object]


def start(make: Make) -> tuple[Variant, str]:
    """Let a shopper buy two pairs up to the payment page; return the size and the page."""
    make.delivery()
    variant = make.variant(pairs=PAIRS)
    cart = make.cart((variant, 2))
    return variant, purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())


def sweep(hours: float = 2) -> None:
    later = utcnow() + timedelta(hours=hours)
    sweeper.sweep(payments=payments(), terms=terms(), now=later)
    refunds.sweep(payments=payments(), now=later, shop_url=SHOP)


def tell(app: Flask, event: dict[str, Any]) -> None:
    assert deliver(browser(app), event, WEBHOOK_SECRET).status_code == 200


def come_back(app: Flask, address: str) -> None:
    parts = urlsplit(address)
    assert browser(app).get(f"{parts.path}?{parts.query}").status_code == 303


def compare(since: datetime | None = None) -> None:
    since = since or utcnow() - timedelta(minutes=1)
    comparison.compare(since=since, payments=payments(), terms=terms(), now=utcnow())


def all_events(company: Company, *names: str) -> list[dict[str, Any]]:
    """Return every event about these things of the company, or that mentions one."""
    answer = requests.get(f"{company.url}/v1/events?limit=20", auth=(TEST_KEY, ""), timeout=10)
    return [
        event
        for event in reversed(answer.json()["data"])
        if any(name in str(event["data"]["object"]) for name in names)
    ]


def state() -> dict[str, Any]:
    """Return what the shop says happened, without numbers and moments."""
    db.session.rollback()
    db.session.expire_all()
    (order,) = orders()
    return {
        "state": order.state,
        "total": order.total_minor,
        "marks": sorted((mark.kind, mark.ended_at is None) for mark in order.marks),
        "refunds": [(refund.amount_minor, refund.status) for refund in order.refunds],
        "moved": sorted(
            db.session.execute(
                select(Movement.reason, Movement.left_change, Movement.right_change)
            ).all()
        ),
        "told": sorted(each.partition(":")[0] for each in db.session.scalars(select(Letter.cause))),
        "failed": db.session.scalar(
            select(func.count(PaymentEvent.id)).where(
                PaymentEvent.applied_at.is_(None),
                # the comparison also finds what was paid before the shop was emptied
                PaymentEvent.session_id.in_([page.session_id for page in order.pages])
                | (PaymentEvent.payment_intent == order.payment_intent),
            )
        ),
        "stock": db.session.execute(select(Variant.on_hand_left, Variant.held_left)).one(),
    }


def all_the_same(ends: list[dict[str, Any]]) -> None:
    for end in ends:
        assert end == ends[0]


def emptied() -> datetime:
    """Empty the shop, and return when that was; the company remembers what was before."""
    db.session.rollback()
    with db.writing():
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
    db.session.expunge_all()
    return utcnow()


@pytest.mark.slow
def test_payment_has_one_end_whatever_is_heard_in_whatever_order(
    app: Flask, make: Make, company: Company
) -> None:
    """Events twice each, the way back, the sweeper, and the comparison of the books."""
    ends: list[dict[str, Any]] = []
    for order_of_acts in spread(permutations(range(6))):
        began = emptied()
        variant, page = start(make)
        back = company.pay(page)
        heard = all_events(company, page.rpartition("/")[2])
        completed = next(e for e in heard if e["type"] == "checkout.session.completed")
        acts: list[Act] = [
            lambda event=completed: tell(app, event),
            lambda event=completed: tell(app, event),
            lambda events=heard: [tell(app, event) for event in reversed(events)],
            lambda address=back: come_back(app, address),
            sweep,
            lambda since=began: compare(since),
        ]
        for place in order_of_acts:
            acts[place]()
        ends.append(state())

    all_the_same(ends)
    assert ends[0]["state"] == "paid" and ends[0]["failed"] == 0
    assert ends[0]["moved"] == [("counted", PAIRS, PAIRS), ("sold", -2, -2)]
    assert ends[0]["told"] == ["order-new", "order-paid"]
    assert counts(variant.id) == (PAIRS - 2, 0)


@pytest.mark.parametrize("act", ["event", "way back", "sweep", "compare"])
def test_one_of_four_ways_to_hear_of_a_payment_is_enough(
    app: Flask, make: Make, company: Company, act: str
) -> None:
    variant, page = start(make)
    back = company.pay(page)
    completed = company.events(page.rpartition("/")[2])[-1]

    {
        "event": lambda: tell(app, completed),
        "way back": lambda: come_back(app, back),
        "sweep": sweep,
        "compare": compare,
    }[act]()

    assert state()["state"] == "paid"
    assert counts(variant.id) == (PAIRS - 2, 0)
    check_books()


@pytest.mark.slow
def test_refund_of_the_dashboard_has_one_end_in_whatever_order_it_is_heard_of(
    app: Flask, make: Make, company: Company
) -> None:
    ends: list[dict[str, Any]] = []
    for order_of_acts in spread(permutations(range(5))):
        began = emptied()
        _, page = start(make)
        company.pay(page)
        session_id = page.rpartition("/")[2]
        intent = company.session(session_id)["payment_intent"]
        requests.post(
            f"{company.url}/v1/refunds",
            data={"payment_intent": intent, "amount": "500"},
            auth=(TEST_KEY, ""),
            timeout=10,
        ).raise_for_status()
        told = all_events(company, session_id, intent)
        of_refund = [event for event in told if "refund" in event["type"]]
        assert len(of_refund) >= 2
        acts: list[Act] = [
            lambda events=of_refund: tell(app, events[0]),
            lambda events=of_refund: tell(app, events[1]),
            lambda events=told: [tell(app, event) for event in reversed(events)],
            sweep,
            lambda events=told: [tell(app, event) for event in events],
        ]
        for place in order_of_acts:
            acts[place]()
        compare(began)  # a refund heard of before its payment is found when the books are compared
        ends.append(state())

    all_the_same(ends)
    assert ends[0]["refunds"] == [(500, "succeeded")]
    assert ends[0]["told"] == ["order-new", "order-paid", "order-refunded"]


def spread(all_orders: Any) -> list[Any]:
    """Return some of very many orders, evenly chosen, the first and the last among them."""
    every = list(all_orders)
    return every[:: len(every) // (TRIED - 1)] + every[-1:]


@pytest.mark.parametrize("meanwhile", ["settled", "sent", "cancelled", "counted"])
def test_event_that_comes_three_days_late_changes_nothing(
    app: Flask, make: Make, company: Company, monkeypatch: pytest.MonkeyPatch, meanwhile: str
) -> None:
    variant, page = start(make)
    company.pay(page)
    heard = all_events(company, page.rpartition("/")[2])
    sweep()
    order = orders()[0]
    if meanwhile == "sent":
        with db.writing():
            dispatching.dispatch(
                order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
            )
    elif meanwhile == "cancelled":
        refund_id = refunds.cancel(
            order.id, key=new_secret(), by="Ann", now=utcnow(), shop_url=SHOP
        )
        refunds.carry_out(refund_id or 0, payments=payments(), now=utcnow(), shop_url=SHOP)
    elif meanwhile == "counted":
        with db.writing():
            ledger.count(
                variant.id,
                ledger.Shoes(9, 9),
                based_on=ledger.Shoes(PAIRS - 2, PAIRS - 2),
                by="Ann",
                now=utcnow(),
            )
    before = state()

    monkeypatch.setattr("storefront.checkout.webhook.utcnow", lambda: utcnow() + timedelta(days=3))
    for event in (*heard, *reversed(heard)):
        tell(app, event)

    assert state() == before
    after = {"sent": "dispatched", "cancelled": "cancelled"}
    assert again(order).state == after.get(meanwhile, "paid")


def test_payment_that_is_heard_of_three_days_late_still_sells_its_shoes(
    app: Flask, make: Make, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else came: no way back, no sweeper, and the page's time is long over."""
    variant, page = start(make)
    company.pay(page)
    completed = company.events(page.rpartition("/")[2])[-1]

    monkeypatch.setattr("storefront.checkout.webhook.utcnow", lambda: utcnow() + timedelta(days=3))
    tell(app, completed)

    assert state()["state"] == "paid"
    assert counts(variant.id) == (PAIRS - 2, 0)
    check_books()


@pytest.mark.slow
def test_expiry_and_payment_of_two_pages_have_one_end_in_any_order(
    app: Flask, make: Make, company: Company
) -> None:
    """The first page was closed for more time, the second was paid; their events are shuffled."""
    ends: list[dict[str, Any]] = []
    for order_of_acts in spread(permutations(range(4))):
        emptied()
        _, first = start(make)
        order_id = db.session.scalars(select(Order.id)).one()
        purchase.extend(order_id, payments=payments(), terms=terms(), now=utcnow())
        second = orders()[0].page.address
        back = company.pay(second)
        expired = all_events(company, first.rpartition("/")[2])[-1]
        completed = all_events(company, second.rpartition("/")[2])[-1]
        assert (expired["type"], completed["type"]) == (
            "checkout.session.expired",
            "checkout.session.completed",
        )
        acts: list[Act] = [
            lambda event=expired: tell(app, event),
            lambda event=completed: tell(app, event),
            lambda address=back: come_back(app, address),
            lambda event=expired: tell(app, event),
        ]
        for place in order_of_acts:
            acts[place]()
        ends.append(state())

    all_the_same(ends)
    assert ends[0]["state"] == "paid"
    assert ends[0]["told"] == ["order-new", "order-paid"]
