"""Every answer is what Stripe's description says it is."""

from functools import cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from storefront.demo.payments.description import document
from storefront.demo.payments.operations import OPERATIONS

from .conftest import DECLINED, flat, wish


def strict(schema: Any) -> Any:
    """Turn "nullable" of OpenAPI 3.0 into JSON Schema, and allow known properties only."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {name: strict(part) for name, part in schema.items()}
    if schema.get("nullable") is True and isinstance(schema.get("type"), str):
        made["type"] = [schema["type"], "null"]
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


@cache
def validator(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({"$ref": f"#/{pointer}", **_document()})


@cache
def _document() -> Any:
    return strict({"paths": document()["paths"], "components": document()["components"]})


def check(method: str, path: str, body: Any) -> None:
    place = path.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    response = "responses/200/content/application~1json/schema"
    validator(f"paths/{place}/{method.lower()}/{response}").validate(body)


@pytest.fixture
def story(company):
    """One of everything: an open, a closed, a paid and refunded, a declined session."""
    company.open(
        customer_email="ann@shop.test",
        custom_text={"submit": {"message": "Kept."}},
        phone_number_collection={"enabled": True},
    )
    company.client.v1.checkout.sessions.expire(company.open(shipping_options=None).id)
    company.submit(company.open(), card=DECLINED)
    session = company.paid(metadata={"order": "7"})
    refund = company.client.v1.refunds.create(
        {"payment_intent": session.payment_intent, "amount": 5, "reason": "duplicate"}
    )
    return {
        "session": session.id,
        "intent": session.payment_intent,
        "charge": refund.charge,
        "refund": refund.id,
        "id": company.client.v1.events.list({"type": "charge.refunded"}).data[0].id,
        "shipping_rate_token": session.shipping_cost.shipping_rate,
    }


def test_every_reading_answers_as_described(company, story):
    read = [path for method, path in OPERATIONS if method == "GET"]
    assert len(read) == 13

    for path in read:
        answer = company.raw("GET", path.format(**story))
        assert answer.status == 200
        check("GET", path, answer.json)


def test_every_writing_answers_as_described(company, story):
    session = company.raw("POST", "/v1/checkout/sessions", flat(wish())).json
    check("POST", "/v1/checkout/sessions", session)

    path = "/v1/checkout/sessions/{session}/expire"
    check("POST", path, company.raw("POST", path.format(session=session["id"]), {}).json)

    refund = company.raw("POST", "/v1/refunds", {"charge": story["charge"]}).json
    check("POST", "/v1/refunds", refund)

    wished = {"url": "https://shop.test/hear", "enabled_events": ["refund.created"]}
    endpoint = company.raw("POST", "/v1/webhook_endpoints", flat(wished)).json
    check("POST", "/v1/webhook_endpoints", endpoint)
    assert endpoint["secret"].startswith("whsec_")
    listed = company.raw("GET", "/v1/webhook_endpoints").json
    check("GET", "/v1/webhook_endpoints", listed)
    assert [{**each, "secret": endpoint["secret"]} for each in listed["data"]] == [endpoint]

    path = "/v1/webhook_endpoints/{webhook_endpoint}"
    removed = [company.raw("DELETE", path.format(webhook_endpoint=endpoint["id"])) for _ in "12"]
    check("DELETE", path, removed[0].json)
    assert [answer.status for answer in removed] == [200, 404]
    assert company.raw("GET", "/v1/webhook_endpoints").json["data"] == []


@pytest.mark.parametrize(
    ("changes", "param"),
    [
        ({"url": "shop"}, "url"),
        ({"url": None}, "url"),
        ({"enabled_events": ["nothing.happened"]}, "enabled_events[0]"),
        ({"enabled_events": None}, "enabled_events"),
        ({"api_version": "2026"}, "api_version"),
        ({"connect": "true"}, "connect"),
    ],
)
def test_an_endpoint_that_stripe_would_not_make_is_refused(shared, changes, param):
    wished = {"url": "https://shop.test/hear", "enabled_events": ["refund.created"]} | changes
    given = {name: value for name, value in wished.items() if value is not None}

    answer = shared.raw("POST", "/v1/webhook_endpoints", flat(given))

    assert (answer.status, answer.json["error"]["param"]) == (400, param)
    assert shared.raw("GET", "/v1/webhook_endpoints").json["data"] == []


def test_opened_answers_are_as_described(company, story):
    path = "/v1/checkout/sessions/{session}"
    for name in (
        "payment_intent.latest_charge",
        "line_items.data.price.product",
        "shipping_cost.shipping_rate",
        "shipping_options.shipping_rate",
    ):
        answer = company.raw("GET", f"{path.format(**story)}?expand[]={name}")
        assert answer.status == 200
        check("GET", path, answer.json)


def test_what_events_tell_of_is_as_described(company, story):
    events = company.raw("GET", "/v1/events?limit=100").json["data"]

    assert {event["type"] for event in events} == {
        "checkout.session.completed",
        "checkout.session.expired",
        "payment_intent.succeeded",
        "payment_intent.payment_failed",
        "charge.refunded",
        "refund.created",
    }
    for event in events:
        thing = event["data"]["object"]
        validator(f"components/schemas/{thing['object']}").validate(thing)


def test_refusals_are_as_described(company):
    for path in ("/v1/nothing", "/v1/events/x", "/v1/events?color=red"):
        body = company.raw("GET", path).json
        assert set(body) == {"error"}
        validator("components/schemas/error").validate(body["error"])


def test_every_operation_is_in_the_description():
    for method, path in OPERATIONS:
        assert method.lower() in document()["paths"][path]
