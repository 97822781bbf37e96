"""An order by phone: put together by staff, read back, and paid by the shopper by a short link."""

import re
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.cart import changing
from storefront.checkout import phone, purchase, setting
from storefront.checkout.models import PhoneCart
from storefront.checkout.payments import StripePayments
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.models import Letter
from storefront.orders.models import Order
from storefront.settings import queries as settings
from storefront.stock import ledger
from tests.conftest import browser as shopper_browser
from tests.factories import Make
from tests.payments import Company
from tests.storefront.staff.people import Browser, fresh, signed_in, with_limits

DESK = "/staff/phone-orders"


@pytest.fixture
def staff(app: Flask, make: Make) -> Browser:
    make.delivery()
    return signed_in(app, "stock")


def begun(staff: Browser, sku: str, *, quantity: int = 1) -> str:
    """Begin an order of so many pairs and return the address of its page at the desk."""
    place = str(staff.send(DESK).location)
    assert staff.send(f"{place}/lines", sku=sku, quantity=quantity).status_code == 303
    assert staff.send(f"{place}/payment").location == f"{place}/reading"
    return place


def waiting() -> Order:
    fresh()
    return db.session.scalars(select(Order).where(Order.state == "pending")).one()


def link_on(page: str) -> str:
    found = re.search(r'reading__link">localhost(/p/[2-9a-z]{4}-[2-9a-z]{4})<', page)
    assert found
    return found[1]


def test_an_order_is_put_together_read_back_begun_and_paid_over_its_link(
    staff: Browser, client: FlaskClient, make: Make, company: Company
) -> None:
    variant = make.variant(title="Harbor <Strap>", handle="harbor", single_minor=5000, pairs=4)
    place = str(staff.send(DESK).location)
    found = staff.get(f"{place}?q=harbor moss 9").text
    assert "Harbor &lt;Strap&gt;, Moss, Size 9, Wide" in found and "4 in stock" in found
    assert staff.send(f"{place}/lines", sku=variant.sku, quantity=1, q="harbor").location == (
        f"{place}?q=harbor"
    )
    staff.send(f"{place}/lines", left_sku=variant.sku, right_sku="", quantity=1)
    staff.send(f"{place}/lines/{variant.id}.{variant.id}", quantity=2)
    read = staff.send(f"{place}/delivery", country="US", email="mia@example.com", then="read")
    assert read.location == f"{place}/reading"

    reading = staff.get(f"{place}/reading").text
    for words in ("2 pairs:", "1 shoe:", "left shoe only", "$178.00", "$228.00", "Nothing is kept",
                  "Never ask for a card number", "mia@example.com"):  # fmt: skip
        assert words in reading
    assert not db.session.scalars(select(Order)).all()

    assert staff.send(f"{place}/payment").location == f"{place}/reading"
    order = waiting()
    assert (order.subtotal_minor, order.email) == (22800, "mia@example.com")
    assert staff.get(f"/staff/orders/{order.number}").text.count("Taken by phone by Ann") == 1
    link = link_on(staff.get(f"{place}/reading").text)
    for typed in (link, link.upper().replace("/P/", "/p/"), link.replace("-", "")):
        followed = client.get(typed)
        assert followed.status_code == 303 and followed.location == f"/orders/{order.reference}"
        assert followed.headers["Cache-Control"] == "no-store"
    page = client.get(followed.location).text
    assert order.page.address in page and "To change it, call us" in page

    company.pay(order.page.address)
    purchase.settle(order.page.session_id or "", payments=payments(), terms=terms(), now=utcnow())
    assert "Your order is paid" in client.get(link, follow_redirects=True).text
    assert f"Order {order.number} is paid" in staff.get(f"{place}/reading").text
    again = staff.send(f"{place}/lines", sku=variant.sku, quantity=1)
    assert again.status_code == 409 and "This order is paid" in again.text
    assert staff.send(f"{place}/payment").status_code == 409
    assert staff.send(f"{place}/mail", email="mia@example.com").status_code == 409
    assert len(db.session.scalars(select(Order)).all()) == 1 and not ledger.differences()


def test_the_link_is_mailed_once_to_an_address_and_sent_again_if_asked(
    staff: Browser, make: Make
) -> None:
    place = begun(staff, make.variant().sku)
    refused = staff.send(f"{place}/mail", email="mia")
    assert refused.status_code == 422 and 'value="mia"' in refused.text

    for email in ("mia@example.com", "MIA@example.com", "zoe@example.com"):
        assert staff.send(f"{place}/mail", email=email).status_code == 303

    fresh()
    letters = db.session.scalars(select(Letter).order_by(Letter.id)).all()
    assert [letter.recipient for letter in letters] == ["mia@example.com", "zoe@example.com"]
    link = link_on(staff.get(f"{place}/reading").text)
    assert letters[0].facts["link"] == f"http://localhost{link}"


def test_another_order_takes_the_place_of_one_that_was_changed_and_the_same_keeps_its_link(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    variant = make.variant(pairs=2)
    place = begun(staff, variant.sku, quantity=2)
    first, link = waiting().number, link_on(staff.get(f"{place}/reading").text)
    assert staff.send(f"{place}/payment").status_code == 303
    assert link_on(staff.get(f"{place}/reading").text) == link

    staff.send(f"{place}/lines/{variant.id}.{variant.id}", quantity=1)
    assert f"Order {first} was begun on this call" in staff.get(f"{place}/reading").text
    staff.send(f"{place}/payment")

    assert waiting().number != first and link_on(staff.get(f"{place}/reading").text) != link
    assert "so it has ended" in client.get(link, follow_redirects=True).text
    assert ledger.differences() == []


def test_what_cannot_be_ordered_is_said_and_nothing_is_held(
    app: Flask, staff: Browser, make: Make
) -> None:
    variant = make.variant(pairs=1)
    place = str(staff.send(DESK).location)
    line = f"{place}/lines/{variant.id}.{variant.id}"
    for fields, status, said in (
        ({"sku": "none", "quantity": 1}, 422, "That size is not sold here"),
        ({"left_sku": variant.sku, "quantity": 1}, 422, "is sold in pairs"),
        ({"sku": variant.sku, "quantity": "x"}, 422, "a number such as 1, 2 or 6"),
    ):
        answer = staff.send(f"{place}/lines", **fields)
        assert answer.status_code == status and said in answer.text, fields
    assert staff.send(f"{place}/payment").status_code == 422
    staff.send(f"{place}/lines", sku=variant.sku, quantity=1)
    full = staff.send(f"{place}/lines", sku=variant.sku, quantity=1)
    assert full.status_code == 409 and "so the order has 1" in full.text
    wrong = staff.send(line, quantity="many")
    assert wrong.status_code == 422 and 'value="many"' in wrong.text
    abroad = staff.send(f"{place}/delivery", country="XX", email="a@b")
    assert abroad.status_code == 422 and 'value="a@b"' in abroad.text
    begun(signed_in(app, "owner"), variant.sku)  # another call was quicker

    sold_out = staff.get(f"{place}?q={variant.sku}").text
    assert "Out of stock" in sold_out and "Add a pair<" not in sold_out
    gone = staff.send(f"{place}/payment")

    assert gone.status_code == 409 and "Out of stock" in gone.text
    assert staff.send(f"{line}x", quantity=0).status_code == 409
    assert staff.send(f"{DESK}/none/payment").status_code == 404
    assert waiting().lines[0].quantity == 1 and ledger.differences() == []


def test_no_real_money_is_asked_for_by_phone_before_the_shop_opens(
    app: Flask, staff: Browser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(staff.send(DESK).location)
    staff.send(f"{place}/lines", sku=make.variant().sku, quantity=1)
    with db.writing():
        settings.keep({"OPENED_AT": ""}, by="Test", now=utcnow())
    monkeypatch.setitem(app.config, "TEST_MODE", False)

    answer = staff.send(f"{place}/payment")

    assert answer.status_code == 422 and "not open yet" in answer.text
    fresh()
    assert not db.session.scalars(select(Order)).all()


def test_calls_and_links_of_more_than_thirty_days_ago_are_forgotten(
    app: Flask, make: Make, client: FlaskClient
) -> None:
    make.delivery()
    variant, then = make.variant(), utcnow() - phone.KEPT
    old = phone.open_cart(by="Ann", now=then - timedelta(minutes=1))
    order = make.order((variant, 1), phone_code="abcd2345", taken_by="Ann", state="lapsed")
    assert client.get("/p/abcd-2345").status_code == 303
    with db.writing():
        db.session.get_one(Order, order.id).created_at = then - timedelta(minutes=1)

    new = phone.open_cart(by="Ben", now=utcnow())

    fresh()
    assert db.session.get(PhoneCart, old) is None and db.session.get(PhoneCart, new) is not None
    assert [client.get(f"/p/{code}").status_code for code in ("abcd-2345", "none")] == [404, 404]


def test_two_calls_at_once_stay_apart_and_two_members_at_one_call_lose_nothing(
    app: Flask, make: Make
) -> None:
    make.delivery()
    shoes = [make.variant() for _ in range(3)]
    one, two = (phone.open_cart(by=name, now=utcnow()) for name in ("Ann", "Ben"))
    for call, variant in zip((one, two, one), shoes, strict=True):
        sku = variant.sku
        phone.change(call, lambda cart, sku=sku: changing.add(cart, sku, sku, 1))

    fresh()
    chosen = [len(db.session.get_one(PhoneCart, call).lines) for call in (one, two)]
    assert chosen == [2, 1]


def test_links_cannot_be_guessed_for_long(app: Flask) -> None:
    with with_limits(app) as limited, limited.app_context():
        stranger = shopper_browser(limited)
        statuses = [stranger.get(f"/p/guess{n}").status_code for n in range(31)]

    assert set(statuses[:30]) == {404} and statuses[30] == 429


def test_the_number_is_a_link_wherever_somebody_may_be_stuck(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    make.delivery()
    variant = make.variant()
    with db.writing():
        settings.keep({"SHOP_PHONE": "+1 (555) <0100>"}, by="Tests", now=utcnow())
    order = make.order((variant, 1), state="lapsed")
    client.post("/cart/lines", data={"sku": variant.sku})
    before = setting.payments()
    app.extensions[setting.KEY] = StripePayments("sk_test_x", base="http://127.0.0.1:9")
    try:
        silent = client.post("/checkout")
    finally:
        app.extensions[setting.KEY] = before

    link = 'href="tel:+15550100">+1 (555) &lt;0100&gt;</a>'
    assert silent.status_code == 503 and f", or call us: <a {link}" in silent.text
    for address in ("/cart", "/nothing", f"/orders/{order.reference}"):
        assert client.get(address).text.count(link) == 2, address  # beside the footer's
