"""A purchase, step by step: begin, open page, attach, settle."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from storefront.cart.models import Cart, Line
from storefront.catalogue.models import Product, Variant
from storefront.checkout import purchase, refunds, sweeper
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import (
    Event,
    OpenPage,
    PageDelivery,
    PageFacts,
    PageLine,
    PageRequest,
    Payments,
    Refused,
    StripePayments,
    Unclear,
)
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.delivery.models import Method
from storefront.delivery.queries import quotes
from storefront.mail.jobs import send_due
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders import marks as order_marks
from storefront.orders.models import Order, OrderMark, PaymentPage
from storefront.stock import ledger
from storefront.stock.models import Hold, Movement
from tests.factories import NOW, Make
from tests.payments import Company
from tests.storefront.checkout.paid import elsewhere, loaded
from wsgi import TEST_KEY


def counts(variant: Variant) -> tuple[int, int]:
    """On hand and held, in pairs."""
    db.session.rollback()
    row = db.session.execute(
        select(
            Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
        ).where(Variant.id == variant.id)
    ).one()
    assert (row[0], row[2]) == (row[1], row[3]), "both sides move together"
    return row[0], row[2]


def only_order() -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def only_page() -> PaymentPage:
    db.session.rollback()
    return db.session.scalars(select(PaymentPage).execution_options(populate_existing=True)).one()


def marks(order: Order) -> list[str]:
    return list(db.session.scalars(select(OrderMark.kind).where(OrderMark.order_id == order.id)))


class Failing:
    """A payment company that fails in one way and otherwise is the real one."""

    hears_events = True

    def __init__(self, real: Payments, *, error: Exception, after: bool = False) -> None:
        self.real, self.error, self.after = real, error, after
        self.account = real.account

    def open_page(self, request: PageRequest) -> OpenPage:
        if self.after:
            self.real.open_page(request)
        raise self.error

    def look_up(self, session_id: str) -> PageFacts | None:
        return self.real.look_up(session_id)

    def close_page(self, session_id: str) -> None:
        self.real.close_page(session_id)

    def read_event(self, body: bytes, signature: str) -> object:
        raise NotImplementedError


def start(cart: object, *, company: Payments | None = None) -> str:
    return purchase.start(cart, payments=company or payments(), terms=terms(), now=utcnow())  # type: ignore[arg-type]


def settle(session_id: str) -> Order | None:
    return purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())


def test_start_holds_the_shoes_and_opens_a_page(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)

    address = start(make.cart((variant, 2), email="a@example.com"))

    assert counts(variant) == (5, 2)
    session = company.session(address.rpartition("/")[2])
    assert session["amount_subtotal"] == 2 * 8900
    assert session["expires_at"] == int(only_page().expires_at.timestamp())
    assert session["customer_email"] == "a@example.com"


def test_the_page_is_told_until_when_the_shoes_are_kept(make: Make, company: Company) -> None:
    make.delivery()

    address = start(make.cart((make.variant(), 1)))

    until = only_page().expires_at.astimezone(terms().zone)
    told = company.session(address.rpartition("/")[2])["custom_text"]["submit"]["message"]
    assert re.search(rf"until {until:%-I:%M} [AP]M E[SD]T\.", told)  # with the zone's name
    assert told.endswith(LONGER)


def test_paid_order_sells_the_shoes_and_keeps_what_was_said(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    address = start(make.cart((variant, 2)))

    company.pay(address, rate=1, line2="Flat 2", phone="+1 555 0100")
    order = settle(only_page().session_id or "")

    assert order is not None and order.state == "paid"
    assert counts(variant) == (3, 0)
    assert order.total_minor == 2 * 8900 + 1495
    assert (order.delivery_name, order.delivery_minor) == ("Express", 1495)
    assert (order.name, order.line1, order.line2) == ("Ann Example", "1 Main Street", "Flat 2")
    assert (order.city, order.region, order.postal_code) == ("Santa Barbara", "CA", "93101")
    assert order.email == "shopper@example.com"
    assert ledger.differences() == []


def test_settling_ten_times_changes_nothing_more(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""

    for _ in range(10):
        settle(session_id)

    assert counts(variant) == (4, 0)
    sold = select(func.count(Movement.id)).where(Movement.reason == "sold")
    assert db.session.scalar(sold) == 1
    assert db.session.scalar(select(func.count(Letter.id))) == 2


def test_open_page_settles_to_nothing(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))

    order = settle(only_page().session_id or "")

    assert order is not None and order.state == "pending"
    assert counts(variant) == (5, 1)


def test_expired_page_gives_the_shoes_back(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""
    company.expire(session_id)

    order = settle(session_id)

    assert order is not None and order.state == "lapsed"
    assert counts(variant) == (5, 0)
    assert db.session.scalars(select(Hold.end_reason)).one() == "expired"


def test_page_the_company_does_not_know_gives_the_shoes_back(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""

    purchase.apply(session_id, None, account=payments().account, terms=terms(), now=utcnow())

    assert only_order().state == "lapsed"
    assert counts(variant) == (5, 0)
    assert db.session.scalars(select(Hold.end_reason)).one() == "unknown"


def test_same_cart_again_leads_to_the_same_page(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))

    first, second = start(cart), start(cart)

    assert first == second
    assert counts(variant) == (1, 1)


def test_changed_cart_closes_the_old_page_first(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    cart = make.cart((variant, 1))
    old = start(cart).rpartition("/")[2]

    changed = cart.put(make.cart((variant, 2)).lines[0])
    start(changed)

    assert company.session(old)["status"] == "expired"
    assert counts(variant) == (2, 2)
    states = db.session.scalars(select(Order.state).order_by(Order.id)).all()
    assert states == ["lapsed", "pending"]


def test_changed_cart_whose_old_page_was_paid_leads_to_that_order(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))

    with pytest.raises(purchase.AlreadyPaid) as paid:
        start(cart.put(make.cart((variant, 2)).lines[0]))

    assert paid.value.reference == only_order().reference
    assert counts(variant) == (4, 0)


def test_page_near_its_end_is_not_offered_again(make: Make) -> None:
    make.delivery()
    cart = make.cart((make.variant(), 1))
    first = start(cart)
    with db.writing():
        page = db.session.scalars(select(PaymentPage)).one()
        page.expires_at = utcnow() + timedelta(seconds=60)

    assert start(cart) != first


def test_last_pair_held_by_another_cannot_be_bought(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    start(make.cart((variant, 1)))

    with pytest.raises(purchase.CannotBuy) as refused:
        start(make.cart((variant, 1)))

    assert refused.value.gone
    assert "Out of stock" in str(refused.value)
    assert db.session.scalar(select(func.count(Order.id))) == 1


def test_pair_taken_between_check_and_hold_is_refused_whole(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    monkeypatch.setattr(purchase, "_refuse_problems", lambda chosen: None)
    start(make.cart((variant, 1)))

    with pytest.raises(purchase.CannotBuy) as refused:
        start(make.cart((variant, 1)))

    assert "somebody else" in str(refused.value)
    assert db.session.scalar(select(func.count(Order.id))) == 1
    assert counts(variant) == (1, 1)


@pytest.mark.parametrize(("country", "sentence"), [("DE", "country"), ("", "country")])
def test_country_not_served_is_refused_before_any_hold(
    make: Make, country: str, sentence: str
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)

    with pytest.raises(purchase.CannotBuy, match=sentence):
        start(make.cart((variant, 1), country=country))

    assert counts(variant) == (1, 0)


def test_refused_page_gives_the_shoes_back(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)

    with pytest.raises(Refused):
        start(
            make.cart((variant, 1)),
            company=Failing(payments(), error=Refused("no")),  # type: ignore[arg-type]
        )

    assert counts(variant) == (1, 0)
    assert only_order().state == "lapsed"
    assert only_page().status == "refused"


@pytest.mark.parametrize("after", [False, True])
def test_unclear_answer_keeps_the_hold_and_the_same_cart_may_try_again(
    make: Make, after: bool
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))
    silent = Failing(payments(), error=Unclear("time-out"), after=after)

    with pytest.raises(Unclear):
        start(cart, company=silent)  # type: ignore[arg-type]

    assert counts(variant) == (1, 1)
    assert start(cart)
    assert counts(variant) == (1, 1)
    assert db.session.scalar(select(func.count(PaymentPage.id))) == 1


def test_key_the_company_does_not_take_holds_nothing(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    stranger = StripePayments("sk_test_of_somebody_else", base=company.url)

    with pytest.raises(Refused):
        start(make.cart((variant, 1)), company=stranger)

    assert counts(variant) == (1, 0)


def test_silent_company_is_unclear_not_refused(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    nobody = StripePayments("sk_test_x", base="http://127.0.0.1:9")

    with pytest.raises(Unclear):
        start(make.cart((variant, 1)), company=nobody)

    assert counts(variant) == (1, 1)


def test_lost_page_is_found_again_and_closed_by_the_sweeper(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))
    with pytest.raises(Unclear):
        start(cart, company=Failing(payments(), error=Unclear("cut"), after=True))  # type: ignore[arg-type]

    later = utcnow() + timedelta(minutes=4)
    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1

    assert only_order().state == "lapsed"
    assert counts(variant) == (1, 0)
    assert company.session(only_page().session_id or "")["status"] == "expired"


def test_lost_page_is_left_alone_for_three_minutes(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    with pytest.raises(Unclear):
        start(
            make.cart((variant, 1)),
            company=Failing(payments(), error=Unclear("cut")),  # type: ignore[arg-type]
        )

    later = utcnow() + timedelta(minutes=2)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 0
    assert counts(variant) == (1, 1)


def test_sweeper_settles_what_was_paid_and_never_heard(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))

    later = utcnow() + timedelta(minutes=61)
    sweeper.sweep(payments=payments(), terms=terms(), now=later)

    assert only_order().state == "paid"
    assert counts(variant) == (1, 0)


def test_open_page_within_its_time_is_left_alone_where_events_are_heard(make: Make) -> None:
    make.delivery()
    start(make.cart((make.variant(), 1)))

    later = utcnow() + timedelta(minutes=30)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 0


def test_open_page_is_looked_at_each_time_where_no_events_are_heard(
    make: Make, company: Company, app: Flask
) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    deaf = StripePayments(app.config["STRIPE_SECRET_KEY"], base=company.url)

    later = utcnow() + timedelta(minutes=2)
    sweeper.sweep(payments=deaf, terms=terms(), now=later)

    assert only_order().state == "paid"


def test_sweeper_keeps_the_hold_while_the_company_is_silent(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    start(make.cart((variant, 1)))
    nobody = StripePayments(TEST_KEY, base="http://127.0.0.1:9", webhook_secret="whsec")

    later = utcnow() + timedelta(days=2)
    sweeper.sweep(payments=nobody, terms=terms(), now=later)

    assert counts(variant) == (1, 1)


def test_money_after_the_order_lapsed_sells_what_is_free(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    purchase.lapse(only_page().id, why="unknown", now=utcnow())

    settle(only_page().session_id or "")

    assert only_order().state == "paid"
    assert counts(variant) == (0, 0)
    assert ledger.differences() == []


def test_money_after_the_order_lapsed_is_owed_where_the_shoes_are_gone(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    page = only_page()
    purchase.lapse(page.id, why="unknown", now=utcnow())
    make.order((variant, 1), state="paid")

    order = settle(page.session_id or "")

    assert order is not None and order.state == "paid"
    assert marks(order) == ["owed"]
    assert counts(variant) == (0, 0)
    assert ledger.differences() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "EUR"},
        {"subtotal_minor": 1},
        {"delivery_minor": 1},
        {"delivery": None},
        {"total_minor": 1},
    ],
)
def test_payment_that_does_not_add_up_is_parked_not_fulfilled(
    make: Make, company: Company, wrong: dict[str, object]
) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None

    purchase.apply(
        session_id,
        PageFacts(**{**facts.__dict__, **wrong}),  # type: ignore[arg-type]
        account=payments().account,
        terms=terms(),
        now=utcnow(),
    )

    order = only_order()
    assert order.state == "pending"
    assert marks(order) == ["parked"]
    assert counts(variant) == (2, 1)
    assert db.session.scalar(select(func.count(Letter.id))) == 0


def test_order_for_which_nothing_was_left_to_pay_is_paid_and_gives_no_money_back(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=2, price_minor=12_000)  # delivered free
    company.pay(start(make.cart((variant, 1), email="ann@example.com")))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None
    free = replace(
        facts,
        payment_status="no_payment_required",
        discount_minor=12_000,
        total_minor=0,
        payment_intent=None,
    )

    purchase.apply(session_id, free, account=payments().account, terms=terms(), now=utcnow())

    order = only_order()
    assert (order.state, order.total_minor, order.payment_intent) == ("paid", 0, None)
    assert counts(variant) == (1, 0)
    assert refunds.left_of(order).total_minor == 0
    cancelled = refunds.cancel(
        order.id, key=new_secret(), by="Ann", now=utcnow(), shop_url="http://localhost"
    )
    assert cancelled is None
    assert (only_order().state, counts(variant)) == ("cancelled", (2, 0))


def test_payment_still_on_its_way_keeps_the_hold(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None
    waiting = PageFacts(**{**facts.__dict__, "payment_status": "unpaid"})

    purchase.apply(session_id, waiting, account=payments().account, terms=terms(), now=utcnow())
    assert (only_order().state, counts(variant)) == ("pending", (2, 1))

    settle(session_id)
    assert (only_order().state, counts(variant)) == ("paid", (1, 0))
    mark = db.session.scalars(select(OrderMark)).one()
    assert mark.kind == "processing" and mark.ended_at is not None


def test_uncounted_goods_take_no_part_in_holds(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(counted=False)

    company.pay(start(make.cart((variant, 6))))
    settle(only_page().session_id or "")

    assert only_order().state == "paid"
    assert db.session.scalar(select(func.count(Hold.id))) == 0
    assert counts(variant) == (0, 0)


def test_empty_cart_is_refused(make: Make) -> None:
    make.delivery()

    with pytest.raises(purchase.CannotBuy, match="empty"):
        start(make.cart())


def test_unknown_page_is_nobodys(app: Flask) -> None:
    assert settle("cs_test_unknown") is None


def test_cart_that_was_paid_meanwhile_leads_to_its_order(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))
    settle(only_page().session_id or "")

    with pytest.raises(purchase.AlreadyPaid):
        start(cart)

    assert counts(variant) == (4, 0)


def test_page_of_another_key_is_never_given_up(make: Make, company: Company, app: Flask) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""

    purchase.apply(session_id, None, account="another", terms=terms(), now=utcnow())

    assert (only_order().state, marks(only_order())) == ("pending", ["parked"])
    assert counts(variant) == (2, 1)


def test_page_of_another_key_is_left_out_of_the_sweep(make: Make, company: Company) -> None:
    make.delivery()
    start(make.cart((make.variant(), 1)))
    other = StripePayments("sk_test_other", base=company.url, webhook_secret="whsec")

    later = utcnow() + timedelta(days=2)

    assert sweeper.sweep(payments=other, terms=terms(), now=later) == 0
    assert only_order().state == "pending"


def test_long_answers_of_the_company_are_cut_to_fit(make: Make, company: Company) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None
    long = dict.fromkeys(facts.person, "9" * 500)

    order = purchase.apply(
        session_id,
        PageFacts(**{**facts.__dict__, "person": long}),
        account=payments().account,
        terms=terms(),
        now=utcnow(),
    )

    assert order is not None and order.state == "paid"
    assert (len(order.postal_code), len(order.name)) == (40, 255)


def test_page_that_cannot_be_settled_does_not_stop_the_sweep(
    make: Make, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    for _ in range(2):
        company.pay(start(make.cart((make.variant(), 1))))
    pay, failed = purchase._pay, []

    def fail_once(page: PaymentPage, *rest: object, **more: object) -> None:
        if not failed:
            failed.append(page.id)
            raise ZeroDivisionError
        pay(page, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(purchase, "_pay", fail_once)
    later = utcnow() + timedelta(hours=2)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1
    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1
    db.session.rollback()
    assert set(db.session.scalars(select(Order.state))) == {"paid"}


def test_silent_company_is_asked_twice_and_then_left_until_the_next_sweep(make: Make) -> None:
    make.delivery()
    for _ in range(4):
        start(make.cart((make.variant(), 1)))
    asked = []

    class Silent(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            asked.append(session_id)
            raise Unclear("silent")

    silent = Silent(payments(), error=Unclear("silent"))
    later = utcnow() + timedelta(hours=2)
    for minutes in (0, 1):
        sweeper.sweep(
            payments=silent,  # type: ignore[arg-type]
            terms=terms(),
            now=later + timedelta(minutes=minutes),
        )

    assert len(asked) == 4
    assert len(set(asked)) == 4, "those that were not asked come first at the next sweep"


def test_variant_that_is_no_longer_counted_leaves_no_hold_behind(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    company.pay(start(make.cart((variant, 2))))
    with db.writing():
        db.session.execute(update(Variant).values(counted=False))

    settle(only_page().session_id or "")

    assert counts(variant) == (5, 0)
    assert ledger.differences() == []


def test_delayed_payment_that_fails_gives_the_shoes_back(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None

    for failed in (False, True):
        said = {**facts.__dict__, "payment_status": "unpaid", "has_failed": failed}
        purchase.apply(
            session_id,
            PageFacts(**said),  # type: ignore[arg-type]
            account=payments().account,
            terms=terms(),
            now=utcnow(),
        )

    assert only_order().state == "lapsed"
    assert counts(variant) == (2, 0)
    assert db.session.scalars(select(OrderMark.ended_at)).one() is not None


def test_owed_order_is_promised_to_nobody(make: Make, company: Company, app: Flask) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    purchase.lapse(only_page().id, why="unknown", now=utcnow())
    make.order((variant, 1), state="paid")
    order = settle(only_page().session_id or "")
    assert order is not None

    send_due()

    mails = [file.read_text() for file in Path(app.config["MAIL_FOLDER"]).iterdir()]
    assert len(mails) == 2
    assert all("on their way" not in mail and "Pack and send" not in mail for mail in mails)
    with pytest.raises(dispatching.StillOwed), db.writing():
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )


def test_wrong_address_of_the_company_holds_nothing(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    lost = StripePayments(TEST_KEY, base=f"{company.url}/nowhere")

    with pytest.raises(Refused):
        start(make.cart((variant, 1)), company=lost)

    assert counts(variant) == (1, 0)


def test_failed_try_keeps_what_the_older_order_holds(make: Make) -> None:
    make.delivery()
    last, gone = make.variant(pairs=1), make.variant(pairs=0)
    cart = make.cart((last, 1))
    start(cart)

    with pytest.raises(purchase.CannotBuy):
        start(cart.put(make.cart((gone, 1)).lines[0]))

    assert counts(last) == (1, 1)


@pytest.mark.parametrize("said", [{"payment_status": "unpaid"}, {"total_minor": 1}])
def test_cart_whose_payment_is_on_its_way_leads_to_its_order(
    make: Make, company: Company, said: dict[str, object]
) -> None:
    class Saying(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            facts = self.real.look_up(session_id)
            assert facts is not None
            return PageFacts(**{**facts.__dict__, **said})  # type: ignore[arg-type]

    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))

    with pytest.raises(purchase.AlreadyPaid):
        start(
            cart.put(make.cart((variant, 2)).lines[0]),
            company=Saying(payments(), error=Unclear("")),  # type: ignore[arg-type]
        )

    assert counts(variant) == (5, 1)


def only_id() -> int:
    return db.session.scalars(select(Order.id)).one()


def test_right_payment_ends_a_mark_that_was_set_before(make: Make, company: Company) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    with db.writing():
        db.session.add(OrderMark(order_id=only_id(), kind="parked", why="", at=utcnow()))

    settle(only_page().session_id or "")

    assert db.session.scalars(select(OrderMark.ended_at)).one() is not None


# What is written down


ACCOUNT = "the account"
LONGER = (
    " Do you need longer? Go back to the shop: they stay kept, and there you can ask for more time."
)


def begin(cart: Cart, *, account: str = ACCOUNT, now: datetime = NOW) -> PaymentPage:
    """Take the first step, without the company, and read the page."""
    page_id = purchase.begin(cart, account=account, terms=terms(), now=now)
    db.session.rollback()
    return db.session.get_one(PaymentPage, page_id, populate_existing=True)


def test_order_and_its_lines_keep_what_was_in_the_cart(make: Make) -> None:
    make.delivery()
    moss = make.variant(title="Stroll", price_minor=8900)
    plum = make.variant(
        title="Ramble", price_minor=3000, single_minor=2000, colors=("Plum",), sizes=("11",)
    )
    cart = Cart(
        new_secret(),
        (Line(moss.id, moss.id, 2, "afo-shoes"), Line(plum.id, None, 1)),
        "US",
        "ann@example.com",
    )

    order = begin(cart).order

    assert (order.cart_id, order.country, order.email) == (cart.id, "US", "ann@example.com")
    assert (order.state, order.mode, order.account) == ("pending", "test", ACCOUNT)
    assert (order.currency, order.subtotal_minor) == ("USD", 2 * 8900 + 2000)
    assert (order.created_at, order.paid_at, order.ended_at) == (NOW, None, None)
    assert len(order.reference) == 22
    assert [
        (x.position, x.left_variant_id, x.right_variant_id, x.quantity, x.unit_minor, x.came_from)
        for x in order.lines
    ] == [(0, moss.id, moss.id, 2, 8900, "afo-shoes"), (1, plum.id, None, 1, 2000, "")]
    assert [(x.title, x.color, x.size, x.width) for x in order.lines] == [
        ("Stroll", "Moss", "Size 9", "Wide"),
        ("Ramble", "Plum", "Size 11", "Wide"),
    ]
    assert counts(moss) == (5, 2)
    assert set(db.session.scalars(select(Hold.since))) == {NOW}


def test_page_asks_for_just_what_the_order_is_and_ends_with_its_hold(make: Make) -> None:
    make.delivery()
    one, two = make.variant(price_minor=2000), make.variant(price_minor=1500)
    cart = make.cart((one, 2), (two, 1), email="ann@example.com")

    page = begin(cart, now=NOW.replace(microsecond=7))

    ends = NOW + timedelta(minutes=60)
    offered = quotes("US", 5500)
    assert [quote.price_minor for quote in offered] == [695, 1495]
    assert PageRequest.from_data(page.parameters) == PageRequest(
        key=page.idempotency_key,
        number=page.order.number,
        currency="USD",
        lines=[PageLine(one.name, 2000, 2), PageLine(two.name, 1500, 1)],
        country="US",
        deliveries=[
            PageDelivery(q.name, q.price_minor, q.least_days, q.most_days) for q in offered
        ],
        email="ann@example.com",
        expires_at=int(ends.timestamp()),
        success_url="http://localhost/checkout/return?session_id={CHECKOUT_SESSION_ID}",
        cancel_url=f"http://localhost/orders/{page.order.reference}",
        note="Your shoes are kept for you until 8:00 AM EST." + LONGER,
    )
    assert (page.expires_at, page.attempt, page.status) == (ends, 1, "opening")
    assert page.created_at == page.looked_at == NOW.replace(microsecond=7)
    assert len(page.idempotency_key) == 22
    assert (page.session_id, page.address) == (None, "")


def test_page_that_follows_is_the_same_but_for_its_key_and_its_end(make: Make) -> None:
    make.delivery()
    first = begin(make.cart((make.variant(), 1)))
    later = (NOW + timedelta(minutes=20)).replace(microsecond=7)

    with db.writing():
        db.session.add(purchase._next_page(first, terms(), later))
    db.session.rollback()

    second = db.session.scalars(select(PaymentPage).filter_by(attempt=2)).one()
    ends = NOW + timedelta(minutes=80)
    assert second.idempotency_key != first.idempotency_key
    assert PageRequest.from_data(second.parameters) == replace(
        PageRequest.from_data(first.parameters),
        key=second.idempotency_key,
        expires_at=int(ends.timestamp()),
        note="Your shoes are kept for you until 8:20 AM EST." + LONGER,
    )
    assert (second.order_id, second.expires_at, second.status) == (first.order_id, ends, "opening")
    assert second.created_at == second.looked_at == later


def dearer_delivery(cart: Cart) -> Cart:
    db.session.execute(update(Method).values(price_minor=1))
    return cart


def other_delivery(cart: Cart) -> Cart:
    db.session.execute(update(Method).values(name="By hand"))
    return cart


def dearer_shoe(cart: Cart) -> Cart:
    db.session.execute(update(Variant).values(price_minor=2001))
    return cart


@pytest.mark.parametrize(
    "change",
    [
        lambda cart: replace(cart, email="bea@example.com"),
        lambda cart: replace(cart, lines=(replace(cart.lines[0], quantity=2),)),
        lambda cart: replace(cart, lines=(replace(cart.lines[0], right=None),)),
        dearer_shoe,
        dearer_delivery,
        other_delivery,
    ],
)
def test_cart_of_which_anything_changed_waits_for_its_old_order_to_end(
    make: Make, change: Callable[[Cart], Cart]
) -> None:
    make.delivery()
    variant = make.variant(price_minor=2000, single_minor=2000)
    cart = make.cart((variant, 1), email="ann@example.com")
    order = begin(cart).order
    with db.writing():
        changed = change(cart)

    with pytest.raises(
        purchase.OldOrderWaits, match=r"^an older order of this cart waits$"
    ) as waits:
        begin(changed)

    assert waits.value.order_id == order.id
    assert only_id() == order.id


def test_digest_of_a_cart_tells_currencies_countries_and_sides_apart(make: Make) -> None:
    make.delivery()
    one, two = make.variant(), make.variant()

    def digest(left: int, right: int, country: str = "US", currency: str = "USD") -> str:
        cart = Cart("c", (Line(left, right, 1),), country)
        chosen = purchase.basket(cart, today=NOW.date(), low=3)
        return purchase.contents_of(chosen, currency)

    told = digest(one.id, two.id)
    others = {
        digest(one.id, one.id),
        digest(two.id, two.id),
        digest(one.id, two.id, country="DE"),
        digest(one.id, two.id, currency="EUR"),
    }

    assert told == digest(one.id, two.id)
    assert len(told) == 64
    assert len(others - {told}) == 4


@pytest.mark.parametrize(("seconds", "same"), [(120, True), (119, False)])
def test_page_is_offered_again_until_two_minutes_before_its_end(
    make: Make, seconds: int, same: bool
) -> None:
    make.delivery()
    cart = make.cart((make.variant(), 1))
    page = begin(cart)
    near = page.expires_at - timedelta(seconds=seconds)

    if same:
        assert begin(cart, now=near).id == page.id
    else:
        with pytest.raises(purchase.OldOrderWaits):
            begin(cart, now=near)


def test_restock_date_of_the_shop_s_own_day_is_told(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=0)
    night = datetime(2026, 11, 2, 3, 0, tzinfo=NOW.tzinfo)  # 1 November, 10 PM in New York
    with db.writing():
        db.session.execute(update(Variant).values(restock_on=datetime(2026, 11, 2).date()))

    with pytest.raises(purchase.CannotBuy, match="Back on 2 November"):
        begin(make.cart((variant, 1)), now=night)


def test_all_that_cannot_be_bought_is_said_and_whether_the_stock_is_why(make: Make) -> None:
    make.delivery()
    gone, hidden = make.variant(pairs=0, title="Stroll"), make.variant(title="Ramble")
    with db.writing():
        db.session.execute(update(Product).filter_by(title="Ramble").values(published=False))
    both, only = make.cart((hidden, 1), (gone, 1)), make.cart((hidden, 1))

    with pytest.raises(purchase.CannotBuy) as of_both:
        begin(both)
    with pytest.raises(purchase.CannotBuy) as of_one:
        begin(only)

    sold = "A shoe that is not sold any more: This is not sold any more. Please remove it."
    assert of_both.value.sentences == [sold, f"{gone.name}: Not available now: Out of stock."]
    assert str(of_both.value) == " ".join(of_both.value.sentences)
    assert of_both.value.gone
    assert (of_one.value.sentences, of_one.value.gone) == ([sold], False)


def test_price_that_moved_is_no_reason_to_refuse(make: Make) -> None:
    make.delivery()
    cart = make.cart((make.variant(price_minor=2000), 1))
    with db.writing():
        dearer_shoe(cart)

    assert begin(cart).order.subtotal_minor == 2001


@pytest.mark.parametrize(
    ("lines", "country", "sentence"),
    [
        (0, "US", "Your cart is empty."),
        (1, "DE", "Please choose a country that we send to."),
    ],
)
def test_cart_that_lacks_something_is_told_what(
    make: Make, lines: int, country: str, sentence: str
) -> None:
    make.delivery()
    cart = make.cart(*[(make.variant(), 1)] * lines, country=country)

    with pytest.raises(purchase.CannotBuy) as refused:
        begin(cart)

    assert (refused.value.sentences, refused.value.gone) == ([sentence], False)


def test_shoe_that_was_taken_meanwhile_is_named(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    there, gone = make.variant(title="Stroll"), make.variant(title="Ramble", pairs=0)
    monkeypatch.setattr(purchase, "_refuse_problems", lambda chosen: None)

    with pytest.raises(purchase.CannotBuy) as refused:
        begin(make.cart((there, 1), (gone, 1)))

    said = f"{gone.name} was just bought by somebody else. Nothing was charged."
    assert (refused.value.sentences, refused.value.gone) == ([said], True)
    assert counts(there) == (5, 0)


def test_paid_cart_leads_to_its_order(make: Make) -> None:
    make.delivery()
    cart = make.cart((make.variant(), 1))
    order = make.order(state="paid", cart_id=cart.id)

    with pytest.raises(purchase.AlreadyPaid, match=r"^the cart's order was paid$") as paid:
        begin(cart)

    assert paid.value.reference == order.reference


def test_cart_that_others_are_always_quicker_with_is_given_up_after_three_tries(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def beaten(*args: object, **more: object) -> int:
        raise IntegrityError("", {}, Exception())

    caplog.set_level("INFO")
    monkeypatch.setattr(purchase, "begin", beaten)
    cart = make.cart()

    with pytest.raises(purchase.CannotBuy) as refused:
        start(cart)

    assert caplog.messages == [f"another request of cart {cart.id} was first"] * 3
    assert refused.value.sentences == [
        "The cart was changed in another window. Please look at it and try again."
    ]


# Pages that are opened, and pages that have ended


def test_page_that_is_gone_or_has_ended_is_not_opened(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)), account=payments().account)
    purchase.lapse(page.id, why="unknown", now=NOW)

    for page_id in (page.id, page.id + 1):
        with pytest.raises(Unclear, match=r"^the page has ended meanwhile$"):
            purchase.open_and_attach(page_id, payments=payments(), terms=terms(), now=NOW)
    with pytest.raises(Unclear, match=r"^the page has ended meanwhile$"):
        purchase.attach(page.id, "cs_late", "https://late.example")

    assert (only_page().session_id, only_page().address) == (None, "")
    assert only_page().status == "expired"


def test_page_of_a_paid_order_is_not_opened(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    with db.writing():
        db.session.execute(update(Order).values(paid_at=NOW))

    with pytest.raises(purchase.AlreadyPaid) as paid:
        purchase.open_and_attach(page.id, payments=payments(), terms=terms(), now=NOW)

    assert paid.value.reference == only_order().reference


def test_page_is_attached_alone_and_opened_once(make: Make) -> None:
    make.delivery()
    first, second = (begin(make.cart((make.variant(), 1))).id for _ in range(2))

    purchase.attach(first, "cs_1", "https://pay.example/1")
    address = purchase.open_and_attach(first, payments=payments(), terms=terms(), now=NOW)

    db.session.rollback()
    rows = select(PaymentPage.id, PaymentPage.session_id, PaymentPage.address, PaymentPage.status)
    assert address == "https://pay.example/1"
    assert [tuple(row) for row in db.session.execute(rows.order_by(PaymentPage.id))] == [
        (first, "cs_1", "https://pay.example/1", "open"),
        (second, None, "", "opening"),
    ]


def test_page_that_another_process_has_opened_is_not_opened_again(make: Make) -> None:
    make.delivery()
    mine = loaded(PaymentPage, begin(make.cart((make.variant(), 1))).id)
    opened = {"session_id": "cs_1", "address": "https://pay.example/1", "status": "open"}
    elsewhere(update(PaymentPage).values(**opened))

    address = purchase.open_and_attach(mine.id, payments=payments(), terms=terms(), now=NOW)

    assert address == "https://pay.example/1"


def test_order_that_another_process_has_ended_is_not_said_to_be_on_its_way(make: Make) -> None:
    make.delivery()
    mine = loaded(PaymentPage, begin(make.cart((make.variant(), 1))).id)
    order = loaded(Order, mine.order_id)
    elsewhere(update(Order).values(state="lapsed"))

    apply(said(mine, payment_status="unpaid"))

    assert open_marks() == []
    assert order.state == "lapsed"


def test_page_that_nobody_knows_can_neither_be_closed_nor_lapse(app: Flask) -> None:
    assert purchase.close(1, payments=payments(), terms=terms(), now=NOW) is None
    assert purchase.lapse(1, why="expired", now=NOW) is None


def test_page_that_the_company_never_made_is_closed_by_its_refusal(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    page = begin(make.cart((variant, 1)))
    refusing = Failing(payments(), error=Refused("no"))

    order = purchase.close(page.id, payments=refusing, terms=terms(), now=NOW)  # type: ignore[arg-type]

    assert order is not None and (order.state, order.ended_at) == ("lapsed", NOW)
    assert only_page().status == "refused"
    assert {tuple(row) for row in db.session.execute(select(Hold.end_reason, Hold.ended_at))} == {
        ("refused", NOW)
    }
    assert counts(variant) == (5, 0)


def test_page_without_an_id_is_made_again_to_be_closed(make: Make, company: Company) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)), now=utcnow())

    order = purchase.close(page.id, payments=payments(), terms=terms(), now=utcnow())

    assert order is not None and order.state == "lapsed"
    assert company.session(only_page().session_id or "")["status"] == "expired"
    assert only_page().address.endswith(only_page().session_id or "-")


def test_order_ends_though_a_page_of_another_is_open(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    begin(make.cart((variant, 1)))
    ended = begin(make.cart((variant, 2)))
    begin(make.cart((variant, 1)))
    with db.writing():
        order_marks.put(ended.order, "parked", "?", now=NOW)
    later = NOW + timedelta(hours=1)

    order = purchase.lapse(ended.id, why="unknown", now=later)

    assert order is not None and (order.state, order.ended_at) == ("lapsed", later)
    assert counts(variant) == (5, 2)
    states = select(Order.state, PaymentPage.status).join(Order.pages).order_by(Order.id)
    assert [tuple(row) for row in db.session.execute(states)] == [
        ("pending", "opening"),
        ("lapsed", "expired"),
        ("pending", "opening"),
    ]
    assert db.session.scalars(select(OrderMark.ended_at)).one() == later


@pytest.mark.parametrize("state", ["paid", "dispatched", "cancelled"])
def test_page_that_ends_after_its_order_was_paid_changes_nothing(make: Make, state: str) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    first = begin(make.cart((variant, 2)))
    purchase.attach(first.id, "cs_1", "https://pay.example/1")
    with db.writing():
        db.session.add(purchase._next_page(first, terms(), NOW))
    second = db.session.scalars(select(PaymentPage).filter_by(attempt=2)).one()
    apply(said(second), session_id="cs_2")
    with db.writing():
        db.session.execute(update(Order).values(state=state))

    apply(said(first, status="expired", payment_status="unpaid"))

    assert (only_order().state, only_order().ended_at) == (state, None)
    assert counts(variant) == (3, 0)
    assert ledger.differences() == []


@pytest.mark.parametrize("found", ["paid", "marked"])
def test_old_page_on_which_money_came_leads_to_its_order(make: Make, found: str) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))

    class Answering(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            with db.writing():
                if found == "paid":
                    db.session.execute(update(Order).values(paid_at=NOW))
                else:
                    order_marks.put(only_order(), "processing", "?", now=NOW)
            return said(page, status="open")

        def close_page(self, session_id: str) -> None:
            pass

    purchase.attach(page.id, "cs_1", "https://pay.example/1")
    company = Answering(payments(), error=Unclear(""))

    with pytest.raises(purchase.AlreadyPaid) as paid:
        purchase.close_old(page.order_id, payments=company, terms=terms(), now=NOW)  # type: ignore[arg-type]

    assert paid.value.reference == only_order().reference


def test_old_page_that_stays_open_keeps_the_new_one_shut(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    purchase.attach(page.id, "cs_1", "https://pay.example/1")

    class Deaf(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            return said(page, status="open")

        def close_page(self, session_id: str) -> None:
            pass

    deaf = Deaf(payments(), error=Unclear(""))

    with pytest.raises(Unclear, match=r"^an older payment page of the order is still open$"):
        purchase.close_old(page.order_id, payments=deaf, terms=terms(), now=NOW)  # type: ignore[arg-type]


def test_order_of_another_key_gets_no_more_time(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))

    with pytest.raises(purchase.CannotExtend) as refused:
        purchase.extend(page.order_id, payments=payments(), terms=terms(), now=NOW)

    assert str(refused.value) == "This order cannot be given more time. Please write to us."


# What the company says


def said(page: PaymentPage, **facts: object) -> PageFacts:
    """What the company says of a page that was paid, but for some facts."""
    subtotal = page.order.subtotal_minor
    first = page.parameters["deliveries"][0]["price_minor"]
    paid = PageFacts(
        session_id="cs_1",
        key=page.idempotency_key,
        status="complete",
        payment_status="paid",
        currency="USD",
        subtotal_minor=subtotal,
        discount_minor=0,
        delivery_minor=first,
        tax_minor=0,
        total_minor=subtotal + first,
        delivery=0,
        payment_intent="pi_1",
    )
    return replace(paid, **facts)  # type: ignore[arg-type]


def apply(
    facts: PageFacts | None,
    *,
    session_id: str = "cs_1",
    account: str = ACCOUNT,
    event: Event | None = None,
    now: datetime = NOW,
) -> Order | None:
    order = purchase.apply(session_id, facts, account=account, terms=terms(), now=now, event=event)
    db.session.rollback()
    return order


def open_marks() -> list[tuple[str, str]]:
    rows = select(OrderMark.kind, OrderMark.why).where(
        OrderMark.ended_at.is_(None), OrderMark.at == NOW
    )
    return [tuple(row) for row in db.session.execute(rows)]


def test_paid_order_keeps_every_amount_that_the_company_took(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(price_minor=2000), 2)))
    total = 4000 - 150 + 1495 + 77
    later = NOW + timedelta(minutes=5)

    apply(
        said(
            page,
            delivery=1,
            delivery_minor=1495,
            discount_minor=150,
            tax_minor=77,
            total_minor=total,
        ),
        now=later,
    )

    order = only_order()
    assert (order.state, order.paid_at, order.ended_at) == ("paid", later, None)
    assert (order.discount_minor, order.tax_minor, order.total_minor) == (150, 77, total)
    assert (order.delivery_name, order.delivery_minor) == ("Express", 1495)
    assert (order.subtotal_minor, order.payment_intent) == (4000, "pi_1")
    assert set(db.session.scalars(select(Movement.at).filter_by(reason="sold"))) == {later}
    assert only_page().status == "complete"


def test_money_for_one_order_pays_no_other(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    first = begin(make.cart((variant, 1)))
    paid = begin(make.cart((variant, 2)))

    apply(said(paid))

    states = {order.id: order.state for order in db.session.scalars(select(Order))}
    assert states == {first.order_id: "pending", paid.order_id: "paid"}
    assert counts(variant) == (3, 1)


@pytest.mark.parametrize(("owed", "taken"), [(False, 4), (True, 5)])
def test_money_after_the_end_makes_the_order_paid_and_tells_whether_shoes_are_owed(
    make: Make, owed: bool, taken: int
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    page = begin(make.cart((variant, 1), email="ann@example.com"))
    purchase.lapse(page.id, why="expired", now=NOW)
    make.order((variant, taken), state="paid")

    apply(said(page))

    order = only_order_of(page)
    assert (order.state, order.paid_at, order.ended_at) == ("paid", NOW, None)
    why = "Paid after its time had ended, and the shoes were sold."
    assert open_marks() == ([("owed", why)] if owed else [])
    mails = db.session.scalars(select(Letter).order_by(Letter.template)).all()
    assert [mail.template for mail in mails] == ["order_new", "order_paid"]
    for mail in mails:
        assert mail.facts["owed"] is owed
        assert mail.facts["order_address"] == f"http://localhost/orders/{order.reference}"
        assert mail.facts["when"] == "1 November 2026, 7:00 AM EST"
        assert mail.facts["total"] == "$95.95"
        assert mail.created_at == NOW


def only_order_of(page: PaymentPage) -> Order:
    return db.session.get_one(Order, page.order_id, populate_existing=True)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"currency": "EUR"}, "Paid in EUR, ordered in USD."),
        ({"subtotal_minor": 8901}, "Goods paid: 8901, ordered: 8900."),
        ({"delivery": None}, "The delivery paid (695) is not one that was offered."),
        ({"delivery": 1}, "The delivery paid (695) is not one that was offered."),
        ({"total_minor": 1}, "The total paid (1) is not the sum of its parts (9595)."),
        ({"tax_minor": 7}, "The total paid (9595) is not the sum of its parts (9602)."),
        ({"discount_minor": 7}, "The total paid (9595) is not the sum of its parts (9588)."),
    ],
)
def test_staff_are_told_what_of_a_payment_does_not_add_up(
    make: Make, wrong: dict[str, object], why: str
) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))

    apply(said(page, **wrong))

    assert open_marks() == [("parked", why)]
    assert only_order().state == "pending"


def test_second_page_that_was_paid_is_told_once_and_the_first_again_is_no_news(
    make: Make,
) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    with db.writing():
        db.session.add(purchase._next_page(page, terms(), NOW))
    second = db.session.scalars(select(PaymentPage).filter_by(attempt=2)).one()

    apply(said(page))
    apply(said(page))
    assert open_marks() == []
    apply(said(second), session_id="cs_2")

    why = "A second payment page of this order was paid too. Give that money back."
    assert open_marks() == [("parked", why)]
    assert set(db.session.scalars(select(PaymentPage.status))) == {"complete"}


@pytest.mark.parametrize(
    ("facts", "account", "mark"),
    [
        (
            {"payment_status": "unpaid"},
            ACCOUNT,
            ("processing", "The payment is still on its way."),
        ),
        (None, "another", ("parked", "Made under another key of the company.")),
        ({"status": "open"}, ACCOUNT, None),
        ({"status": "open", "has_failed": True}, ACCOUNT, None),
    ],
)
def test_answer_that_decides_nothing_keeps_the_hold_and_tells_staff_why(
    make: Make, facts: dict[str, object] | None, account: str, mark: tuple[str, str] | None
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    page = begin(make.cart((variant, 1)))
    purchase.attach(page.id, "cs_1", "https://pay.example/1")

    apply(said(page, **facts) if facts is not None else None, account=account)

    assert open_marks() == ([mark] if mark else [])
    assert only_order().state == "pending"
    assert only_page().status == "open"
    assert counts(variant) == (5, 1)


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        (None, "unknown"),
        ({"status": "expired", "payment_status": "unpaid"}, "expired"),
        ({"payment_status": "unpaid", "has_failed": True}, "failed"),
    ],
)
def test_answer_that_nothing_was_paid_ends_the_order(
    make: Make, facts: dict[str, object] | None, why: str
) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    purchase.attach(page.id, "cs_1", "https://pay.example/1")

    apply(said(page, **facts) if facts is not None else None)

    assert (only_order().state, only_order().ended_at) == ("lapsed", NOW)
    assert only_page().status == "expired"
    assert {tuple(row) for row in db.session.execute(select(Hold.end_reason, Hold.ended_at))} == {
        (why, NOW)
    }


def test_payment_on_its_way_is_no_news_for_an_order_that_has_ended(make: Make) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    purchase.lapse(page.id, why="expired", now=NOW)

    apply(said(page, payment_status="unpaid"))

    assert open_marks() == []


def test_page_whose_id_was_lost_is_found_by_its_key(make: Make) -> None:
    make.delivery()
    begin(make.cart((make.variant(), 1)))
    page = begin(make.cart((make.variant(), 1)))

    order = apply(said(page))

    assert order is not None and order.id == page.order_id
    rows = select(PaymentPage.order_id).where(PaymentPage.session_id == "cs_1")
    assert db.session.scalars(rows).all() == [page.order_id]


@pytest.mark.parametrize("key", ["own", "", "another"])
def test_strange_page_is_not_taken_for_one_of_ours(make: Make, key: str) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    if key == "own":  # which has led to a page of its own
        purchase.attach(page.id, "cs_1", "https://pay.example/1")
        key = page.idempotency_key

    assert apply(said(page, key=key), session_id="cs_2") is None

    assert only_order().state == "pending"
    assert only_page().session_id != "cs_2"


def test_event_is_kept_with_the_order_that_it_is_of(make: Make, company: Company) -> None:
    make.delivery()
    page = begin(make.cart((make.variant(), 1)))
    event = Event("evt_1", "checkout.session.completed", "cs_1")
    strange = Event("evt_2", "checkout.session.completed", "cs_2")

    apply(said(page), event=event)
    apply(None, session_id="cs_2", event=strange)
    purchase.settle(
        "cs_test_unknown",
        payments=payments(),
        terms=terms(),
        now=NOW,
        event=Event("evt_3", "checkout.session.completed", "cs_test_unknown"),
    )

    db.session.rollback()
    rows = select(
        PaymentEvent.id, PaymentEvent.order_id, PaymentEvent.applied_at, PaymentEvent.received_at
    )
    assert [tuple(row) for row in db.session.execute(rows.order_by(PaymentEvent.id))] == [
        ("evt_1", page.order_id, NOW, NOW),
        ("evt_2", None, NOW, NOW),
        ("evt_3", None, NOW, NOW),
    ]
