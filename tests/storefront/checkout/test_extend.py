"""More time to pay: a new page for the same order and hold, never two that can be paid."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from storefront.catalogue.models import Variant
from storefront.checkout import letters, purchase, sweeper
from storefront.checkout.payments import OpenPage, PageRequest, StripePayments, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.jobs import compose
from storefront.mail.models import Letter
from storefront.orders import marks
from storefront.orders.models import Order, OrderMark, PaymentPage
from storefront.stock import ledger
from storefront.stock.models import Hold
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import elsewhere, loaded


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return make.variant(pairs=5)


@pytest.fixture
def order(make: Make, variant: Variant) -> Order:
    """A waiting order of two pairs, whose shopper left an address."""
    cart = make.cart((variant, 2), email="ann@example.com")
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    return the_order()


def the_order() -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def pages() -> list[PaymentPage]:
    db.session.rollback()
    rows = select(PaymentPage).order_by(PaymentPage.attempt)
    return list(db.session.scalars(rows.execution_options(populate_existing=True)))


def opened(company: Company) -> dict[str, str]:
    """The company's pages that belong to ours: status by address."""
    keys = {page.idempotency_key for page in pages()}
    sessions = [s for s in company.sessions() if s["metadata"].get("page") in keys]
    return {s["url"] or s["id"]: s["status"] for s in sessions}


def held() -> int:
    db.session.rollback()
    return db.session.scalars(select(Variant.held_left)).one()


def extend(order: Order, *, minutes: float = 0, company: StripePayments | None = None) -> None:
    purchase.extend(
        order.id,
        payments=company or payments(),
        terms=terms(),
        now=utcnow() + timedelta(minutes=minutes),
    )


def test_new_page_takes_the_place_of_the_old_and_the_hold_stays(
    order: Order, company: Company
) -> None:
    extend(order, minutes=20)

    old, new = pages()
    assert (old.status, new.status) == ("expired", "open")
    assert company.session(old.session_id or "")["status"] == "expired"
    assert company.session(new.session_id or "")["status"] == "open"
    assert new.expires_at - old.expires_at >= timedelta(minutes=19)
    assert the_order().state == "pending"
    assert held() == 2
    assert db.session.scalar(select(func.count(Hold.id))) == 1
    assert ledger.differences() == []


def test_new_page_says_the_new_time_and_the_same_order(order: Order, company: Company) -> None:
    extend(order, minutes=20)

    first, second = (company.session(page.session_id or "") for page in pages())
    assert second["amount_subtotal"] == first["amount_subtotal"]
    assert second["client_reference_id"] == first["client_reference_id"] == str(order.number)
    assert second["custom_text"] != first["custom_text"]
    assert second["customer_email"] == "ann@example.com"


def test_more_time_can_be_had_ten_times_and_then_paid(order: Order, company: Company) -> None:
    for _ in range(10):
        extend(order)

    company.pay(pages()[-1].address)
    purchase.settle(pages()[-1].session_id or "", payments=payments(), terms=terms(), now=utcnow())

    assert [page.status for page in pages()] == ["expired"] * 10 + ["complete"]
    assert the_order().state == "paid"
    assert held() == 0
    assert ledger.differences() == []


def test_after_many_times_it_is_enough(order: Order, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purchase, "MOST_PAGES", 2)
    extend(order)

    with pytest.raises(purchase.CannotExtend) as refused:
        extend(order)
    assert str(refused.value) == "This order has been given more time as often as it can be."
    assert len(pages()) == 2


def test_old_page_that_was_paid_meanwhile_pays_the_order(order: Order, company: Company) -> None:
    company.pay(pages()[0].address)

    with pytest.raises(purchase.AlreadyPaid):
        extend(order)

    assert the_order().state == "paid"
    assert len(opened(company)) == 1, "no second page that could be paid too"
    assert ledger.differences() == []


def test_event_that_the_old_page_expired_does_not_end_the_order(order: Order) -> None:
    extend(order)

    purchase.settle(pages()[0].session_id or "", payments=payments(), terms=terms(), now=utcnow())

    assert the_order().state == "pending"
    assert held() == 2


def test_order_ends_with_its_last_page(order: Order, company: Company) -> None:
    extend(order)
    company.expire(pages()[1].session_id or "")

    purchase.settle(pages()[1].session_id or "", payments=payments(), terms=terms(), now=utcnow())

    assert the_order().state == "lapsed"
    assert held() == 0


class Silent(StripePayments):
    """The company, but for one request that gets no answer."""

    def __init__(self, silent: str, real: StripePayments) -> None:
        self.__dict__.update(real.__dict__)
        self._silent = silent

    def open_page(self, request: PageRequest) -> OpenPage:
        if self._silent == "open_page":
            raise Unclear("nobody answers")
        return super().open_page(request)

    def close_page(self, session_id: str) -> None:
        if self._silent == "close_page":
            raise Unclear("nobody answers")
        super().close_page(session_id)


def company_of(app: Flask) -> StripePayments:
    company = app.extensions["payments"]
    assert isinstance(company, StripePayments)
    return company


@pytest.mark.parametrize("step", ["close_page", "open_page"])
def test_silence_keeps_the_hold_and_the_same_click_goes_on(
    order: Order, app: Flask, company: Company, step: str
) -> None:
    with pytest.raises(Unclear):
        extend(order, company=Silent(step, company_of(app)))
    assert held() == 2

    extend(order)

    assert [page.status for page in pages()] == ["expired", "open"]
    assert list(opened(company).values()).count("open") == 1
    assert held() == 2


@pytest.mark.parametrize("step", ["close_page", "open_page"])
def test_extension_cut_short_is_finished_by_the_sweeper(
    order: Order, app: Flask, company: Company, step: str
) -> None:
    with pytest.raises(Unclear):
        extend(order, company=Silent(step, company_of(app)))

    later = utcnow() + timedelta(minutes=4)
    sweeper.sweep(payments=payments(), terms=terms(), now=later)

    assert [page.status for page in pages()] == ["expired", "open"]
    assert list(opened(company).values()).count("open") == 1
    assert the_order().state == "pending"
    assert held() == 2


def test_checkout_of_the_same_cart_after_a_cut_leaves_one_open_page(
    make: Make, variant: Variant, app: Flask, company: Company
) -> None:
    cart = make.cart((variant, 1))
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    with pytest.raises(Unclear):
        extend(the_order(), company=Silent("close_page", company_of(app)))

    address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())

    assert [url for url, status in opened(company).items() if status == "open"] == [address]


def test_changed_cart_closes_every_page_of_the_old_order(
    make: Make, variant: Variant, app: Flask, company: Company
) -> None:
    cart = make.cart((variant, 1))
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    with pytest.raises(Unclear):
        extend(the_order(), company=Silent("close_page", company_of(app)))

    more = type(cart)(cart.id, make.cart((variant, 2)).lines, "US")
    address = purchase.start(more, payments=payments(), terms=terms(), now=utcnow())

    assert [url for url, status in opened(company).items() if status == "open"] == [address]
    db.session.rollback()
    states = db.session.scalars(select(Order.state).order_by(Order.id)).all()
    assert list(states) == ["lapsed", "pending"]
    assert held() == 2
    assert ledger.differences() == []


def test_second_page_that_was_paid_too_is_told_to_staff(order: Order, company: Company) -> None:
    first = pages()[0]
    company.pay(first.address)
    with db.writing():
        page = purchase._next_page(first, terms(), utcnow())
        db.session.add(page)
    opened = payments().open_page(PageRequest.from_data(pages()[1].parameters))
    purchase.attach(pages()[1].id, opened.session_id, opened.address)
    company.pay(opened.address)

    for page in pages():
        purchase.settle(page.session_id or "", payments=payments(), terms=terms(), now=utcnow())

    db.session.rollback()
    assert "second payment page" in db.session.scalars(select(OrderMark.why)).one()
    assert the_order().state == "paid"
    assert ledger.differences() == []


@pytest.mark.parametrize("state", ["lapsed", "cancelled"])
def test_ended_order_gets_no_more_time(client: FlaskClient, make: Make, state: str) -> None:
    order = make.order(state="pending")
    with db.writing():
        ledger.release(order.id, why="expired", now=utcnow())
        db.session.get_one(Order, order.id).state = state
    answer = client.post(f"/orders/{order.reference}/extension")

    assert answer.status_code == 409
    assert "has ended" in answer.text
    assert pages() == []


@pytest.mark.parametrize("found", ["paid", "marked"])
def test_order_with_money_on_its_way_leads_to_itself(order: Order, found: str) -> None:
    with db.writing():
        if found == "paid":
            db.session.get_one(Order, order.id).paid_at = utcnow()
        else:
            marks.put(order, "processing", "?", now=utcnow())

    with pytest.raises(purchase.AlreadyPaid) as paid:
        extend(order)

    assert paid.value.reference == order.reference
    assert len(pages()) == 1


def test_order_that_another_process_has_ended_gets_no_more_time(order: Order) -> None:
    mine = loaded(Order, order.id)
    elsewhere(update(Order).values(state="lapsed"))

    with pytest.raises(purchase.CannotExtend) as refused:
        extend(mine)

    assert str(refused.value) == "This order has ended, so its time cannot be made longer."
    assert len(pages()) == 1


def test_paid_order_gets_no_new_page(client: FlaskClient, make: Make) -> None:
    order = make.order(state="paid", paid_at=utcnow())

    answer = client.post(f"/orders/{order.reference}/extension", follow_redirects=True)

    assert "Your order is paid" in answer.text
    assert pages() == []


def test_foreign_order_is_not_found(client: FlaskClient) -> None:
    assert client.post("/orders/AAAAAAAAAAAAAAAAAAAAAA/extension").status_code == 404


def test_shopper_asks_for_more_time_on_the_order_page(
    client: FlaskClient, order: Order, company: Company
) -> None:
    before = client.get(f"/orders/{order.reference}").text
    assert "Give me more time" in before and pages()[0].address in before

    answer = client.post(f"/orders/{order.reference}/extension", follow_redirects=True)

    assert answer.status_code == 200
    assert "kept for you until" in answer.text
    assert pages()[1].address in answer.text and pages()[0].address not in answer.text


def test_silent_company_says_that_the_shoes_are_kept(
    client: FlaskClient, order: Order, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.extensions, "payments", Silent("close_page", company_of(app)))

    answer = client.post(f"/orders/{order.reference}/extension")

    assert answer.status_code == 503
    assert "kept for you meanwhile" in answer.text
    assert held() == 2


def warn(minutes: float) -> int:
    now = utcnow() + timedelta(minutes=minutes)
    return letters.time_to_pay_ends(shop_url="https://shop.example", zone=terms().zone, now=now)


def test_shopper_is_warned_once_ten_minutes_before_the_end(order: Order) -> None:
    assert warn(45) == 0
    assert warn(51) == 1
    assert warn(52) == 0

    mail = compose(db.session.scalars(select(Letter)).one())
    assert mail["To"] == "ann@example.com"
    assert f"https://shop.example/orders/{order.reference}" in mail.get_content()
    assert "ask for more time" in mail.get_content()


def test_each_page_has_its_own_warning(order: Order) -> None:
    assert warn(51) == 1
    extend(order, minutes=51)
    assert warn(52) == 0
    assert warn(105) == 1


def test_nobody_is_warned_after_the_end_or_without_an_address(make: Make, variant: Variant) -> None:
    purchase.start(make.cart((variant, 1)), payments=payments(), terms=terms(), now=utcnow())
    assert warn(55) == 0
    assert db.session.scalar(select(func.count(Letter.id))) == 0


def test_paid_order_is_not_warned(order: Order, company: Company) -> None:
    company.pay(pages()[0].address)
    purchase.settle(pages()[0].session_id or "", payments=payments(), terms=terms(), now=utcnow())

    assert warn(55) == 0
