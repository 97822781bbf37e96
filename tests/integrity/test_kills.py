"""A process is killed at each step between the shopper's click and the mail; nothing is lost."""

from email import message_from_bytes
from pathlib import Path

import pytest
import requests
from sqlalchemy import func, select

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.mail.models import Letter
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
