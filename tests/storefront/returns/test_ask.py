"""Asking to send back: `POST /orders/<reference>/returns`, the slip, and withdrawing."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalogue.models import Product
from storefront.checkout.refunds import Wish
from storefront.db import db
from storefront.orders.models import Order
from storefront.returns import returning, terms
from storefront.returns.returning import Asked, CannotReturn
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import begin, buy, carry_out
from tests.storefront.returns.sent import (
    ask,
    asking,
    counts,
    returns,
    sent,
    size,
    take_back,
    told,
)

PAIR, NONE = Shoes(1, 1), Shoes(0, 0)


@pytest.fixture
def product(make: Make) -> Product:
    make.delivery()
    take_back(cost="500")
    return make.product("harbor", sizes=("9", "10"), pairs=3)


@pytest.fixture
def order(make: Make, company: Company, product: Product) -> Order:
    return sent(make, company, (size(product, "9"), 2))


def test_a_pair_is_asked_back_for_money_and_the_page_says_how_to_send_it(
    app: Flask, client: FlaskClient, order: Order
) -> None:
    before = client.get(f"/orders/{order.reference}").text
    assert "Send something back, or get another size" in before
    assert "You can ask until" in before
    assert "<p>For another size it costs nothing.</p>" in before
    assert 'value="harbor-moss-10-wide"' in before and 'value="harbor-moss-9-wide"' not in before

    answer = ask(app, order)

    assert (answer.status_code, answer.location) == (303, f"/orders/{order.reference}")
    [one] = returns()
    assert (one.number, one.state, one.lines[0].wish) == (1, "requested", "money")
    page = client.get(answer.location).text
    assert "Return 1" in page and "1 Example Street" in page
    assert "Sending back costs $5.00" in page and "Worn indoors only." in page
    assert "Please send them by" in page
    slip = client.get(f"/orders/{order.reference}/returns/1")
    assert "Return 1" in slip.text and "1 Example Street" in slip.text
    assert "1 pair of Harbor, Moss, Size 9, Wide, for money back" in slip.text
    assert "<script" not in slip.text and slip.headers["X-Robots-Tag"] == "noindex"
    assert told("return_asked") == 1
    assert ledger.differences() == []


def test_another_size_is_held_at_once_and_free_again_when_withdrawn(
    app: Flask, client: FlaskClient, order: Order, product: Product
) -> None:
    new = size(product, "10")
    wanted = asking(wish=new.sku)

    asked = [ask(app, order, wanted) for _ in range(2)]  # a double click

    assert [answer.status_code for answer in asked] == [303, 303]
    assert len(returns()) == 1 and told("return_asked") == told("return_new") == 1
    assert counts(new) == (Shoes(3, 3), PAIR)
    assert ledger.differences() == []

    for _ in range(2):
        answer = client.post(f"/orders/{order.reference}/returns/1/withdrawal")
        assert answer.status_code == 303
    assert [one.state for one in returns()] == ["withdrawn"]
    assert counts(new) == (Shoes(3, 3), NONE)
    assert ledger.differences() == []
    assert ask(app, order).status_code == 303
    assert [one.number for one in returns()] == [1, 2]


def test_one_shoe_of_what_is_sold_singly_is_changed_alone(
    app: Flask, client: FlaskClient, make: Make, company: Company
) -> None:
    make.delivery()
    take_back()
    product = make.product("single", sizes=("9", "10"), pairs=3, single_minor=5000)
    new = size(product, "10")
    order = sent(make, company, (size(product, "9"), 1))

    carry_out(begin(order, Wish(order.lines[0].id, Shoes(1, 0))))  # the other one is paid back
    assert 'selected value="right"' in client.get(f"/orders/{order.reference}").text
    assert ask(app, order, asking(wish=new.sku)).status_code == 422

    answer = ask(app, order, asking(wish=new.sku, side="right"))

    assert answer.status_code == 303
    [line] = returns()[0].lines
    assert (line.left, line.right) == (0, 1)
    assert (line.new_left_variant_id, line.new_right_variant_id) == (None, new.id)
    assert counts(new) == (Shoes(3, 3), Shoes(0, 1))
    assert ledger.differences() == []


BAD: list[tuple[dict[str, Any], int, str]] = [
    (asking(quantity=3), 422, "Only 2 pairs of Harbor, Moss, Size 9, Wide can still be sent back."),
    (asking(quantity=-1), 422, "Please write a whole number from 0 to 12."),
    (asking(quantity="two"), 422, "Please write a whole number from 0 to 12."),
    (asking(quantity=0), 422, "Please say how many you send back."),
    (asking(place=7), 422, "That line is not of this order."),
    (asking(reason="because"), 422, "Please choose one of the reasons."),
    (asking(reason=""), 422, "Please say why"),
    (asking(side="up"), 422, "Please choose both shoes"),
    (asking(side="left"), 422, "is sold in pairs, so please send back both shoes."),
    (asking(wish=""), 422, "Please choose your money back or another size."),
    (asking(wish="x" * 10_000), 409, "is not there any more"),
    (asking(wish="harbor-moss-10-wide"), 409, "10, Wide is not there any more"),
    (asking(wish="costly-moss-9-wide"), 422, "another size of the same model only"),
]


def test_bad_input_gets_a_sentence_and_changes_nothing(
    app: Flask, make: Make, order: Order, product: Product
) -> None:
    make.product("costly")
    make.order((size(product, "10"), 3))  # holds all of that size

    for fields, status, sentence in BAD:
        answer = ask(app, order, fields)

        said = answer.text.partition('role="alert"')[2].partition("</div>")[0]
        assert (answer.status_code, sentence in said) == (status, True), fields
    assert returns() == [] and told("return_asked") == 0
    assert ledger.differences() == []


def test_a_size_of_another_price_is_neither_offered_nor_given(
    app: Flask, client: FlaskClient, order: Order, product: Product
) -> None:
    new = size(product, "10")
    assert new.sku in client.get(f"/orders/{order.reference}").text
    with db.writing():
        db.session.merge(new).price_minor = 9900

    assert new.sku not in client.get(f"/orders/{order.reference}").text
    answer = ask(app, order, asking(wish=new.sku))

    assert answer.status_code == 422
    assert "has another price" in answer.text
    assert returns() == []


def test_nothing_is_taken_back_too_late_or_unsent_or_twice(
    app: Flask, make: Make, company: Company, product: Product
) -> None:
    variant = size(product, "9")
    late = sent(make, company, (variant, 1), days_ago=40)
    soon_late = sent(make, company, (variant, 1), days_ago=28)
    unsent = buy(make, company, (variant, 1))

    assert "The time to send back" in (too_late := ask(app, late)).text
    assert "was not sent" in (not_yet := ask(app, unsent)).text
    assert too_late.status_code == not_yet.status_code == 409
    assert "The time to ask ended" in too_late.text
    assert ask(app, soon_late).status_code == 303
    other = ask(app, soon_late, asking(reason="large"))
    assert other.status_code == 409 and "is in return 1 already" in other.text
    assert len(returns()) == 1


def test_the_last_day_is_a_whole_day_of_the_shop(app: Flask, order: Order) -> None:
    set_now = terms.current()
    last = returning.last_day(order, set_now)
    assert last is not None
    ends = datetime.combine(last + timedelta(days=1), time(), set_now.zone)
    asked = [Asked(order.lines[0].id, PAIR, "small")]

    with pytest.raises(CannotReturn, match="ended on"):
        returning.ask(order.id, asked, terms=set_now, now=ends)
    number = returning.ask(order.id, asked, terms=set_now, now=ends - timedelta(seconds=1))

    assert number == 1
    assert returning.send_by(returns()[0], set_now) == last + returning.TIME_TO_SEND


def test_strangers_find_no_return_of_another_order(
    app: Flask, client: FlaskClient, make: Make, company: Company, order: Order, product: Product
) -> None:
    other = sent(make, company, (size(product, "9"), 1))
    ask(app, order)

    for reference in (other.reference, "none"):
        address = f"/orders/{reference}/returns"
        assert client.get(f"{address}/1").status_code == 404
        assert client.post(f"{address}/1/withdrawal").status_code == 404
    assert client.post("/orders/none/returns").status_code == 404
    assert [one.state for one in returns()] == ["requested"]
