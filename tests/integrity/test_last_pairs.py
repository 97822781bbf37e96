"""Many shoppers at one instant, four processes, one database: no pair is sold twice."""

import json
import time
from functools import partial

import pytest
import requests
from sqlalchemy import func, select

from storefront.db import db
from storefront.demo.payments.webhooks import signature
from storefront.mail.models import Letter
from storefront.stock.models import Movement
from tests.conftest import WEBHOOK_SECRET
from tests.factories import Make
from tests.integrity import programs
from tests.integrity.conftest import House
from tests.integrity.processes import carry_out
from tests.integrity.shopper import WAIT, Shopper, at_one_instant, check_books, counts, orders

pytestmark = pytest.mark.slow

SHOPPERS = 50
MANY = 200  # for a single pair
PAIRS = 10
GONE = ("Out of stock", "somebody else", "There are only")


def shoppers(house: House, sku: str, number: int) -> list[Shopper]:
    """Return so many shoppers with one pair in the cart; the processes share them."""
    chosen = [Shopper(house.address) for _ in range(number)]
    for shopper in chosen:
        shopper.add(sku)
    return chosen


def new_sessions(house: House, known: set[str]) -> list[dict[str, object]]:
    return [session for session in house.company.sessions() if session["id"] not in known]


@pytest.fixture
def known(house: House) -> set[str]:
    """The payment pages that the company knew before the test."""
    return {session["id"] for session in house.company.sessions()}


def test_ten_pairs_are_sold_ten_times_when_fifty_want_them(house: House, known: set[str]) -> None:
    variant = Make().variant(pairs=PAIRS)
    crowd = shoppers(house, variant.sku, SHOPPERS)

    answers = at_one_instant([shopper.checkout for shopper in crowd])

    told = sorted(answer.status_code for answer in answers)
    assert told == [303] * PAIRS + [409] * (SHOPPERS - PAIRS)
    for answer in answers:
        assert answer.status_code == 303 or any(words in answer.text for words in GONE)
    assert counts(variant.id) == (PAIRS, PAIRS)
    assert len(orders()) == PAIRS
    check_books(new_sessions(house, known))

    def pay(shopper: Shopper, page: requests.Response) -> requests.Response:
        return shopper.come_back(house.company.pay(page.headers["Location"]))

    lucky = [(s, a) for s, a in zip(crowd, answers, strict=True) if a.status_code == 303]
    backs = at_one_instant([partial(pay, shopper, page) for shopper, page in lucky])

    assert [back.status_code for back in backs] == [303] * PAIRS
    assert {order.state for order in orders()} == {"paid"}
    assert counts(variant.id) == (0, 0)
    check_books(new_sessions(house, known))


def test_last_pair_is_sold_once_when_two_hundred_want_it(house: House, known: set[str]) -> None:
    variant = Make().variant(pairs=1)
    crowd = shoppers(house, variant.sku, MANY)

    answers = at_one_instant([shopper.checkout for shopper in crowd])

    told = sorted(answer.status_code for answer in answers)
    assert told == [303] + [409] * (MANY - 1)
    assert len(orders()) == 1, "those who came too late leave no order behind"
    assert counts(variant.id) == (1, 1)
    lucky = next(place for place, answer in enumerate(answers) if answer.status_code == 303)
    back = crowd[lucky].come_back(house.company.pay(answers[lucky].headers["Location"]))
    assert back.status_code == 303
    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (0, 0)
    assert db.session.scalar(select(func.count(Movement.id)).where(Movement.reason == "sold")) == 1
    check_books(new_sessions(house, known))


def test_back_button_second_tab_and_reload_make_one_order(house: House, known: set[str]) -> None:
    make = Make()
    variant, other = make.variant(pairs=1), make.variant(pairs=5)
    shopper = Shopper(house.address)
    shopper.add(variant.sku)

    first = shopper.checkout().headers["Location"]
    assert shopper.checkout().headers["Location"] == first, "back, and pressed again"
    tab = shopper.at(house.address)
    tab.add(other.sku)  # the second tab puts more in; the last pair is held for this shopper
    second = tab.checkout()
    assert second.status_code == 303 and second.headers["Location"] != first
    assert counts(variant.id) == (1, 1)
    back = house.company.pay(second.headers["Location"])
    reloads = at_one_instant([partial(tab.come_back, back)] * 6)

    assert {answer.status_code for answer in reloads} == {303}
    assert len({answer.headers["Location"].partition("?")[0] for answer in reloads}) == 1
    paid = tab.checkout()
    assert paid.status_code == 303 or "Your cart is empty" in paid.text
    assert [order.state for order in orders("paid")] == ["paid"]
    assert len(orders("pending")) == 0 and len(orders()) == 2
    assert (counts(variant.id), counts(other.id)) == ((0, 0), (4, 0))
    check_books(new_sessions(house, known))


def test_one_cart_in_five_tabs_is_one_order(house: House, known: set[str]) -> None:
    variant = Make().variant(pairs=3)
    shopper = Shopper(house.address)
    shopper.add(variant.sku, 2)
    tabs = [shopper.at(house.address) for _ in range(5)]

    answers = at_one_instant([tab.checkout for tab in tabs])

    assert [answer.status_code for answer in answers] == [303] * 5
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert len(orders()) == 1
    assert len(new_sessions(house, known)) == 1
    assert counts(variant.id) == (3, 2)
    check_books(new_sessions(house, known))


def test_no_count_is_lost_when_staff_count_while_shoppers_buy(
    house: House, known: set[str]
) -> None:
    start, times = 20, 15
    variant = Make().variant(pairs=start)
    crowd = shoppers(house, variant.sku, 30)

    def buy(shopper: Shopper) -> tuple[int, int]:
        answer = shopper.checkout()
        if answer.status_code == 303:
            answer = shopper.come_back(house.company.pay(answer.headers["Location"]))
            return answer.status_code, 1
        return answer.status_code, 0

    def count() -> tuple[int, int]:
        answer: tuple[int, int] = carry_out(
            house.settings, programs.count_one_more, variant_id=variant.id, times=times
        )
        return answer

    results = at_one_instant([*(partial(buy, shopper) for shopper in crowd), count, count, count])

    bought, counted = results[:30], results[30:]
    assert {status for status, _ in bought} <= {303, 409}
    assert all(written + refused == times for written, refused in counted)
    more, sold = sum(n for n, _ in counted), sum(n for _, n in bought)
    assert more > 0
    assert counts(variant.id) == (start + more - sold, 0)
    assert len(orders("paid")) == sold
    check_books(new_sessions(house, known))


def test_an_event_fifty_times_at_once_settles_its_order_once(house: House, known: set[str]) -> None:
    variant = Make().variant(pairs=3)
    shopper = Shopper(house.address)
    shopper.add(variant.sku, 2)
    page = shopper.checkout().headers["Location"]
    back = house.company.pay(page)
    event = json.dumps(house.company.events(page.rpartition("/")[2])[-1]).encode()

    def deliver() -> int:
        signed = signature(event, WEBHOOK_SECRET, int(time.time()))
        return requests.post(
            f"{house.address}/webhooks/stripe",
            event,
            headers={"Stripe-Signature": signed},
            timeout=WAIT,
        ).status_code

    told = at_one_instant([*[deliver] * 50, lambda: shopper.come_back(back).status_code])

    assert told == [200] * 50 + [303]
    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (1, 0)
    assert db.session.scalar(select(func.count(Movement.id)).where(Movement.reason == "sold")) == 1
    assert db.session.scalar(select(func.count(Letter.id))) == 2
    check_books(new_sessions(house, known))
