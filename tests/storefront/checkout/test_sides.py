"""Single shoes and pairs of two sizes from payment to refund: each side's books for itself."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cart.models import Cart, Line
from storefront.catalogue.models import Variant
from storefront.checkout import purchase, refunds
from storefront.checkout.refunds import CannotRefund, Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders.models import Order
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import again, begin, carry_out, on_hand

PAIR, ONE = 9900, 5500


@pytest.fixture
def sizes(make: Make) -> list[Variant]:
    make.delivery()
    product = make.product("harbor", sizes=("9", "10"), pairs=5, price_minor=PAIR, single_minor=ONE)
    return list(product.variants)


def cart(*chosen: tuple[Variant | None, Variant | None, int]) -> Cart:
    """Return a cart with so many of each left and right shoe."""
    lines = tuple(
        Line(left.id if left else None, right.id if right else None, quantity)
        for left, right, quantity in chosen
    )
    return Cart(new_secret(), lines, "US", "shopper@example.com")


def start(chosen: Cart) -> str:
    return purchase.start(chosen, payments=payments(), terms=terms(), now=utcnow())


def buy(company: Company, chosen: Cart) -> Order:
    """Pay for a cart and return its order."""
    address = start(chosen)
    company.pay(address)
    session_id = address.rpartition("/")[2]
    order = purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())
    assert order is not None and order.state == "paid"
    return again(order)


def held(variant: Variant) -> tuple[int, int]:
    db.session.rollback()
    left, right = db.session.execute(
        select(Variant.held_left, Variant.held_right).where(Variant.id == variant.id)
    ).one()
    return left, right


def test_each_side_is_held_of_its_own_size(app: Flask, sizes: list[Variant]) -> None:
    nine, ten = sizes

    start(cart((nine, ten, 2), (None, nine, 1)))

    assert held(nine) == (2, 1)
    assert held(ten) == (0, 2)
    assert ledger.differences() == []


def test_order_says_what_was_bought_for_each_foot(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes

    order = buy(company, cart((nine, ten, 1), (None, ten, 2), (nine, nine, 1)))

    assert [(line.name, line.unit_minor) for line in order.lines] == [
        ("Harbor, Moss, Size: left 9 Wide, right 10 Wide", PAIR),
        ("Harbor, Moss, Size 10, Wide, right shoe only", ONE),
        ("Harbor, Moss, Size 9, Wide", PAIR),
    ]
    assert order.subtotal_minor == 2 * PAIR + 2 * ONE
    session = company.session(order.page.session_id or "")
    assert session["amount_subtotal"] == order.subtotal_minor
    letter = db.session.scalars(select(Letter).where(Letter.cause.startswith("order-paid"))).one()
    assert "2 × Harbor, Moss, Size 10, Wide, right shoe only: $110.00" in letter.facts["rows"]


def test_sold_sides_leave_the_count_and_the_ledger_says_why(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes

    order = buy(company, cart((nine, ten, 1), (nine, None, 2)))

    assert (on_hand(nine), on_hand(ten)) == ((2, 5), (5, 4))
    sold = db.session.scalars(select(Movement).where(Movement.reason == "sold")).all()
    assert sorted((m.variant_id, m.left_change, m.right_change) for m in sold) == sorted(
        [(nine.id, -1, 0), (nine.id, -2, 0), (ten.id, 0, -1)]
    )
    assert {m.order_line_id for m in sold} == {line.id for line in order.lines}
    assert ledger.differences() == []


def test_last_left_shoe_is_sold_once(app: Flask, company: Company, sizes: list[Variant]) -> None:
    nine, ten = sizes
    with db.writing():
        ledger.count(nine.id, Shoes(1, 5), based_on=Shoes(5, 5), by="Ann", now=utcnow())

    buy(company, cart((nine, None, 1)))

    with pytest.raises(purchase.CannotBuy):
        start(cart((nine, ten, 1)))
    with pytest.raises(purchase.CannotBuy):
        start(cart((nine, nine, 1)))
    assert buy(company, cart((ten, nine, 1))).state == "paid"


def test_refund_of_one_shoe_of_two_sizes_is_half_and_goes_back_to_its_own_size(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    order = buy(company, cart((nine, ten, 1)))
    wish = Wish(order.lines[0].id, Shoes(0, 1), restock=True)

    refund = carry_out(begin(order, wish))

    assert refund.amount_minor == PAIR // 2
    assert (on_hand(nine), on_hand(ten)) == ((4, 5), (5, 5))
    with pytest.raises(CannotRefund, match="only 1 left and 0 right shoes can be given back"):
        begin(order, wish, expected=PAIR // 2)
    rest = carry_out(begin(order, Wish(order.lines[0].id, Shoes(1, 0), restock=True)))
    assert rest.amount_minor == PAIR - PAIR // 2
    assert on_hand(nine) == (5, 5)
    assert ledger.differences() == []


def test_refund_of_a_single_shoe_is_its_price_and_never_of_the_other_side(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, _ = sizes
    order = buy(company, cart((nine, None, 2)))

    with pytest.raises(CannotRefund):
        begin(order, Wish(order.lines[0].id, Shoes(0, 1), restock=True), expected=ONE)
    refund = carry_out(begin(order, Wish(order.lines[0].id, Shoes(1, 0), restock=True)))

    assert refund.amount_minor == ONE
    assert on_hand(nine) == (4, 5)


def test_cancelled_order_brings_each_side_back(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    order = buy(company, cart((nine, ten, 1), (None, nine, 1)))

    refunds.cancel(order.id, key=new_secret(), by="Ann", now=utcnow(), shop_url="http://localhost")

    assert (on_hand(nine), on_hand(ten)) == ((5, 5), (5, 5))
    assert ledger.differences() == []


def test_lapsed_order_gives_each_side_free(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    address = start(cart((nine, ten, 2)))
    company.expire(address.rpartition("/")[2])

    purchase.settle(address.rpartition("/")[2], payments=payments(), terms=terms(), now=utcnow())

    assert (held(nine), held(ten)) == ((0, 0), (0, 0))


def test_own_older_hold_of_a_side_never_blocks(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    first = cart((nine, ten, 5))
    start(first)

    changed = Cart(first.id, (Line(nine.id, None, 5),), "US")
    start(changed)

    assert (held(nine), held(ten)) == ((5, 0), (0, 0))


def test_dispatch_says_which_shoe_is_in_the_box(
    app: Flask, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    order = buy(company, cart((nine, ten, 1), (None, nine, 1)))

    with db.writing():
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )

    sent = db.session.scalars(
        select(Letter).where(Letter.cause.startswith("order-dispatched"))
    ).one()
    assert sent.facts["lines"] == [
        "1 × Harbor, Moss, Size: left 9 Wide, right 10 Wide",
        "1 × Harbor, Moss, Size 9, Wide, right shoe only",
    ]


def test_longest_names_of_two_sizes_fit(app: Flask, company: Company, make: Make) -> None:
    make.delivery()
    product = make.product("harbor", sizes=("9", "8"), single_minor=ONE, size_label="S" * 80)
    left, right = product.variants
    with db.writing():
        for variant in (left, right):
            longest = db.session.get_one(Variant, variant.id)
            longest.size, longest.width = variant.size * 80, "W" * 80

    order = buy(company, cart((left, right, 1)))

    assert order.lines[0].size == (
        f"{'S' * 80}: left {'9' * 80} {'W' * 80}, right {'8' * 80} {'W' * 80}"
    )


def test_whole_way_without_script(
    client: FlaskClient, company: Company, sizes: list[Variant]
) -> None:
    nine, ten = sizes
    client.post("/cart/lines", data={"left_sku": nine.sku, "right_sku": ten.sku})

    address = client.post("/checkout").headers["Location"]
    back = client.get(company.pay(address).removeprefix("http://localhost"))
    page = client.get(back.headers["Location"]).text

    assert "Your order is paid" in page
    assert "Moss, Size: left 9 Wide, right 10 Wide" in page
    assert (on_hand(nine), on_hand(ten)) == ((4, 5), (5, 4))
