"""What staff do with returns: `/staff/returns…`."""

import re
from functools import partial
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalogue.models import Product
from storefront.db import db
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.orders.models import Order
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from storefront.stock.models import Hold, Movement
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import begin, carry_out, pairs, refunds_of
from tests.storefront.returns.sent import (
    ask,
    asking,
    at_desk,
    counts,
    received,
    returns,
    sent,
    settled,
    size,
    take_back,
    told,
)
from tests.storefront.staff.people import Browser, signed_in

NONE = Shoes(0, 0)


@pytest.fixture
def product(make: Make) -> Product:
    make.delivery()
    take_back(cost="500")
    return make.product("harbor", sizes=("9", "10"), pairs=3)


@pytest.fixture
def order(make: Make, company: Company, product: Product) -> Order:
    return sent(make, company, (size(product, "9"), 2))


@pytest.fixture
def desk(app: Flask) -> Browser:
    return signed_in(app, "stock")


def reasons(line_id: int) -> list[tuple[str, int]]:
    """Return the ledger of an order line: reason and change of the left side."""
    db.session.rollback()
    moved = select(Movement).where(Movement.order_line_id == line_id).order_by(Movement.id)
    return [(row.reason, row.left_change) for row in db.session.scalars(moved)]


def state(number: int = 1) -> str:
    return next(one.state for one in returns() if one.number == number)


def test_a_pair_is_received_and_paid_back_less_what_sending_back_costs(
    app: Flask, client: FlaskClient, desk: Browser, order: Order, product: Product
) -> None:
    old = size(product, "9")
    ask(app, order)
    assert "returns to receive" in desk.get("/staff").text
    assert 'href="/staff/returns/1"' in desk.get(f"/staff/returns?q={order.number}").text
    assert 'href="/staff/returns/1"' not in desk.get("/staff/returns?q=999").text
    assert 'href="/staff/returns/1"' not in desk.get("/staff/returns?state=settled").text
    assert "Mark as received" in desk.get("/staff/returns/1").text

    answers = [received(desk) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert "Return 1 is received by Ann" in answers[1].text
    assert counts(old) == (Shoes(2, 2), NONE)
    assert told("return_received") == 1
    assert "We look at the shoes" in client.get(f"/orders/{order.reference}").text
    assert "returns to settle" in desk.get("/staff").text
    shown = desk.get("/staff/returns/1").text
    assert "Money back is $89.00" in shown and "$5.00" in shown

    assert "The other size" not in shown and 'name="delivery"' not in shown  # it was free
    fields = {"line_0_outcome": "money", "keep_cost": "y"}
    looked = at_desk(desk, "settlement", action="look", **fields)
    assert looked.status_code == 200 and "Give $84.00 back and settle return 1" in looked.text
    assert "Less $5.00 for sending back" in looked.text
    moved = at_desk(desk, "settlement", action="give", expected="8900", **fields)
    assert moved.status_code == 409 and "This would give back $84.00 now." in moved.text
    odd = at_desk(desk, "settlement", action="give", expected="much", **fields)
    assert odd.status_code == 400
    assert refunds_of(order) == [] and state() == "received"

    fields |= {"action": "give", "expected": "8400"}
    answers = [at_desk(desk, "settlement", **fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert [(r.amount_minor, r.status) for r in refunds_of(order)] == [(8400, "succeeded")]
    assert told("order_refunded") == 1 and told("return_settled") == 0
    explained = "$89.00, less $5.00 for sending back"
    page = client.get(f"/orders/{order.reference}").text
    assert f"$84.00 goes back to you: {explained}." in page
    letter = db.session.scalars(select(Letter).filter_by(template="order_refunded")).one()
    assert f"That is {explained}." in jobs.compose(letter).get_content()
    for shown in (
        client.get(f"/orders/{order.reference}/receipt").text,
        desk.get("/staff/returns/1").text,
        desk.get(f"/staff/orders/{order.number}").text,
    ):
        assert explained in shown
    assert counts(old) == (Shoes(2, 2), NONE)
    assert ledger.differences() == []
    assert ask(app, order, asking(quantity=2)).status_code == 422  # one pair is left
    assert ask(app, order).status_code == 303

    assert "Your order is on its way" in client.get(f"/orders/{order.reference}").text
    received(desk, 2)
    settled(desk, 2, line_0_outcome="money")
    page = client.get(f"/orders/{order.reference}").text
    assert "All shoes of this order were paid back." in page and "is on its way" not in page


def test_the_other_size_is_sent_from_its_hold_and_the_line_is_sold_once(
    app: Flask, client: FlaskClient, desk: Browser, order: Order, product: Product
) -> None:
    old, new = size(product, "9"), size(product, "10")
    ask(app, order, asking(quantity=2, wish=new.sku))
    assert counts(new) == (Shoes(3, 3), Shoes(2, 2))
    received(desk)  # one of the two

    fields = {"line_0_outcome": "exchange", "carrier": "Post", "tracking": "AB 1"}
    answers = [settled(desk, **fields) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert (counts(old), counts(new)) == ((Shoes(2, 2), NONE), (Shoes(2, 2), NONE))
    assert reasons(order.lines[0].id) == [("sold", -2), ("returned", 1), ("exchanged", -1)]
    assert {hold.end_reason for hold in db.session.scalars(select(Hold))} == {"sold", "sent"}
    assert ledger.restockable(order.id) == {order.lines[0].id: Shoes(1, 1)}
    assert refunds_of(order) == []
    assert ledger.differences() == []
    page = client.get(f"/orders/{order.reference}").text
    assert "sent with Post" in page and "AB 1" in page
    assert "sent 1 pair in exchange" in desk.get(f"/staff/stock/{new.sku}").text
    letter = db.session.scalars(select(Letter).filter_by(template="return_settled")).one()
    text = jobs.compose(letter).get_content()
    assert "Moss, Size 10, Wide" in text and "Tracking number: AB 1" in text


def test_a_refused_return_frees_the_hold_and_takes_its_shoes_out_of_stock_again(
    app: Flask, client: FlaskClient, desk: Browser, order: Order, product: Product
) -> None:
    old, new = size(product, "9"), size(product, "10")
    ask(app, order, asking(wish=new.sku))
    received(desk)

    answers = [at_desk(desk, "refusal", why="Worn outdoors.") for _ in range(2)]

    assert [answer.status_code for answer in answers] == [303, 409]
    assert (counts(old), counts(new)) == ((Shoes(1, 1), NONE), (Shoes(3, 3), NONE))
    assert reasons(order.lines[0].id) == [("sold", -2), ("returned", 1), ("corrected", -1)]
    assert ledger.differences() == []
    assert "Worn outdoors." in client.get(f"/orders/{order.reference}").text
    for template in ("return_asked", "return_received", "return_refused"):
        letter = db.session.scalars(select(Letter).filter_by(template=template)).one()
        mail = jobs.compose(letter)
        text = mail.get_content()
        assert f"/orders/{order.reference}" in text
        assert "1" in str(mail["Subject"]) and "{{" not in text


def test_a_return_is_not_refused_when_its_shoes_are_sold_again(
    app: Flask, desk: Browser, make: Make, order: Order, product: Product
) -> None:
    ask(app, order)
    received(desk)
    make.order((size(product, "9"), 2))  # holds all of them

    answer = at_desk(desk, "refusal", why="Worn outdoors.")

    assert answer.status_code == 409 and "sold or held by now" in answer.text
    assert state() == "received"
    assert ledger.differences() == []


BAD: list[tuple[str, dict[str, Any], int, str]] = [
    ("receipt", {"line_0_whole": 2}, 409, "Only 1 pair of Harbor, Moss, Size 9, Wide was to come."),
    ("receipt", {"line_0_left": 1}, 409, "Only 1 pair"),
    ("receipt", {"line_0_whole": 0}, 409, "Nothing arrived"),
    ("receipt", {"line_0_whole": -1}, 422, "a whole number from 0 to 12"),
    ("receipt", {"line_0_condition": "odd"}, 422, "Please choose a condition."),
    ("receipt", {"note": "x" * 501}, 422, "at most 500 characters"),
    ("settlement", {}, 422, "Please choose what the shopper gets."),
    ("settlement", {"line_0_outcome": "luck"}, 422, "Please choose what the shopper gets."),
    ("settlement", {"line_0_outcome": "exchange"}, 409, "no other size was asked for"),
    ("settlement", {"line_0_outcome": "money", "carrier": "x" * 81}, 422, "at most 80"),
    ("refusal", {"why": ""}, 422, "Please write down why."),
    ("refusal", {"why": "x" * 1001}, 422, "at most 1,000 characters"),
]


def test_bad_input_gets_a_sentence_and_changes_nothing(
    app: Flask, desk: Browser, order: Order, product: Product
) -> None:
    old = size(product, "9")
    ask(app, order)
    ask_first = [case for case in BAD if case[0] != "settlement"]
    then_settle = [case for case in BAD if case[0] == "settlement"]

    for came, cases in ((False, ask_first), (True, then_settle)):
        if came:
            received(desk)
        before = (counts(old), state())
        for act, fields, status, sentence in cases:
            send = {"receipt": received, "settlement": settled}.get(act, partial(at_desk, act=act))
            answer = send(desk, **fields)

            assert (answer.status_code, sentence in answer.text) == (status, True), fields
            assert (counts(old), state()) == before
    assert refunds_of(order) == []
    assert ledger.differences() == []


def test_no_more_money_goes_back_than_is_left_of_what_came(
    app: Flask, desk: Browser, make: Make, company: Company, product: Product
) -> None:
    order = sent(make, company, (size(product, "9"), 1))
    ask(app, order)
    received(desk, line_0_restock="")
    carry_out(begin(order, pairs(order, 1)))  # by hand meanwhile

    answer = settled(desk, line_0_outcome="money")

    assert answer.status_code == 409 and "can be given back" in answer.text
    assert state() == "received"
    assert settled(desk, line_0_outcome="nothing").status_code == 303
    assert (state(), told("return_settled")) == ("settled", 1)
    assert [r.amount_minor for r in refunds_of(order)] == [8900]
    assert counts(size(product, "9")) == (Shoes(2, 2), NONE)


def test_what_sending_back_costs_is_never_more_than_the_shoes(
    app: Flask, desk: Browser, order: Order
) -> None:
    take_back(cost="999999")
    ask(app, order)
    received(desk)

    answer = settled(desk, line_0_outcome="money", keep_cost="y", delivery="y")

    assert answer.status_code == 303
    assert refunds_of(order) == [] and state() == "settled"  # delivery was free
    assert told("return_settled") == 1


def test_tax_in_money_back_is_less_by_its_part_of_what_is_kept(
    app: Flask, desk: Browser, order: Order
) -> None:
    with db.writing():
        charged = db.session.merge(order)
        charged.tax, charged.tax_rate_millis, charged.tax_minor = "included", 20_000, 2967
        charged.lines[0].tax_minor = 2967
    ask(app, order)
    received(desk)

    settled(desk, line_0_outcome="money", keep_cost="y")

    [refund] = refunds_of(order)
    assert (refund.amount_minor, refund.tax_minor) == (8400, 1483 * 8400 // 8900)


def test_an_unknown_return_is_not_found_and_a_list_has_all_states(
    app: Flask, desk: Browser, order: Order
) -> None:
    ask(app, order)

    assert at_desk(desk, "receipt", 7).status_code == 404
    assert desk.get("/staff/returns/7").status_code == 404
    assert desk.get("/staff/returns?state=lost").status_code == 404
    page = desk.get("/staff/returns").text
    assert re.findall(r"state=(\w+)", page) == [
        "requested", "received", "settled", "refused", "withdrawn",
    ]  # fmt: skip


def test_the_shop_pays_for_sending_back_what_arrived_damaged(
    app: Flask, client: FlaskClient, desk: Browser, order: Order
) -> None:
    for number, reason, we_pay in ((1, "small", False), (2, "damaged", True)):
        ask(app, order, asking(reason=reason))
        page = client.get(f"/orders/{order.reference}").text
        received(desk, number)

        assert ("so we pay: nothing is taken off your money." in page) == we_pay
        box = re.findall(
            r'<input[^>]*name="keep_cost"[^>]*>', desk.get(f"/staff/returns/{number}").text
        )
        assert ["checked" not in each for each in box] == [we_pay]
        at_desk(desk, "refusal", number, why="Only for this test.")
