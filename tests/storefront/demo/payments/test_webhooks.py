"""Events reach the shop, signed, until it takes them, whatever happens in between."""

import json
import time

import pytest
import stripe

from storefront.demo.payments import running
from storefront.demo.payments.webhooks import GIVES_UP_AFTER

from .conftest import DECLINED, KEY, SECRET, Company, client_of, send


def types(events):
    return [event["type"] for event in events]


def test_paying_tells_of_the_payment_and_the_session(company, shop):
    session = company.paid(metadata={"order": "7"})

    payment, completed = shop.events(2)

    assert types([payment, completed]) == [
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]
    assert payment["data"]["object"]["id"] == session.payment_intent
    assert completed["data"]["object"]["metadata"] == {"order": "7"}
    assert completed["data"]["object"]["payment_status"] == "paid"
    assert "line_items" not in completed["data"]["object"]
    assert completed["api_version"] == "2026-10-28.endive"
    assert completed["pending_webhooks"] == 1
    assert completed["request"] == {"id": None, "idempotency_key": None}


def test_a_declined_card_tells_of_it(company, shop):
    company.submit(company.open(), card=DECLINED)

    [event] = shop.events(1)

    assert event["type"] == "payment_intent.payment_failed"
    assert event["data"]["object"]["last_payment_error"]["code"] == "card_declined"


def test_a_refund_tells_of_itself_and_of_the_charge(company, shop):
    intent = company.paid().payment_intent
    company.client.v1.refunds.create(
        {"payment_intent": intent, "amount": 100}, {"idempotency_key": "k1"}
    )

    created, refunded = shop.events(4)[2:]

    assert types([created, refunded]) == ["refund.created", "charge.refunded"]
    assert created["data"]["object"]["amount"] == 100
    assert refunded["data"]["object"]["amount_refunded"] == 100
    assert refunded["data"]["previous_attributes"] == {"amount_refunded": 0, "refunded": False}
    assert refunded["request"]["idempotency_key"] == "k1"
    assert refunded["request"]["id"].startswith("req_")


def test_closing_a_session_tells_of_it(company, shop):
    session = company.client.v1.checkout.sessions.expire(company.open().id)

    [event] = shop.events(1)

    assert event["type"] == "checkout.session.expired"
    assert event["data"]["object"]["id"] == session.id
    assert event["data"]["object"]["status"] == "expired"


def test_a_session_that_runs_out_tells_of_it_unasked(company, shop, later):
    company.open()
    later(24 * 60 * 60)

    [event] = shop.events(1)

    assert event["type"] == "checkout.session.expired"


def test_the_sdk_accepts_the_signature(company, shop):
    company.paid()
    shop.events(2)
    headers, body = shop.received[0]

    event = company.client.construct_event(body, headers["Stripe-Signature"], SECRET)

    assert event.type == "payment_intent.succeeded"
    assert headers["Content-Type"].startswith("application/json")
    with pytest.raises(stripe.SignatureVerificationError):
        company.client.construct_event(body, headers["Stripe-Signature"], "whsec_other")


def test_a_failed_delivery_is_tried_again_until_it_is_taken(company, shop):
    shop.statuses = [500, 302]
    company.client.v1.checkout.sessions.expire(company.open().id)

    events = shop.events(3)

    assert len({event["id"] for event in events}) == 1
    assert _settled(company, events[0]["id"]) == 0
    assert "delivered</td><td>3</td><td>200" in send("GET", company.url).text


def test_a_delivery_taken_is_not_sent_again(company, shop, later):
    company.client.v1.checkout.sessions.expire(company.open().id)
    [first] = shop.events(1)
    _settled(company, first["id"])
    later(1000)
    company.client.v1.checkout.sessions.expire(company.open().id)

    assert types(shop.events(2)) == ["checkout.session.expired"] * 2
    assert len({event["id"] for event in shop.events(2)}) == 2


def test_one_that_fails_does_not_hold_up_the_next(shop):
    shop.statuses = [500]
    with running(":memory:", key=KEY, webhook_url=shop.url, pauses=(60,)) as url:
        company = Company(url, client_of(url))
        company.paid()

        assert types(shop.events(2)) == ["payment_intent.succeeded", "checkout.session.completed"]


def test_the_pauses_are_waited_for_and_the_last_repeats(shop, later):
    shop.statuses = [500] * 4
    with running(":memory:", key=KEY, webhook_url=shop.url, pauses=(50, 100)) as url:
        company = Company(url, client_of(url))
        company.client.v1.checkout.sessions.expire(company.open().id)
        for number, pause in enumerate((50, 100, 100), start=1):
            assert len(shop.events(number)) == number
            assert f"waiting</td><td>{number}</td><td>500" in _told(url, f"<td>{number}</td>")
            later(pause - 1)
            time.sleep(0.1)
            assert len(shop.received) == number
            later(1)

        assert len(shop.events(4)) == 4


def test_a_delivery_is_given_up_after_three_days(shop, later):
    shop.statuses = [500] * 2
    with running(":memory:", key=KEY, webhook_url=shop.url, pauses=(50,)) as url:
        company = Company(url, client_of(url))
        company.client.v1.checkout.sessions.expire(company.open().id)
        shop.events(1)
        _told(url, "<td>1</td>")
        later(GIVES_UP_AFTER)

        assert "given up</td><td>2</td><td>500" in _told(url, "given up")


def test_an_unreachable_shop_gets_its_events_after_a_restart(tmp_path, shop):
    state = tmp_path / "state"
    nobody = "http://127.0.0.1:9/webhooks"
    with running(state, key=KEY, webhook_url=nobody, pauses=(0.01,)) as url:
        session = Company(url, client_of(url)).paid()

    with running(state, key=KEY, webhook_url=shop.url, webhook_secret=SECRET) as url:
        events = shop.events(2)

    assert {event["data"]["object"]["id"] for event in events} == {
        session.payment_intent,
        session.id,
    }


def test_nothing_is_sent_without_an_address():
    with running(":memory:", key=KEY) as url:
        company = Company(url, client_of(url))
        company.paid()

        [completed, payment] = company.client.v1.events.list().data
        assert completed.pending_webhooks == payment.pending_webhooks == 0
        assert "None yet." in send("GET", url).text


def test_events_can_be_looked_up(company, shop, later):
    session = company.paid()
    later(100)
    closed = company.client.v1.checkout.sessions.expire(company.open().id)
    events = company.client.v1.events

    [completed] = events.list({"type": "checkout.session.completed"}).data
    [expired] = events.list({"created": {"gt": session.created + 50}}).data

    assert events.retrieve(completed.id).data.object.id == session.id
    assert expired.data.object.id == closed.id
    assert len(events.list().data) == 3
    sent = next(e for e in shop.events(3) if e["id"] == completed.id)
    assert json.loads(str(completed.data.object)) == sent["data"]["object"]


def _settled(company, id):
    """Wait until an event has no delivery left to wait for."""
    for _ in range(100):
        left = company.client.v1.events.retrieve(id).pending_webhooks
        if left == 0:
            break
    return left


def _told(url, text):
    """Wait until the front page tells of something."""
    for _ in range(200):
        page = send("GET", url).text
        if text in page:
            break
    return page
