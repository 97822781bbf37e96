"""Giving money back at the desk: choose, look at the sum, give it."""

import re
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.payments import Payments, RefundFacts, Refused, Unclear
from storefront.db import new_secret
from storefront.orders.models import Order
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import Between, again, buy, on_hand, refunds_of
from tests.storefront.staff.people import Browser, signed_in


@pytest.fixture
def variant(make: Make) -> Variant:
    make.delivery()
    return make.variant(pairs=5)


@pytest.fixture
def order(make: Make, company: Company, variant: Variant) -> Order:
    return buy(make, company, (variant, 3))


@pytest.fixture
def desk(app: Flask) -> Browser:
    return signed_in(app, "stock")


def hidden(page: str, name: str) -> str:
    """Return what a hidden field of a page carries."""
    field = re.search(rf'<input[^>]* name="{name}"[^>]*>', page)
    assert field, f"no field {name}"
    value = re.search(r'value="([^"]*)"', field[0])
    return value[1] if value else ""


def send(desk: Browser, order: Order, action: str, **fields: Any) -> TestResponse:
    """Send the refund form with one line, as its page has it."""
    fields = {
        "lines-0-line_id": order.lines[0].id,
        "lines-0-pairs": 0,
        "lines-0-left": 0,
        "lines-0-right": 0,
        "reason": "returned",
        "key": "",
        "expected": "",
        "action": action,
        **{re.sub("^line_", "lines-0-", name): value for name, value in fields.items()},
    }
    return desk.send(f"/staff/orders/{order.number}/refunds", **fields)


def test_staff_look_at_the_sum_then_give_it_back(
    desk: Browser, order: Order, company: Company, variant: Variant
) -> None:
    address = f"/staff/orders/{order.number}/refunds"
    empty = desk.get(address).text
    assert "3 of 3 can be given back" in empty
    key = hidden(empty, "key")

    looked = send(desk, order, "look", line_pairs=2, line_restock="y", key=key)
    assert looked.status_code == 200
    assert "$178.00 will be given back" in looked.text
    assert refunds_of(order) == []

    expected = hidden(looked.text, "expected")
    assert hidden(looked.text, "key") == key
    given = send(desk, order, "give", line_pairs=2, line_restock="y", key=key, expected=expected)
    assert given.status_code == 303
    assert "$178.00 was given back." in desk.get(given.location).text
    assert [r.amount_minor for r in refunds_of(order)] == [17800]
    assert on_hand(variant) == (4, 4)
    assert "1 of 3 can be given back" in desk.get(address).text


def test_double_click_gives_back_once(desk: Browser, order: Order, company: Company) -> None:
    key = new_secret()
    for _ in range(2):
        answer = send(desk, order, "give", line_pairs=1, key=key, expected=8900)
        assert answer.status_code == 303

    assert [r.amount_minor for r in refunds_of(order)] == [8900]
    found = company.refunds(again(order).payment_intent or "")
    assert [refund["amount"] for refund in found] == [8900]


def test_changed_choice_is_not_given_for_the_sum_of_another(desk: Browser, order: Order) -> None:
    answer = send(desk, order, "give", line_pairs=2, key="k", expected=8900)

    assert answer.status_code == 409
    assert "This would give back $178.00 now" in answer.text
    assert refunds_of(order) == []


@pytest.mark.parametrize(
    ("fields", "status", "sentence"),
    [
        ({"line_pairs": 4}, 409, "only 3 pairs can be given back"),
        ({"line_pairs": 3, "line_left": 1}, 409, "only 3 pairs can be given back"),
        ({"line_pairs": 0}, 409, "Nothing was chosen"),
        ({"line_pairs": -1}, 422, "Please give 0 to 12."),
        ({"line_pairs": 10**30}, 422, "Please give 0 to 12."),
        ({"line_pairs": "two"}, 422, "Please give a whole number."),
        ({"line_pairs": 1, "reason": "because"}, 422, "Not a valid choice"),
        ({"line_pairs": 1, "note": "x" * 501}, 422, "at most 500 characters"),
        ({"line_pairs": 1, "lines-0-line_id": "999999"}, 409, "not of this order"),
        ({"line_pairs": 1, "lines-0-line_id": "none"}, 409, "not of this order"),
    ],
    ids=lambda value: str(value)[:30] if isinstance(value, dict) else "",
)
@pytest.mark.parametrize("action", ["look", "give"])
def test_bad_input_gets_a_sentence_and_changes_nothing(
    desk: Browser,
    order: Order,
    variant: Variant,
    action: str,
    fields: dict[str, Any],
    status: int,
    sentence: str,
) -> None:
    answer = send(desk, order, action, key="bad", expected=8900, line_restock="y", **fields)

    assert answer.status_code == status
    assert sentence in answer.text
    assert refunds_of(order) == []
    assert on_hand(variant) == (2, 2)


def test_line_of_another_order_is_refused(
    desk: Browser, make: Make, company: Company, order: Order, variant: Variant
) -> None:
    other = buy(make, company, (variant, 1))

    answer = send(
        desk,
        order,
        "give",
        line_pairs=1,
        key="k",
        expected=8900,
        **{"lines-0-line_id": other.lines[0].id},
    )

    assert answer.status_code == 409
    assert "not of this order" in answer.text
    assert refunds_of(order) == refunds_of(other) == []


@pytest.mark.parametrize("expected", ["", "ten", "-5", "1e3"])
def test_forged_sum_is_refused(desk: Browser, order: Order, expected: str) -> None:
    answer = send(desk, order, "give", line_pairs=1, key="k", expected=expected)

    assert answer.status_code in {400, 409}
    assert refunds_of(order) == []


def test_same_line_twice_in_a_forged_form_is_refused(desk: Browser, order: Order) -> None:
    twice = {"lines-1-line_id": order.lines[0].id, "lines-1-pairs": 1}

    answer = send(desk, order, "give", line_pairs=1, key="k", expected=17800, **twice)

    assert answer.status_code == 409
    assert refunds_of(order) == []


def test_order_that_is_not_there_is_not_found(desk: Browser) -> None:
    assert desk.get("/staff/orders/999999/refunds").status_code == 404
    assert desk.send("/staff/orders/999999/cancellation").status_code == 404


def test_order_that_is_not_paid_has_no_form(desk: Browser, make: Make, variant: Variant) -> None:
    order = make.order((variant, 1))

    assert "nothing to give back" in desk.get(f"/staff/orders/{order.number}/refunds").text
    assert send(desk, order, "give", line_pairs=1, key="k", expected=8900).status_code == 409


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (Refused("No money in the account."), "refused to give the money back: No money"),
        (Unclear("time-out"), "not known yet whether the money was given back"),
    ],
    ids=["refused", "unclear"],
)
def test_what_the_company_answers_is_said(
    desk: Browser,
    order: Order,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    sentence: str,
) -> None:
    def fail() -> None:
        raise error

    failing: Payments = Between(before=fail)
    monkeypatch.setattr("storefront.checkout.desk.payments", lambda: failing)

    given = send(desk, order, "give", line_pairs=1, key=new_secret(), expected=8900)

    assert given.status_code == 303
    assert sentence in desk.get(given.location).text


def test_refund_that_is_on_its_way_says_so(
    desk: Browser, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    def pending(facts: RefundFacts) -> RefundFacts:
        return RefundFacts(facts.refund_id, facts.key, facts.amount_minor, "pending", "")

    slow: Payments = Between(after=pending)
    monkeypatch.setattr("storefront.checkout.desk.payments", lambda: slow)

    given = send(desk, order, "give", line_pairs=1, key=new_secret(), expected=8900)

    assert "$89.00 is on its way back." in desk.get(given.location).text
    assert refunds.left_of(again(order)).lines[0].pairs == 2
