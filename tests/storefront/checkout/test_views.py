"""The checkout as a shopper without script walks it, and what the company sends."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from storefront.catalogue.models import Variant
from storefront.checkout import purchase
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import StripePayments
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.delivery.models import Method
from storefront.limits import limiter
from storefront.mail.jobs import send_due
from storefront.orders.models import Order, OrderLine
from storefront.stock import ledger
from tests.conftest import WEBHOOK_SECRET
from tests.factories import Make
from tests.payments import DECLINED_CARD, Company, deliver, deliver_raw

WHOLE = b'{"id": "evt", "type": "customer.created", "data": {"object": {"id": "c", "x": {}}}}'


def to_payment(client: FlaskClient, variant: Variant, quantity: int = 1, **more: str) -> str:
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": quantity, **more})
    answer = client.post("/checkout")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def path_of(address: str) -> str:
    return address.removeprefix("http://localhost")


def free(variant: Variant) -> int:
    db.session.rollback()
    return db.session.scalars(select(Variant.free_pairs).where(Variant.id == variant.id)).one()


def test_whole_purchase(client: FlaskClient, make: Make, company: Company, app: Flask) -> None:
    make.delivery()
    variant = make.variant(pairs=5, title="Harbor")

    back = company.pay(to_payment(client, variant, 2, **{"from": "walking"}))
    answer = client.get(path_of(back))

    assert answer.status_code == 303
    page = client.get(answer.headers["Location"])
    assert "Your order is paid" in page.text
    assert "Harbor" in page.text and "$178.00" in page.text
    assert "noindex" in page.headers["X-Robots-Tag"]
    assert free(variant) == 3
    assert "Your cart is empty." in client.get("/cart").text
    assert db.session.scalars(select(OrderLine.came_from)).one() == "walking"

    assert send_due() == 2
    mails = {f.name: f.read_text() for f in Path(app.config["MAIL_FOLDER"]).iterdir()}
    paid = next(text for name, text in mails.items() if name.startswith("order-paid"))
    assert "To: shopper@example.com" in paid
    assert "Harbor" in paid and path_of(answer.headers["Location"]) in paid
    assert any(name.startswith("order-new") for name in mails)


def test_declined_card_may_be_tried_again(
    client: FlaskClient, make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    address = to_payment(client, variant)

    assert company.post(address, pay="1", card=DECLINED_CARD).status_code != 303
    client.get(path_of(company.pay(address)))

    assert db.session.scalars(select(Order.state)).one() == "paid"


def test_cancel_leads_to_the_waiting_order(
    client: FlaskClient, make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    address = to_payment(client, variant)

    back = company.post(address, cancel="1").headers["Location"]
    page = client.get(path_of(back)).text

    assert "waits for your payment" in page
    assert "kept for you until" in page and address in page
    assert free(variant) == 0


@pytest.mark.parametrize("session_id", ["", "cs_test_unknown", "x" * 500])
def test_return_address_answers_only_for_a_stored_page(
    client: FlaskClient, app: Flask, session_id: str
) -> None:
    assert (
        client.get("/checkout/return", query_string={"session_id": session_id}).status_code == 404
    )


def test_unknown_reference_is_not_found(client: FlaskClient) -> None:
    assert client.get("/orders/AAAAAAAAAAAAAAAAAAAAAA").status_code == 404


def test_last_pair_gone_answers_409_with_the_sentence(client: FlaskClient, make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    make.order((variant, 1))

    answer = client.post("/checkout")

    assert answer.status_code == 409
    assert "Out of stock" in answer.text
    assert variant.sku in answer.text or "Wide" in answer.text


def test_silent_company_keeps_the_cart_and_says_what_to_do(
    client: FlaskClient, make: Make, app: Flask
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    real = app.extensions["payments"]
    app.extensions["payments"] = StripePayments("sk_test_x", base="http://127.0.0.1:9")
    try:
        answer = client.post("/checkout")
    finally:
        app.extensions["payments"] = real

    assert answer.status_code == 503
    assert "nothing was charged" in answer.text
    assert 'value="1" min="0"' in client.get("/cart").text


def paid_session(client: FlaskClient, make: Make, company: Company, pairs: int = 2) -> Variant:
    make.delivery()
    variant = make.variant(pairs=pairs)
    company.pay(to_payment(client, variant))
    return variant


def session_id() -> str:
    db.session.rollback()
    return db.session.scalars(select(purchase.PaymentPage.session_id)).one() or ""


def completed(company: Company) -> dict[str, object]:
    events = company.events(session_id())
    return next(e for e in events if e["type"] == "checkout.session.completed")


def test_event_settles_the_order_without_the_return(
    client: FlaskClient, make: Make, company: Company
) -> None:
    variant = paid_session(client, make, company)

    answer = deliver(client, completed(company), WEBHOOK_SECRET)

    assert answer.status_code == 200
    assert db.session.scalars(select(Order.state)).one() == "paid"
    assert free(variant) == 1
    event = db.session.scalars(select(PaymentEvent)).one()
    assert event.applied_at is not None and event.order_id is not None


def test_event_twice_changes_nothing(client: FlaskClient, make: Make, company: Company) -> None:
    variant = paid_session(client, make, company)
    event = completed(company)

    for _ in range(3):
        assert deliver(client, event, WEBHOOK_SECRET).status_code == 200

    assert free(variant) == 1
    assert db.session.scalar(select(func.count(PaymentEvent.id))) == 1
    assert ledger.differences() == []


def test_event_that_fails_is_kept_and_answers_500_until_it_works(
    client: FlaskClient, make: Make, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid_session(client, make, company)
    event = completed(company)
    with monkeypatch.context() as broken:
        broken.setattr(purchase, "_pay", lambda *a, **k: 1 / 0)
        assert deliver(client, event, WEBHOOK_SECRET).status_code == 500
    kept = db.session.scalars(select(PaymentEvent)).one()
    assert "ZeroDivisionError" in kept.error and kept.applied_at is None

    assert deliver(client, event, WEBHOOK_SECRET).status_code == 200

    db.session.rollback()
    kept = db.session.scalars(select(PaymentEvent).execution_options(populate_existing=True)).one()
    assert kept.error == "" and kept.applied_at is not None
    assert db.session.scalars(select(Order.state)).one() == "paid"


def test_event_of_no_concern_gets_200(client: FlaskClient) -> None:
    event = {
        "id": "evt_1",
        "object": "event",
        "type": "customer.created",
        "data": {"object": {"id": "cus_1", "object": "customer"}},
    }

    assert deliver(client, event, WEBHOOK_SECRET).status_code == 200


@pytest.mark.parametrize(
    ("stranger", "why"),
    [
        ({"livemode": True}, "It is of live mode, and this shop's key is of test mode."),
        ({"livemode": False, "account": "acct_2"}, "It is of another account"),
    ],
)
def test_event_of_another_mode_or_account_is_kept_with_the_reason_and_changes_nothing(
    client: FlaskClient, make: Make, company: Company, stranger: dict[str, Any], why: str
) -> None:
    make.delivery()
    address = to_payment(client, make.variant())
    company.pay(address)
    event = {
        "id": f"evt_{new_secret()}",
        "type": "checkout.session.completed",
        "data": {"object": {"id": address.rpartition("/")[2]}},
        **stranger,
    }

    assert deliver(client, event, WEBHOOK_SECRET).status_code == 200

    assert db.session.scalars(select(Order.state)).one() == "pending"
    kept = db.session.get_one(PaymentEvent, event["id"])
    assert kept.applied_at is not None and kept.error.startswith(why)


def test_event_for_a_page_of_another_shop_gets_200(client: FlaskClient) -> None:
    event = {
        "id": "evt_2",
        "object": "event",
        "type": "checkout.session.completed",
        "data": {"object": {"id": "cs_test_unknown", "object": "checkout.session"}},
    }

    assert deliver(client, event, WEBHOOK_SECRET).status_code == 200
    assert db.session.scalar(select(func.count(Order.id))) == 0


@pytest.mark.parametrize(
    ("body", "secret", "age"),
    [
        (b"{}", "whsec_of_somebody_else", 0),
        (WHOLE, WEBHOOK_SECRET, 400),
        (b"\xff\xfe not utf-8", WEBHOOK_SECRET, 0),
        (b"not json", WEBHOOK_SECRET, 0),
        (b"[]", WEBHOOK_SECRET, 0),
        (b"{}", WEBHOOK_SECRET, 0),
        (b"null", WEBHOOK_SECRET, 0),
        (b'{"id": 1, "object": "event", "type": 5, "data": null}', WEBHOOK_SECRET, 0),
    ],
)
def test_bad_event_gets_400_and_changes_nothing(
    client: FlaskClient, body: bytes, secret: str, age: int
) -> None:
    answer = deliver_raw(client, body, secret, at=time.time() - age)

    assert answer.status_code == 400, answer.text
    db.session.rollback()
    assert db.session.scalar(select(func.count(PaymentEvent.id))) == 0


def test_whole_event_in_time_gets_200(client: FlaskClient) -> None:
    assert deliver_raw(client, WHOLE, WEBHOOK_SECRET).status_code == 200


def test_unsigned_event_gets_400(client: FlaskClient) -> None:
    body = json.dumps({"id": "evt_3"})

    assert client.post("/webhooks/stripe", data=body).status_code == 400


def test_purchase_on_a_shop_filled_from_a_file_alone(
    client: FlaskClient, company: Company, app: Flask, make: Make
) -> None:
    make.delivery()
    file = Path(__file__).parents[2] / "data" / "vendure-catalogue.csv"
    taken = app.test_cli_runner().invoke(args=["catalogue", "import", str(file), "--apply"])
    assert taken.exit_code == 0, taken.output

    assert client.get("/collections/all").status_code == 200
    page = client.get("/products/laptop").text
    assert "13 inch" in page and "8GB" in page
    client.post("/cart/lines", data={"sku": "L2201308", "quantity": 1})
    address = str(client.post("/checkout").headers["Location"])
    back = client.get(path_of(company.pay(address)))

    assert "Your order is paid" in client.get(back.headers["Location"]).text
    db.session.rollback()
    sold = db.session.scalars(select(Variant).where(Variant.sku == "L2201308")).one()
    assert sold.free_pairs == 99
    assert ledger.differences() == []


def test_refused_payment_page_is_not_said_to_be_a_matter_of_waiting(
    client: FlaskClient, make: Make
) -> None:
    make.delivery()
    with db.writing():
        db.session.execute(update(Method).values(price_minor=0))
    client.post("/cart/lines", data={"sku": make.variant(price_minor=10).sku, "quantity": 1})

    answer = client.post("/checkout")  # 10 cents are less than the company takes

    assert answer.status_code == 503
    assert "waiting will not help" in answer.text


def test_paid_order_of_a_silent_company_is_being_checked(
    client: FlaskClient, make: Make, company: Company, app: Flask
) -> None:
    make.delivery()
    back = company.pay(to_payment(client, make.variant()))
    real = app.extensions["payments"]
    app.extensions["payments"] = StripePayments("sk_test_x", base="http://127.0.0.1:9")
    try:
        answer = client.get(path_of(back))
    finally:
        app.extensions["payments"] = real

    page = client.get(answer.headers["Location"]).text
    assert "We are checking your payment" in page
    assert "Go to the payment page" not in page


def test_order_whose_time_to_pay_has_ended_says_so(
    client: FlaskClient, make: Make, company: Company
) -> None:
    make.delivery()
    address = to_payment(client, make.variant())
    back = company.post(address, cancel="1").headers["Location"]
    with db.writing():
        db.session.execute(update(purchase.PaymentPage).values(expires_at=utcnow()))

    page = client.get(path_of(back)).text

    assert "time to pay for this order has ended" in page
    assert "kept for you until" not in page


def test_checkout_is_limited_per_network_address(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "enabled", True)

    answers = [client.post("/checkout").status_code for _ in range(31)]

    limiter.reset()
    assert answers == [422] * 30 + [429]
