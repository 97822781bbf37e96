"""The payments desk: what is held, what was heard, sums against the company's, stuck orders."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, update

from storefront.catalogue.models import Variant
from storefront.checkout import comparison, purchase
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import StripePayments, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.orders.models import Order, OrderMark, PaymentPage
from storefront.stock import ledger
from storefront.stock.models import Hold
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import again, buy, on_hand, refunds_of
from tests.storefront.staff.people import Browser, signed_in
from wsgi import TEST_KEY


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return make.variant(pairs=5)


@pytest.fixture
def desk(app: Flask) -> Browser:
    return signed_in(app, "stock")


def wait(make: Make, variant: Variant) -> Order:
    """Return an order that waits for its payment."""
    cart = make.cart((variant, 2))
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    db.session.rollback()
    return db.session.scalars(select(Order).order_by(Order.id.desc())).first()  # type: ignore[return-value]


def held(variant: Variant) -> int:
    db.session.rollback()
    chosen = select(Variant.held_left).where(Variant.id == variant.id)
    return db.session.scalars(chosen).one()


def compare(days: int = 2) -> comparison.Comparison:
    since = utcnow() - timedelta(days=days)
    return comparison.compare(since=since, payments=payments(), terms=terms(), now=utcnow())


def marks(order: Order) -> list[tuple[str, str, bool]]:
    db.session.rollback()
    rows = db.session.execute(
        select(OrderMark.kind, OrderMark.why, OrderMark.ended_at).where(
            OrderMark.order_id == order.id
        )
    )
    return [(kind, why, ended is None) for kind, why, ended in rows]


# Shoes held, and pages closed


def test_staff_see_what_is_held_and_close_the_page_now(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    order = wait(make, variant)
    page = order.pages[0]
    shown = desk.get("/staff/payments").text
    assert f"/staff/orders/{order.number}" in shown
    assert "2 × " in shown
    assert held(variant) == 2

    closed = desk.send(f"/staff/payments/pages/{page.id}/closing")

    assert closed.status_code == 303
    assert "is closed; the order is lapsed" in desk.get(closed.location).text
    assert held(variant) == 0
    assert company.session(page.session_id or "")["status"] == "expired"
    again_closed = desk.send(f"/staff/payments/pages/{page.id}/closing")
    assert again_closed.status_code == 409
    assert "ended already" in again_closed.text


def test_page_that_was_paid_meanwhile_is_not_lost_when_staff_close_it(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    order = wait(make, variant)
    company.pay(order.pages[0].address)

    closed = desk.send(f"/staff/payments/pages/{order.pages[0].id}/closing")

    assert "the order is paid" in desk.get(closed.location).text
    assert again(order).state == "paid"
    assert on_hand(variant) == (3, 3)


def test_page_stays_open_when_the_company_does_not_answer(
    desk: Browser, make: Make, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = wait(make, variant)

    def silent(self: StripePayments, session_id: str) -> None:
        raise Unclear("time-out")

    monkeypatch.setattr(StripePayments, "close_page", silent)
    closed = desk.send(f"/staff/payments/pages/{order.pages[0].id}/closing")

    assert "does not answer just now" in desk.get(closed.location).text
    assert held(variant) == 2
    assert again(order).state == "pending"


# Events


def event_of(company: Company, order: Order) -> dict[str, Any]:
    return company.events(order.pages[-1].session_id or "")[-1]


def test_event_that_failed_is_kept_shown_and_heard_again(
    app: Flask,
    desk: Browser,
    make: Make,
    variant: Variant,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    order = wait(make, variant)
    company.pay(order.pages[0].address)
    event = event_of(company, order)
    with monkeypatch.context() as broken:
        broken.setattr(ledger, "sell", lambda *a, **k: 1 / 0)
        assert deliver(browser(app), event, WEBHOOK_SECRET).status_code == 500
    assert "payment events that failed" in desk.get("/staff").text
    shown = desk.get("/staff/payments/events?failed=1").text
    assert "checkout.session.completed" in shown
    assert "ZeroDivisionError" in shown

    heard = desk.send(f"/staff/payments/events/{event['id']}/replay")

    assert heard.status_code == 303
    assert again(order).state == "paid"
    assert "There are no such events" in desk.get("/staff/payments/events?failed=1").text
    assert f">{order.number}</a>" in desk.get("/staff/payments/events").text


def test_event_heard_again_and_again_changes_nothing_more(
    app: Flask, desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    order = buy(make, company, (variant, 2))
    event = event_of(company, order)
    deliver(browser(app), event, WEBHOOK_SECRET)

    for _ in range(3):
        desk.send(f"/staff/payments/events/{event['id']}/replay")

    assert on_hand(variant) == (3, 3)
    assert db.session.scalar(select(func.count(PaymentEvent.id))) == 1
    assert ledger.differences() == []


def test_event_that_the_company_knows_no_more_is_heard_from_what_was_kept(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    order = wait(make, variant)
    company.pay(order.pages[0].address)
    with db.writing():
        db.session.add(
            PaymentEvent(
                id="evt_old",
                type="checkout.session.completed",
                session_id=order.pages[0].session_id,
                received_at=utcnow(),
                error="Broken.",
            )
        )

    desk.send("/staff/payments/events/evt_old/replay")

    assert again(order).state == "paid"


def test_event_that_is_not_there_is_not_found(desk: Browser) -> None:
    assert desk.send("/staff/payments/events/evt_none/replay").status_code == 404


# Sums against orders


def test_books_agree_when_all_was_heard(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    first, second = buy(make, company, (variant, 1)), buy(make, company, (variant, 2))

    found = compare()

    total = (first.total_minor or 0) + (second.total_minor or 0)
    assert (found.orders, found.ours_minor, found.theirs_minor) == (2, total, total)
    assert marks(first) == marks(second) == []
    done = desk.send("/staff/payments/comparison")
    page = desk.get(done.location).text
    assert "2 paid orders: we say" in page
    sums = desk.get("/staff/payments").text
    assert "USD" in sums


def test_payment_that_nobody_told_of_is_settled(
    make: Make, variant: Variant, company: Company
) -> None:
    order = wait(make, variant)
    company.pay(order.pages[0].address)

    compare()

    assert again(order).state == "paid"


def test_refund_that_nobody_told_of_is_recorded(
    make: Make, variant: Variant, company: Company
) -> None:
    order = buy(make, company, (variant, 1))
    requests.post(
        f"{company.url}/v1/refunds",
        data={"payment_intent": order.payment_intent, "amount": 321},
        auth=(TEST_KEY, ""),
        timeout=10,
    ).raise_for_status()

    compare()
    compare()

    assert [(r.amount_minor, r.status) for r in refunds_of(order)] == [(321, "succeeded")]


def test_order_whose_payment_the_company_does_not_know_is_marked_once(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    order = buy(make, company, (variant, 1))
    with db.writing():
        db.session.execute(
            update(PaymentPage)
            .where(PaymentPage.order_id == order.id)
            .values(session_id=f"cs_test_{new_secret()}", idempotency_key=new_secret())
        )

    assert compare().differences >= 1
    compare()

    assert marks(order) == [("parked", comparison.NO_PAYMENT, True)]
    assert f"/staff/orders/{order.number}" in desk.get("/staff/orders?state=asking").text


def test_order_of_another_sum_is_marked(make: Make, variant: Variant, company: Company) -> None:
    order = buy(make, company, (variant, 1))
    with db.writing():
        db.session.get_one(Order, order.id).total_minor = 1

    found = compare()

    assert found.ours_minor == 1 != found.theirs_minor
    ((kind, why, open_),) = marks(order)
    assert kind == "parked" and open_
    assert "says that $" in why


def test_payment_for_no_order_is_found_once_and_can_be_put_aside(
    desk: Browser, make: Make, variant: Variant, company: Company
) -> None:
    """A shop restored from yesterday's backup knows nothing of today's orders."""
    order = buy(make, company, (variant, 1))
    session_id = order.pages[0].session_id
    forget(order)

    compare()
    compare()

    kept = db.session.get(PaymentEvent, f"found:{session_id}")
    assert kept is not None and "no order here knows" in kept.error
    assert "was paid, and no order here" in desk.get("/staff/payments/events?failed=1").text
    desk.send(f"/staff/payments/events/found:{session_id}/replay")
    assert f"found:{session_id}" not in desk.get("/staff/payments/events?failed=1").text


def forget(order: Order) -> None:
    """Make the shop forget an order's payment page, as a restored backup would."""
    with db.writing():
        db.session.execute(
            update(PaymentPage)
            .where(PaymentPage.order_id == order.id)
            .values(session_id=None, idempotency_key=new_secret())
        )


def test_comparison_says_when_the_company_does_not_answer(
    desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(self: StripePayments, since: object) -> None:
        raise Unclear("time-out")

    monkeypatch.setattr(StripePayments, "paid_pages", silent)

    done = desk.send("/staff/payments/comparison")

    assert "does not answer just now" in desk.get(done.location).text


# Orders that a person must end


@pytest.fixture
def stuck(make: Make, variant: Variant) -> Order:
    """A waiting order of another key, past its time."""
    order = wait(make, variant)
    with db.writing():
        db.session.get_one(Order, order.id).account = "another"
        db.session.execute(update(PaymentPage).values(expires_at=utcnow() - timedelta(minutes=1)))
    return again(order)


def test_owner_ends_an_order_of_another_key_with_a_reason(
    app: Flask, stuck: Order, variant: Variant
) -> None:
    owner = signed_in(app, "owner")
    assert "waiting orders of another key" in owner.get("/staff").text
    address = f"/staff/payments/orders/{stuck.number}/end"
    assert address in owner.get("/staff/payments").text

    done = owner.send(address, reason="The old account is closed")

    assert done.status_code == 303
    assert again(stuck).state == "lapsed"
    assert held(variant) == 0
    assert [page.status for page in again(stuck).pages] == ["expired"]
    assert marks(stuck) == [("ended", "The old account is closed (Ann)", False)]
    assert db.session.scalars(select(Hold.end_reason)).one() == "ended"
    assert ledger.differences() == []
    assert "The old account is closed" in owner.get(f"/staff/orders/{stuck.number}").text
    assert owner.send(address, reason="Twice").status_code == 409


def test_order_is_not_ended_without_a_reason(app: Flask, stuck: Order, variant: Variant) -> None:
    answer = signed_in(app, "owner").send(f"/staff/payments/orders/{stuck.number}/end", reason="  ")

    assert answer.status_code == 422
    assert "Please write down why." in answer.text
    assert held(variant) == 2


def test_only_an_owner_ends_an_order(desk: Browser, stuck: Order) -> None:
    answer = desk.send(f"/staff/payments/orders/{stuck.number}/end", reason="x")

    assert answer.status_code == 403
    assert again(stuck).state == "pending"


def test_order_that_may_still_be_paid_is_not_ended(
    app: Flask, make: Make, variant: Variant
) -> None:
    order = wait(make, variant)
    owner = signed_in(app, "owner")
    address = f"/staff/payments/orders/{order.number}/end"

    own_key = owner.send(address, reason="x")
    with db.writing():
        db.session.get_one(Order, order.id).account = "another"
    other_key = owner.send(address, reason="x")

    assert own_key.status_code == other_key.status_code == 409
    assert "settled by the shop itself" in own_key.text
    assert "may still be paid on" in other_key.text
    assert held(variant) == 2


def test_parked_order_is_ended_by_an_owner(
    app: Flask, make: Make, variant: Variant, company: Company
) -> None:
    order = wait(make, variant)
    with db.writing():
        db.session.get_one(Order, order.id).subtotal_minor = 1
    company.pay(order.pages[0].address)
    purchase.settle(
        order.pages[0].session_id or "", payments=payments(), terms=terms(), now=utcnow()
    )
    assert [kind for kind, _, _ in marks(order)] == ["parked"]

    done = signed_in(app, "owner").send(
        f"/staff/payments/orders/{order.number}/end", reason="Money given back"
    )

    assert done.status_code in {303, 409}
    assert (again(order).state, held(variant)) == ("lapsed", 0)
    assert {(kind, open_) for kind, _, open_ in marks(order)} == {
        ("parked", False),
        ("ended", False),
    }
