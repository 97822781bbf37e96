"""The other request comes just before or after a step of this one; the end is right in each."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from requests import HTTPError
from sqlalchemy import func, select

from storefront.cart.models import Cart
from storefront.catalogue.models import Variant
from storefront.checkout import purchase, sweeper
from storefront.checkout.payments import PageFacts, StripePayments, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail import jobs as mail
from storefront.mail.models import Letter
from storefront.orders.models import Order, PaymentPage
from storefront.stock import ledger
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes
from storefront.stock.models import Movement
from tests.conftest import WEBHOOK_SECRET, browser
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.integrity.shopper import check_books, counts, orders
from tests.payments import Company, deliver

PAIRS = 5


@pytest.fixture
def meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(app, monkeypatch)


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return variant_of(make, PAIRS)


def variant_of(make: Make, pairs: int) -> Variant:
    """Return a size that belongs to no session, so that two threads may read it."""
    variant = make.variant(pairs=pairs)
    db.session.refresh(variant)
    db.session.expunge(variant)
    return variant


def start(cart: Cart, *, later: timedelta = timedelta()) -> str:
    return purchase.start(cart, payments=payments(), terms=terms(), now=utcnow() + later)


def settle(session_id: str) -> Order | None:
    return purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())


def sweep(minutes: float) -> int:
    later = utcnow() + timedelta(minutes=minutes)
    return sweeper.sweep(payments=payments(), terms=terms(), now=later)


def id_of(address: str) -> str:
    return address.rpartition("/")[2]


def sessions(company: Company) -> list[dict[str, Any]]:
    """Return the company's payment pages that belong to this test's orders."""
    keys = set(db.session.scalars(select(PaymentPage.idempotency_key)))
    return [session for session in company.sessions() if session["metadata"]["page"] in keys]


def sold() -> int:
    """Return how many sales the ledger has, in lines."""
    return db.session.scalar(select(func.count(Movement.id)).where(Movement.reason == "sold")) or 0


def letters() -> int:
    return db.session.scalar(select(func.count(Letter.id))) or 0


def check_paid_once(variant: Variant, quantity: int = 1) -> None:
    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (PAIRS - quantity, 0)
    assert (sold(), letters()) == (1, 2)
    assert ledger.differences() == []


# Two settles of one payment


@pytest.mark.parametrize(
    "step",
    [
        (purchase, "apply"),
        (purchase, "_page_of"),
        (purchase, "_pay"),
        (ledger, "sell"),
        (ledger, "_change"),
    ],
    ids=lambda step: step[1],
)
@pytest.mark.parametrize("side", ["before", "after"])
def test_order_is_sold_once_when_two_settle_it(
    make: Make,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    step: tuple[Any, str],
    side: str,
) -> None:
    address = start(make.cart((variant, 1)))
    company.pay(address)

    getattr(meanwhile, side)(*step, lambda: settle(id_of(address)))
    settle(id_of(address))
    meanwhile.over()

    assert meanwhile.errors == []
    check_paid_once(variant)


def test_event_in_the_middle_of_the_return_page(
    app: Flask, make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    address = start(make.cart((variant, 1)))
    company.pay(address)
    event = company.events(id_of(address))[-1]
    told: list[int] = []

    meanwhile.before(
        purchase,
        "apply",
        lambda: told.append(deliver(browser(app), event, WEBHOOK_SECRET).status_code),
    )
    answer = browser(app).get(f"/checkout/return?session_id={id_of(address)}")
    meanwhile.over()

    assert (told, answer.status_code) == ([200], 303)
    check_paid_once(variant)


# An end and a payment of one page


def facts_of(address: str, *, status: str) -> PageFacts:
    facts = payments().look_up(id_of(address))
    assert facts is not None
    return replace(facts, status=status)


@pytest.mark.parametrize(
    ("first", "step"),
    [("paid", "apply"), ("paid", "_pay"), ("expired", "apply"), ("expired", "_lapse")],
)
def test_money_wins_when_an_end_and_a_payment_meet(
    make: Make,
    company: Company,
    variant: Variant,
    meanwhile: Meanwhile,
    first: str,
    step: str,
) -> None:
    """Whichever comes first: it is paid, its shoes are sold, and none of them is held."""
    address = start(make.cart((variant, 1)))
    company.pay(address)
    paid, ended = facts_of(address, status="complete"), facts_of(address, status="expired")
    ours, theirs = (paid, ended) if first == "paid" else (ended, paid)

    def apply(facts: PageFacts) -> None:
        purchase.apply(
            id_of(address), facts, account=payments().account, terms=terms(), now=utcnow()
        )

    meanwhile.before(purchase, step, lambda: apply(theirs))
    apply(ours)
    meanwhile.over()

    assert meanwhile.errors == []
    check_paid_once(variant)


# The sweeper and a shopper who is being sent to the payment page


@pytest.mark.parametrize("side", ["before", "after"])
def test_sweeper_ends_a_page_that_is_being_opened(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, side: str
) -> None:
    getattr(meanwhile, side)(StripePayments, "open_page", lambda: sweep(4))

    with pytest.raises(Unclear):
        start(make.cart((variant, 1)))
    meanwhile.over()

    assert meanwhile.errors == []
    assert [order.state for order in orders()] == ["lapsed"]
    assert counts(variant.id) == (PAIRS, 0)
    assert [session["status"] for session in sessions(company)] == ["expired"]


def test_sweeper_leaves_a_page_alone_that_was_opened_just_now(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    meanwhile.after(StripePayments, "open_page", lambda: sweep(1))

    start(make.cart((variant, 1)))
    meanwhile.over()

    assert counts(variant.id) == (PAIRS, 1)
    check_books(sessions(company))


def test_two_sweepers_at_once(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    addresses = [start(make.cart((variant, 1))) for _ in range(3)]
    for address in addresses:
        company.expire(id_of(address))

    meanwhile.before(purchase, "apply", lambda: sweep(61), call=2)
    sweep(61)
    meanwhile.over()

    assert meanwhile.errors == []
    assert {order.state for order in orders()} == {"lapsed"}
    assert counts(variant.id) == (PAIRS, 0)
    check_books(sessions(company))


# Two tabs of one shopper


@pytest.mark.parametrize(
    "step",
    [(purchase, "begin"), (ledger, "hold"), (purchase, "open_and_attach"), (purchase, "attach")],
    ids=lambda step: step[1],
)
def test_second_tab_leads_to_the_first_ones_page(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: tuple[Any, str]
) -> None:
    cart = make.cart((variant, 1))
    other: list[str] = []

    meanwhile.before(*step, lambda: other.append(start(cart)))
    address = start(cart)
    meanwhile.over()

    assert meanwhile.errors == []
    assert other == [address]
    assert len(orders()) == 1
    assert counts(variant.id) == (PAIRS, 1)
    check_books(sessions(company))


@pytest.mark.parametrize("step", ["begin", "close_old", "close"])
def test_changed_cart_leads_to_the_order_that_was_paid_meanwhile(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: str
) -> None:
    cart = make.cart((variant, 1))
    address = start(cart)

    meanwhile.before(purchase, step, lambda: company.pay(address))
    with pytest.raises(purchase.AlreadyPaid):
        start(cart.put(make.cart((variant, 2)).lines[0]))
    meanwhile.over()

    assert meanwhile.errors == []
    check_paid_once(variant)


# More time to pay


def extend(order_id: int) -> None:
    purchase.extend(order_id, payments=payments(), terms=terms(), now=utcnow())


STEPS_OF_EXTEND = ["_next_page", "open_and_attach", "_close_pages", "close", "apply", "attach"]


@pytest.mark.parametrize("step", STEPS_OF_EXTEND)
def test_more_time_asked_for_twice_leaves_one_page_to_pay_on(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: str
) -> None:
    start(make.cart((variant, 1)))
    order_id = orders()[0].id

    meanwhile.before(purchase, step, lambda: extend(order_id))
    extend(order_id)
    meanwhile.over()

    assert meanwhile.errors == []
    assert counts(variant.id) == (PAIRS, 1)
    check_books(sessions(company))


@pytest.mark.parametrize("step", STEPS_OF_EXTEND)
def test_order_goes_on_when_its_old_page_is_said_to_have_expired(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: str
) -> None:
    address = start(make.cart((variant, 1)))
    order_id = orders()[0].id

    meanwhile.after(purchase, step, lambda: settle(id_of(address)))
    extend(order_id)
    meanwhile.over()

    assert meanwhile.errors == []
    assert [order.state for order in orders()] == ["pending"]
    assert counts(variant.id) == (PAIRS, 1)
    check_books(sessions(company))


@pytest.mark.parametrize("step", ["_next_page", "open_and_attach", "_close_pages", "close"])
def test_old_page_paid_while_more_time_is_asked_for_pays_the_order_once(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: str
) -> None:
    address = start(make.cart((variant, 1)))
    order_id = orders()[0].id

    def pay() -> None:
        company.pay(address)
        settle(id_of(address))

    meanwhile.before(purchase, step, pay)
    with pytest.raises(purchase.AlreadyPaid):
        extend(order_id)
    meanwhile.over()

    assert meanwhile.errors == []
    check_paid_once(variant)
    assert [s["status"] for s in sessions(company)] == ["complete"]


@pytest.mark.parametrize("step", STEPS_OF_EXTEND)
def test_more_time_and_the_end_of_the_page_agree_whoever_is_first(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: str
) -> None:
    address = start(make.cart((variant, 1)))
    order_id = orders()[0].id

    def end() -> None:
        with suppress(HTTPError):  # the page has been closed by now
            company.expire(id_of(address))
        settle(id_of(address))

    meanwhile.before(purchase, step, end)
    with suppress(purchase.CannotExtend):
        extend(order_id)
    meanwhile.over()

    assert meanwhile.errors == []
    check_books(sessions(company))


# Two shoppers


@pytest.mark.parametrize(
    "step",
    [(purchase, "_refuse_problems"), (purchase, "_order"), (ledger, "update"), (purchase, "_page")],
    ids=lambda step: step[1],
)
def test_last_pair_goes_to_one_when_another_wants_it(
    make: Make, company: Company, meanwhile: Meanwhile, step: tuple[Any, str]
) -> None:
    make.delivery()
    last = variant_of(make, 1)
    mine, theirs = make.cart((last, 1)), make.cart((last, 1))
    refused: list[purchase.CannotBuy] = []

    def buy(cart: Cart) -> None:
        try:
            start(cart)
        except purchase.CannotBuy as error:
            refused.append(error)

    meanwhile.before(*step, lambda: buy(theirs))
    buy(mine)
    meanwhile.over()

    assert meanwhile.errors == []
    assert [error.gone for error in refused] == [True]
    assert len(orders()) == 1
    assert counts(last.id) == (1, 1)
    check_books(sessions(company))


def test_carts_with_the_same_shoes_in_other_order_do_not_block_each_other(
    make: Make, company: Company, meanwhile: Meanwhile
) -> None:
    make.delivery()
    one, two = variant_of(make, PAIRS), variant_of(make, PAIRS)
    mine, theirs = make.cart((one, 1), (two, 1)), make.cart((two, 2), (one, 2))

    meanwhile.after(ledger, "_change", lambda: start(theirs))
    start(mine)
    meanwhile.over()

    assert meanwhile.errors == []
    assert (counts(one.id), counts(two.id)) == ((PAIRS, 3), (PAIRS, 3))
    check_books(sessions(company))


# Staff count while shoppers buy


def count(variant: Variant, pairs: int, based_on: int) -> None:
    with db.writing():
        ledger.count(
            variant.id,
            Shoes(pairs, pairs),
            based_on=Shoes(based_on, based_on),
            by="Staff",
            now=utcnow(),
        )


@pytest.mark.parametrize("side", ["before", "after"])
def test_count_that_meets_a_hold(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, side: str
) -> None:
    getattr(meanwhile, side)(ledger, "hold", lambda: count(variant, 4, PAIRS))
    start(make.cart((variant, 2)))
    meanwhile.over()

    assert meanwhile.errors == []
    assert counts(variant.id) == (4, 2)
    check_books(sessions(company))


def test_both_holds_count_when_two_are_taken_at_once(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    """Between the look at a count and its change, if there were two steps, the other comes in."""
    mine, theirs = make.cart((variant, 1)), make.cart((variant, 2))

    meanwhile.before(ledger, "update", lambda: start(theirs))
    start(mine)
    meanwhile.over()

    assert meanwhile.errors == []
    assert counts(variant.id) == (PAIRS, 3)
    check_books(sessions(company))


@pytest.mark.parametrize("side", ["before", "after"])
def test_count_below_what_is_about_to_be_held(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, side: str
) -> None:
    """Either the count is first and the shopper is refused, or the hold is and the count is."""
    bought = True

    getattr(meanwhile, side)(ledger, "hold", lambda: count(variant, 1, PAIRS))
    try:
        start(make.cart((variant, 2)))
    except purchase.CannotBuy as refused:
        assert refused.gone
        bought = False
    meanwhile.over()

    assert counts(variant.id) == ((PAIRS, 2) if bought else (1, 0))
    assert [type(error) for error in meanwhile.errors] == ([BelowHeld] if bought else [])
    check_books(sessions(company))


def test_hold_just_before_a_count_below_it(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    meanwhile.before(ledger, "count", lambda: start(make.cart((variant, 2))))
    try:
        count(variant, 1, PAIRS)
        counted = True
    except BelowHeld as refused:
        assert refused.held == Shoes(2, 2)
        assert refused.orders == [order.number for order in orders("pending")]
        counted = False
    meanwhile.over()

    assert counts(variant.id) == ((1, 0) if counted else (PAIRS, 2))
    check_books(sessions(company))


@pytest.mark.parametrize("step", [(purchase, "apply"), (ledger, "sell"), (ledger, "_change")])
def test_count_that_meets_a_sale_is_refused_or_first(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile, step: tuple[Any, str]
) -> None:
    address = start(make.cart((variant, 1)))
    company.pay(address)

    meanwhile.before(*step, lambda: count(variant, 9, PAIRS))
    settle(id_of(address))
    meanwhile.over()

    moved = [type(error) for error in meanwhile.errors]
    assert counts(variant.id) in ([(8, 0)] if not moved else [(PAIRS - 1, 0)])
    assert moved in ([], [CountMoved])
    assert ledger.differences() == []


def test_two_members_of_staff_count_at_once(variant: Variant, meanwhile: Meanwhile) -> None:
    meanwhile.before_commit(lambda: count(variant, 9, PAIRS))
    count(variant, 7, PAIRS)
    meanwhile.over()

    assert [type(error) for error in meanwhile.errors] == [CountMoved]
    assert counts(variant.id) == (7, 0)
    assert ledger.differences() == []


# Mail


def test_two_that_send_mail_send_each_letter_once(
    app: Flask, make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    address = start(make.cart((variant, 1)))
    company.pay(address)
    settle(id_of(address))
    sent: list[int] = []

    def send() -> None:
        sent.append(mail.send_due())

    meanwhile.before(mail, "deliver", send)
    send()
    meanwhile.over()

    assert meanwhile.errors == []
    assert sum(sent) == 2
    assert set(db.session.scalars(select(Letter.attempts))) == {1}


def test_tab_that_comes_late_is_led_to_the_paid_order(
    make: Make, company: Company, variant: Variant, meanwhile: Meanwhile
) -> None:
    cart = make.cart((variant, 1))
    address = start(cart)
    company.pay(address)
    meanwhile.before(purchase, "open_and_attach", lambda: settle(id_of(address)))

    with pytest.raises(purchase.AlreadyPaid):
        start(cart)
    meanwhile.over()

    check_paid_once(variant)
