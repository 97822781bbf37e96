"""Who is let in, and what every answer of the interface carries."""

from base64 import b64encode

import pytest
import stripe


@pytest.fixture
def company(shared):
    return shared


def test_another_key_is_refused(company):
    stranger = stripe.StripeClient("sk_test_other", base_addresses={"api": company.url})

    error = company.refused(lambda: stranger.v1.events.list())

    assert isinstance(error, stripe.AuthenticationError)
    assert error.http_status == 401
    assert "sk_test_" in str(error)
    assert "sk_test_other" not in str(error)


def test_no_key_is_refused(company):
    answer = company.raw("GET", "/v1/events", Authorization="")

    assert answer.status == 401
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_a_key_as_basic_user_is_let_in(company):
    user = b64encode(b"sk_test_company:").decode()

    assert company.raw("GET", "/v1/events", Authorization=f"Basic {user}").status == 200


def test_answers_carry_request_id_and_version(company):
    answer = company.raw("GET", "/v1/events", **{"Stripe-Version": "2025-01-27.acacia"})

    assert answer.headers["Request-Id"].startswith("req_")
    assert answer.headers["Stripe-Version"] == "2025-01-27.acacia"
    assert answer.headers["Content-Type"] == "application/json"


def test_the_sdk_sees_the_request_id_of_a_refusal(company):
    error = company.refused(lambda: company.session("cs_test_none"))

    assert error.request_id.startswith("req_")


def test_an_unknown_address_gets_an_error_object(company):
    answer = company.raw("GET", "/v1/nothing")

    assert answer.status == 404
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_an_unknown_thing_is_missing(company):
    v1 = company.client.v1
    asked = {
        "session": lambda: v1.checkout.sessions.retrieve("x"),
        "intent": lambda: v1.payment_intents.retrieve("x"),
        "charge": lambda: v1.charges.retrieve("x"),
        "refund": lambda: v1.refunds.retrieve("x"),
        "id": lambda: v1.events.retrieve("x"),
        "shipping_rate_token": lambda: v1.shipping_rates.retrieve("x"),
    }

    errors = {param: company.refused(ask) for param, ask in asked.items()}

    assert {param: (e.http_status, e.code, e.param) for param, e in errors.items()} == {
        param: (404, "resource_missing", param) for param in asked
    }


def test_a_thing_of_another_kind_is_missing(company):
    session = company.open()

    error = company.refused(lambda: company.client.v1.charges.retrieve(session.id))

    assert error.code == "resource_missing"


def test_too_large_a_request_is_refused(company):
    answer = company.raw("POST", "/v1/checkout/sessions", b"a=" + b"x" * 5_000_000)

    assert answer.status == 413
    assert answer.json["error"]["type"] == "invalid_request_error"
