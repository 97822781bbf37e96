"""The receipt: on the order's page, alone to print, and in the mail; with its credit notes."""

from flask import Flask
from flask.testing import FlaskClient

from storefront.checkout.refunds import Wish
from storefront.db import db
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.settings import queries
from storefront.stock.ledger import Shoes
from tests.factories import NOW, Make
from tests.payments import Company
from tests.storefront.checkout.paid import begin, buy, carry_out

SELLER = {
    "SHOP_LEGAL_NAME": "Sure Foot LLC",
    "SHOP_ADDRESS": "2 Any Road\nTown",
    "SHOP_TAX_NUMBER": "DE 123",
    "TAX": "included",
    "TAX_NAME": "VAT",
    "TAX_RATE": "19",
}


def test_receipt_says_who_sold_what_and_what_tax_is_in_it(
    app: Flask, client: FlaskClient, make: Make, company: Company
) -> None:
    make.delivery()
    with db.writing():
        queries.keep(SELLER, by="Ann", now=NOW)
    order = buy(make, company, (make.variant(price_minor=11900), 1), email="ann@example.com")
    carry_out(begin(order, Wish(order.lines[0].id, Shoes(1, 0))))

    pages = [client.get(f"/orders/{order.reference}{more}").text for more in ("", "/receipt")]

    for page in pages:
        for said in (
            "Receipt 1",
            "Sure Foot LLC<br>2 Any Road<br>Town<br>Tax number DE 123",
            "$119.00",
            "of which VAT 19 %</th><td>$19.00",
            "Credit note 1",
            "Given back</th><td><strong>$59.50",
            "of which VAT 19 %</th><td>$9.50",
        ):
            assert said in page, said
    letters = {letter.template: jobs.compose(letter) for letter in db.session.query(Letter)}
    paid = letters["order_paid"].get_content()
    for said in ("Receipt 1", "Sure Foot LLC, 2 Any Road, Town", "Tax number DE 123", "$19.00"):
        assert said in paid, said
    refunded = letters["order_refunded"].get_content()
    assert "Credit note 1 for receipt 1: $59.50, of which tax $9.50" in refunded


def test_order_that_is_not_paid_has_no_receipt(client: FlaskClient, make: Make) -> None:
    order = make.order(state="lapsed")

    assert client.get(f"/orders/{order.reference}/receipt").status_code == 404
    assert client.get("/orders/nothing/receipt").status_code == 404
    assert "Receipt" not in client.get(f"/orders/{order.reference}").text
