"""Tax in its three ways, kept for each line and the delivery; receipts whose rows add up."""

import random
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from storefront.checkout import purchase, refunds
from storefront.checkout.payments import PageRequest, RefundFacts, _parameters
from storefront.checkout.refunds import Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.orders import receipts, taxes
from storefront.orders.models import Order, OrderMark
from storefront.settings import queries
from storefront.stock.ledger import Shoes
from tests.factories import NOW, Make
from tests.payments import Company
from tests.storefront.checkout.paid import again, begin, buy, carry_out, pairs, refunds_of


def choose(**values: str) -> None:
    with db.writing():
        queries.keep({name.upper(): value for name, value in values.items()}, by="Ann", now=NOW)


def test_no_tax_is_kept_where_none_is_charged(make: Make, company: Company) -> None:
    make.delivery()

    order = buy(make, company, (make.variant(), 1))

    assert (order.tax, order.tax_minor, order.delivery_tax_minor) == ("none", 0, 0)
    asked = _parameters(PageRequest.from_data(order.page.parameters))
    assert asked["automatic_tax"] == {"enabled": False}  # an account's default might add one
    assert receipts.tax_words(order) == ""


def test_tax_within_prices_is_split_out_of_each_line_and_delivery(
    make: Make, company: Company
) -> None:
    make.delivery()
    choose(tax="included", tax_name="VAT", tax_rate="19.5")

    order = buy(make, company, (make.variant(price_minor=1195), 2), (make.variant(), 1))

    assert order.total_minor == 2390 + 8900 + order.delivery_minor
    assert [line.tax_minor for line in order.lines] == [390, 1452]
    assert order.delivery_tax_minor == taxes.included(order.delivery_minor, 19_500)
    assert order.tax_minor == 390 + 1452 + order.delivery_tax_minor
    assert receipts.tax_words(order) == "VAT 19.5 %"


def test_tax_of_the_payment_company_comes_on_top_and_is_kept_part_by_part(
    make: Make, company: Company
) -> None:
    make.delivery()
    choose(tax="stripe", tax_name="Sales tax")

    order = buy(make, company, (make.variant(price_minor=3333), 1), (make.variant(), 1))

    assert [line.tax_minor for line in order.lines] == [275, 734]  # 8.25 % each
    assert order.delivery_minor == 0 and order.delivery_tax_minor == 0  # free from $100
    assert order.total_minor == 3333 + 8900 + 275 + 734
    assert receipts.rows(order)[-1].words == "Sales tax"
    (left, _) = refunds.left_of(order).lines
    assert left.paid_minor == 3333 + 275


def test_delivery_is_taxed_too_and_the_sum_is_believed(make: Make, company: Company) -> None:
    make.delivery()
    choose(tax="stripe")

    order = buy(make, company, (make.variant(price_minor=2000), 1))

    assert (order.delivery_minor, order.delivery_tax_minor) == (695, 57)
    assert order.total_minor == 2000 + 165 + 695 + 57
    assert refunds.left_of(order).delivery_minor == 695 + 57


def test_payment_whose_lines_are_others_is_parked(make: Make, company: Company) -> None:
    make.delivery()
    choose(tax="stripe")
    cart = make.cart((make.variant(), 1))
    address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    company.pay(address)
    session = address.rpartition("/")[2]
    facts = payments().look_up(session)
    assert facts is not None and len(facts.taxes) == 2
    lost = replace(facts, taxes=facts.taxes[1:])

    purchase.apply(session, lost, account=payments().account, terms=terms(), now=utcnow())

    db.session.rollback()
    assert db.session.scalars(select(OrderMark.why)).all() == ["Lines taxed: 0, ordered: 1."]
    assert db.session.scalars(select(Order.state)).one() == "pending"


@pytest.mark.parametrize("tax", ["included", "stripe"])
def test_refunds_in_steps_give_back_all_of_the_tax_and_no_more(
    make: Make, company: Company, tax: str
) -> None:
    make.delivery()
    choose(tax=tax, tax_rate="7.25")
    order = buy(make, company, (make.variant(price_minor=3333), 2), (make.variant(), 1))
    first, second = order.lines

    for wishes, delivery in (
        ([Wish(first.id, Shoes(1, 0))], False),
        ([pairs(order, 1, line=1)], True),
        ([Wish(first.id, Shoes(1, 2))], False),
    ):
        carry_out(begin(order, *wishes, delivery=delivery))

    given = refunds_of(order)
    order = again(order)
    assert sum(refund.tax_minor for refund in given) == order.tax_minor > 0
    assert sum(refund.amount_minor for refund in given) == order.total_minor
    assert given[0].tax_minor == first.tax_minor // 4
    assert given[1].tax_minor == second.tax_minor + order.delivery_tax_minor


def test_refund_made_elsewhere_takes_its_share_of_the_tax(make: Make, company: Company) -> None:
    make.delivery()
    choose(tax="included", tax_rate="10")
    order = buy(make, company, (make.variant(price_minor=11000), 1))
    assert (order.total_minor, order.tax_minor) == (11000, 1000)

    refunds.apply(
        order.payment_intent or "",
        [RefundFacts("re_elsewhere", "", 5500, "succeeded", "")],
        now=utcnow(),
        shop_url="http://localhost",
    )

    (refund,) = refunds_of(order)
    assert (refund.tax_minor, refund.credit_number) == (500, 1)
    left = refunds.left_of(again(order))
    assert (left.total_minor, left.tax_minor) == (5500, 500)


def test_receipts_and_credit_notes_have_numbers_without_gaps(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=9)
    first = buy(make, company, (variant, 1))
    with pytest.raises(RuntimeError), db.writing():
        assert receipts.next_number(receipts.RECEIPT) == 2
        raise RuntimeError("what was begun is undone")

    second = buy(make, company, (variant, 1))
    for order in (second, first):
        carry_out(begin(order, pairs(order, 1)))

    assert [again(order).receipt_number for order in (first, second)] == [1, 2]
    assert [refunds_of(order)[0].credit_number for order in (first, second)] == [2, 1]


def test_unpaid_order_and_refused_refund_have_no_number(make: Make) -> None:
    order = make.order()

    assert order.receipt_number is None


def test_every_receipt_adds_up(app: Flask, make: Make) -> None:
    """Any prices, numbers, discount and tax: the rows are the total, the taxes are the tax."""
    chance = random.Random(20_261_126)
    variants = [make.variant(price_minor=chance.randint(1, 99_999), pairs=200) for _ in range(3)]
    for tax in ("none", "included", "stripe") * 8:
        order = make.order(*((variant, chance.randint(1, 6)) for variant in variants))
        with db.writing():
            order = db.session.get_one(Order, order.id)
            order.tax, order.tax_rate_millis = tax, chance.randint(1, 30_000)
            order.discount_minor = chance.randint(0, order.subtotal_minor)
            order.delivery_minor = chance.choice([0, 695, 1495])
            told = chance.randint(0, 9999) if tax != "included" else 0
            taxes.keep(order, taxes.of_parts(order, told_minor=told))
            on_top = order.tax_minor if tax != "included" else 0
            order.total_minor = (
                order.subtotal_minor - order.discount_minor + order.delivery_minor + on_top
            )

        assert sum(row.amount_minor for row in receipts.rows(order)) == order.total_minor
        assert order.tax_minor == (
            sum(line.tax_minor for line in order.lines) + order.delivery_tax_minor
        )
        left = refunds.left_of(order)
        parts = sum(line.paid_minor for line in left.lines) + left.delivery_minor
        assert parts == order.total_minor


@pytest.mark.parametrize(
    ("price", "rate", "tax"), [(11900, 19_000, 1900), (1195, 19_500, 195), (100, 0, 0), (1, 99, 0)]
)
def test_tax_within_a_price_is_rounded_half_up(price: int, rate: int, tax: int) -> None:
    assert taxes.included(price, rate) == tax


def test_promotion_codes_are_allowed_where_the_owner_chose_so(make: Make, company: Company) -> None:
    make.delivery()
    asked = []
    for chosen in ("", "1"):
        choose(promotion_codes=chosen)
        cart = make.cart((make.variant(), 1))
        address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
        asked.append(company.session(address.rpartition("/")[2])["allow_promotion_codes"])

    assert asked == [None, True]


def test_no_tax_was_told_is_no_tax_at_all(make: Make) -> None:
    order = make.order((make.variant(), 1), delivery_minor=695)

    assert list(taxes.of_parts(order)) == [0, 0]
    with pytest.raises(ValueError, match="shorter"):
        taxes.keep(order, [0])
