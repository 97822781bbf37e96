"""The controls: who may use them, and what they refuse."""

from base64 import b64encode

import pytest

from .conftest import send

ADDRESSES = [
    ("POST", "faults"),
    ("GET", "faults"),
    ("DELETE", "faults"),
    ("POST", "webhooks"),
    ("GET", "webhooks"),
    ("DELETE", "webhooks"),
    ("POST", "clock"),
    ("GET", "clock"),
    ("DELETE", "clock"),
    ("GET", "nothing"),
]


@pytest.fixture
def company(shared):
    return shared


@pytest.mark.parametrize("key", [None, "Bearer sk_test_other", "Basic eA=="])
@pytest.mark.parametrize(("method", "path"), ADDRESSES)
def test_the_controls_are_closed_without_the_key(company, method, path, key):
    headers = {"Authorization": key} if key else {}

    answer = send(method, f"{company.url}/_test/{path}", headers=headers)

    assert answer.status == 401
    assert answer.json["error"]["type"] == "invalid_request_error"


def test_the_key_as_basic_user_opens_the_controls(company):
    user = b64encode(b"sk_test_company:").decode()

    assert company.raw("GET", "/_test/clock", Authorization=f"Basic {user}").status == 200


@pytest.mark.parametrize(
    ("path", "fields", "sentence"),
    [
        ("faults", {}, "Missing required param: kind."),
        ("faults", {"kind": "fire"}, "kind must be one of delay, cut, error, lost."),
        ("faults", {"kind": ["cut"]}, "kind must be one of"),
        ("faults", {"kind": "cut", "color": "red"}, "Received unknown parameter: color"),
        ("faults", {"kind": "cut", "method": "PUT"}, "method must be one of GET, POST."),
        ("faults", {"kind": "cut", "path": "v1"}, "path must be a path."),
        ("faults", {"kind": "cut", "path": "/v1/customers"}, "Nothing is served at any method"),
        (
            "faults",
            {"kind": "cut", "method": "POST", "path": "/v1/events"},
            "Nothing is served at POST /v1/events.",
        ),
        ("faults", {"kind": "delay"}, "Missing required param: seconds."),
        ("faults", {"kind": "delay", "seconds": 121}, "seconds must be a number from 0.001 to 120"),
        ("faults", {"kind": "delay", "seconds": True}, "seconds must be a number"),
        ("faults", {"kind": "cut", "seconds": 1}, "seconds belong to a delay."),
        ("faults", {"kind": "cut", "times": 0}, "times must be a whole number from 1 to 1000000."),
        ("faults", {"kind": "cut", "times": 1.5}, "times must be a whole number"),
        ("faults", {"kind": "cut", "times": None}, "times must be a whole number"),
        ("faults", {"kind": "cut", "chance": 0}, "chance must be a number from 0.001 to 1."),
        ("faults", {"kind": "cut", "chance": float("nan")}, "chance must be a number"),
        ("webhooks", {"late": -1}, "late must be a number from 0 to 2592000."),
        ("webhooks", {"copies": 101}, "copies must be a whole number from 1 to 100."),
        ("webhooks", {"shuffle": 1}, "shuffle must be true or false."),
        ("webhooks", {"lose": 1.1}, "lose must be a number from 0 to 1."),
        ("clock", {}, "Give either now or forward."),
        ("clock", {"now": 2e9, "forward": 1}, "Give either now or forward."),
        ("clock", {"now": 1}, "now must be a number from 946684800 to 4102444800."),
        ("clock", {"forward": -1}, "forward must be a number from 0 to 31622400."),
        ("clock", {"forward": "day"}, "forward must be a number"),
    ],
)
def test_a_wrong_wish_is_refused_with_a_sentence(company, path, fields, sentence):
    answer = company.tell(path, **fields)

    assert answer.status == 400
    assert sentence in answer.json["error"]["message"]


@pytest.mark.parametrize("body", [b"[]", b"7", b"{", b"\xff", b"[" * 100_000, b'{"a":1'])
def test_what_is_no_json_object_is_refused(company, body):
    for path in ("faults", "webhooks", "clock"):
        answer = company.raw("POST", f"/_test/{path}", body)

        assert answer.status == 400
        assert "JSON" in answer.json["error"]["message"]


def test_an_unknown_control_gets_an_error_object(company):
    assert company.raw("GET", "/_test/nothing").json["error"]["message"].startswith("Not Found")
    assert company.raw("PUT", "/_test/clock").status == 405
