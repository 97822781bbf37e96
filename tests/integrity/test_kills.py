"""A process is killed at each step between the shopper's click and the mail; nothing is lost."""

from collections.abc import Callable
from datetime import timedelta
from email import message_from_bytes
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from storefront.catalogue.models import Variant
from storefront.checkout import purchase, refunds, sweeper
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail import jobs as mail
from storefront.mail.models import Letter
from storefront.orders.models import Order
from storefront.stock.models import Hold, Movement
from tests.factories import Make
from tests.integrity import programs
from tests.integrity.conftest import House
from tests.integrity.processes import Died, Door, carry_out, doomed_shop, shops, was_killed
from tests.integrity.programs import Death
from tests.integrity.shopper import Shopper, check_books, counts, orders
from tests.payments import Company

pytestmark = pytest.mark.slow

PURCHASE = "storefront.checkout.purchase:"
OPEN_PAGE = "storefront.checkout.payments:StripePayments.open_page"
LOOK_UP = "storefront.checkout.payments:StripePayments.look_up"
DELIVER = "storefront.mail.jobs:deliver"

AFTER_THE_CLICK = [
    Death(f"{PURCHASE}begin", "before"),
    Death(f"{PURCHASE}begin", "before its commit"),
    Death(f"{PURCHASE}begin", "after"),
    Death(OPEN_PAGE, "after"),
    Death(f"{PURCHASE}attach", "before its commit"),
    Death(f"{PURCHASE}attach", "after"),
]
WHILE_SETTLING = [
    Death(f"{PURCHASE}settle", "before"),
    Death(LOOK_UP, "after"),
    Death(f"{PURCHASE}apply", "before its commit"),
    Death(f"{PURCHASE}apply", "after its commit"),
]
WHILE_SENDING = [
    Death("storefront.mail.outbox:claim", "after"),
    Death(DELIVER, "before"),
    Death(DELIVER, "after"),
    Death("storefront.mail.outbox:mark_sent", "after"),
]
WHILE_EXTENDING = [
    Death(f"{PURCHASE}extend", "before its commit"),
    Death(f"{PURCHASE}extend", "after its commit"),
    Death(f"{PURCHASE}close", "before"),
    Death("storefront.checkout.payments:StripePayments.close_page", "after"),
    Death(f"{PURCHASE}_close_pages", "after"),
    Death(OPEN_PAGE, "after"),
    Death(f"{PURCHASE}attach", "before its commit"),
    Death(f"{PURCHASE}attach", "after"),
]
REFUNDS = "storefront.checkout.refunds:"
ASK = "storefront.checkout.payments:StripePayments.refund"
BEFORE_THE_REFUND = [
    Death(f"{REFUNDS}begin", "before its commit"),
]
WHILE_REFUNDING = [
    Death(f"{REFUNDS}begin", "after"),
    Death(ASK, "before"),
    Death(ASK, "after"),
    Death(f"{REFUNDS}apply", "before its commit"),
    Death(f"{REFUNDS}apply", "after its commit"),
]
WHILE_CANCELLING = [
    Death(f"{REFUNDS}cancel", "before its commit"),
    Death(f"{REFUNDS}cancel", "after its commit"),
    Death(ASK, "after"),
    Death(f"{REFUNDS}apply", "before its commit"),
]
PAIRS = 5


@pytest.fixture
def known(quiet_house: House) -> set[str]:
    return {session["id"] for session in quiet_house.company.sessions()}


@pytest.fixture
def variant(quiet_house: House) -> Variant:
    return Make().variant(pairs=PAIRS)


def killed_at_the_click(house: House, variant: Variant, death: Death) -> Shopper:
    """Let a shopper press "pay" in a process that dies of it."""
    with doomed_shop(house.settings, death) as (address, process):
        shopper = Shopper(address)
        shopper.add(variant.sku, 2)
        with pytest.raises(requests.ConnectionError):
            shopper.checkout()
        assert was_killed(process)
    return shopper


def paid_and_not_heard(house: House, variant: Variant) -> str:
    """Let a shopper pay, of which nobody tells the shop; return the payment page's id."""
    with shops(house.settings, [Door()]) as (address,):
        shopper = Shopper(address)
        shopper.add(variant.sku, 2)
        page = shopper.checkout().headers["Location"]
    house.company.pay(page)
    return str(page.rpartition("/")[2])


def let_time_pass(house: House) -> None:
    """Start again and sweep as if the hold's hour were over."""
    carry_out(house.settings, programs.sweep_an_hour_later)


def new_sessions(company: Company, known: set[str]) -> list[dict[str, object]]:
    return [session for session in company.sessions() if session["id"] not in known]


@pytest.mark.parametrize("death", AFTER_THE_CLICK, ids=str)
def test_hold_of_a_killed_click_ends_when_the_shopper_is_gone(
    quiet_house: House, known: set[str], variant: Variant, death: Death
) -> None:
    killed_at_the_click(quiet_house, variant, death)

    let_time_pass(quiet_house)

    assert counts(variant.id) == (PAIRS, 0)
    assert {order.state for order in orders()} <= {"lapsed"}
    assert db.session.scalar(select(func.count(Letter.id))) == 0
    assert all(s["status"] == "expired" for s in new_sessions(quiet_house.company, known))
    check_books(new_sessions(quiet_house.company, known))


@pytest.mark.parametrize("death", AFTER_THE_CLICK, ids=str)
def test_shopper_of_a_killed_click_may_press_again(
    quiet_house: House, known: set[str], variant: Variant, death: Death
) -> None:
    shopper = killed_at_the_click(quiet_house, variant, death)

    with shops(quiet_house.settings, [Door()]) as (address,):
        again = shopper.at(address)
        page = again.checkout()
        assert page.status_code == 303
        back = quiet_house.company.pay(page.headers["Location"])
        assert again.come_back(back).status_code == 303
    let_time_pass(quiet_house)

    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (PAIRS - 2, 0)
    assert [s["status"] for s in new_sessions(quiet_house.company, known)] == ["complete"]
    check_books(new_sessions(quiet_house.company, known))


@pytest.mark.parametrize("death", WHILE_SETTLING, ids=str)
def test_paid_order_is_sold_once_when_settling_is_killed(
    quiet_house: House, known: set[str], variant: Variant, death: Death
) -> None:
    session_id = paid_and_not_heard(quiet_house, variant)
    with doomed_shop(quiet_house.settings, death) as (address, process):
        with pytest.raises(requests.ConnectionError):
            Shopper(address).come_back(f"/checkout/return?session_id={session_id}")
        assert was_killed(process)

    let_time_pass(quiet_house)
    sent = carry_out(quiet_house.settings, programs.send_mail, minutes=62)

    check_sold_once(quiet_house, variant)
    assert sent == 2
    assert causes(quiet_house.mails) == ["order-new", "order-paid"]
    check_books(new_sessions(quiet_house.company, known))


@pytest.mark.parametrize("death", WHILE_SENDING, ids=str)
def test_one_mail_per_cause_when_sending_is_killed(
    quiet_house: House, known: set[str], variant: Variant, death: Death
) -> None:
    carry_out(
        quiet_house.settings,
        programs.settle,
        session_id=paid_and_not_heard(quiet_house, variant),
    )
    with pytest.raises(Died) as died:
        carry_out(quiet_house.settings, programs.send_mail, minutes=0, death=death)
    assert died.value.code == -9
    first = message_ids(quiet_house.mails)

    carry_out(quiet_house.settings, programs.send_mail, minutes=6)
    carry_out(quiet_house.settings, programs.send_mail, minutes=600)

    assert causes(quiet_house.mails) == ["order-new", "order-paid"]
    assert first.items() <= message_ids(quiet_house.mails).items()
    assert len(set(message_ids(quiet_house.mails).values())) == 2
    assert db.session.scalar(select(func.count(Letter.id)).where(Letter.sent_at.is_(None))) == 0
    check_sold_once(quiet_house, variant)


# More time, refunds, cancellations, sending: killed at each step too


def killed(house: House, step: Callable[..., Any], death: Death, **arguments: Any) -> None:
    """Let a process die at a step of what it does."""
    with pytest.raises(Died) as died:
        carry_out(house.settings, step, death=death, **arguments)
    assert died.value.code == -9


def waiting_order(variant: Variant) -> Order:
    """Return an order of two pairs that waits for its payment."""
    cart = Make().cart((variant, 2), email="shopper@example.com")
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    return orders()[0]


def paid_order(house: House, variant: Variant) -> Order:
    waiting = waiting_order(variant)
    house.company.pay(waiting.page.address)
    programs.settle(waiting.page.session_id or "")
    return orders()[0]


def sweep_again() -> None:
    """Sweep in this process, as one does that was started anew, some minutes later."""
    later = utcnow() + timedelta(minutes=4)
    db.session.rollback()
    sweeper.sweep(payments=payments(), terms=terms(), now=later)
    refunds.sweep(payments=payments(), now=later, shop_url=terms().shop_url)


def send_all_mail() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mail, "utcnow", lambda: utcnow() + timedelta(minutes=10))
        mail.send_due()


def letters() -> list[str]:
    db.session.rollback()
    return sorted(db.session.scalars(select(Letter.cause)))


@pytest.mark.long
@pytest.mark.parametrize("death", WHILE_EXTENDING, ids=str)
def test_shoes_stay_held_and_one_page_can_be_paid_when_more_time_is_killed(
    quiet_house: House, known: set[str], variant: Variant, death: Death
) -> None:
    order = waiting_order(variant)

    killed(quiet_house, programs.extend, death, order_id=order.id)
    sweep_again()

    assert [each.state for each in orders()] == ["pending"]
    assert counts(variant.id) == (PAIRS, 2)
    live = [s for s in new_sessions(quiet_house.company, known) if s["status"] == "open"]
    assert [session["id"] for session in live] == [orders()[0].page.session_id]
    quiet_house.company.pay(orders()[0].page.address)
    programs.settle(orders()[0].page.session_id or "")
    check_sold_once(quiet_house, variant)
    check_books(new_sessions(quiet_house.company, known))


@pytest.mark.long
@pytest.mark.parametrize("death", [*BEFORE_THE_REFUND, *WHILE_REFUNDING], ids=str)
def test_money_and_shoes_come_back_once_or_not_at_all_when_a_refund_is_killed(
    quiet_house: House, variant: Variant, death: Death
) -> None:
    order = paid_order(quiet_house, variant)
    order_id, key = order.id, new_secret()

    killed(quiet_house, programs.give_everything_back, death, order_id=order_id, key=key)
    sweep_again()

    happened = death not in BEFORE_THE_REFUND
    given = quiet_house.company.refunds(order.payment_intent or "")
    assert [refund["amount"] for refund in given] == [order.total_minor] * happened
    assert [r.status for r in orders()[0].refunds] == ["succeeded"] * happened
    assert counts(variant.id) == (PAIRS if happened else PAIRS - 2, 0)
    told = [cause for cause in letters() if cause.startswith("order-refunded")]
    assert len(told) == happened
    check_books()


@pytest.mark.long
@pytest.mark.parametrize("death", WHILE_CANCELLING, ids=str)
def test_order_is_cancelled_whole_or_not_at_all_when_cancelling_is_killed(
    quiet_house: House, variant: Variant, death: Death
) -> None:
    order = paid_order(quiet_house, variant)
    order_id, key = order.id, new_secret()

    killed(quiet_house, programs.cancel, death, order_id=order_id, key=key)
    sweep_again()

    happened = not str(death).startswith("before its commit cancel")
    given = quiet_house.company.refunds(order.payment_intent or "")
    assert [refund["amount"] for refund in given] == [order.total_minor] * happened
    assert orders()[0].state == ("cancelled" if happened else "paid")
    assert counts(variant.id) == (PAIRS if happened else PAIRS - 2, 0)
    told = [cause.partition(":")[0] for cause in letters()]
    more = ["order-cancelled", "order-refunded"] if happened else []
    assert told == sorted(["order-new", "order-paid", *more])
    check_books()


@pytest.mark.parametrize("moment", ["before its commit", "after its commit"])
def test_order_is_sent_and_told_once_or_not_at_all_when_dispatch_is_killed(
    quiet_house: House, variant: Variant, moment: str
) -> None:
    order = paid_order(quiet_house, variant)
    send_all_mail()

    death = Death("tests.integrity.programs:dispatch", moment)
    killed(quiet_house, programs.work_through, death, order_id=order.id)
    send_all_mail()
    send_all_mail()

    happened = moment.startswith("after")
    assert orders()[0].state == ("dispatched" if happened else "paid")
    assert (orders()[0].dispatch is not None) == happened
    assert causes(quiet_house.mails) == sorted(
        ["order-new", "order-paid", *["order-dispatched"] * happened]
    )


@pytest.mark.long
@pytest.mark.parametrize("death", WHILE_SENDING, ids=str)
def test_shopper_hears_once_of_refund_and_dispatch_when_sending_is_killed(
    quiet_house: House, variant: Variant, death: Death
) -> None:
    order = paid_order(quiet_house, variant)
    programs.dispatch(order.id)
    programs.give_everything_back(order.id, new_secret())
    send = partial(carry_out, quiet_house.settings, programs.send_mail)

    with pytest.raises(Died):
        send(minutes=0, death=death)
    first = message_ids(quiet_house.mails)
    send_all_mail()

    assert causes(quiet_house.mails) == [
        "order-dispatched", "order-new", "order-paid", "order-refunded",
    ]  # fmt: skip
    assert first.items() <= message_ids(quiet_house.mails).items()
    assert db.session.scalar(select(func.count(Letter.id)).where(Letter.sent_at.is_(None))) == 0


def check_sold_once(house: House, variant: Variant) -> None:
    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (PAIRS - 2, 0)
    sold = select(func.sum(Movement.left_change)).where(Movement.reason == "sold")
    assert db.session.scalar(sold) == -2
    live = select(func.count(Hold.id)).where(Hold.ended_at.is_(None))
    assert db.session.scalar(live) == 0


def causes(mails: list[Path]) -> list[str]:
    """Return the causes of the mails without the order's number."""
    return [mail.name.partition(".")[0] for mail in mails]


def message_ids(mails: list[Path]) -> dict[str, str]:
    return {mail.name: str(message_from_bytes(mail.read_bytes())["Message-ID"]) for mail in mails}
