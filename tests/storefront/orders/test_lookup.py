"""Those who lost the mail find their order again: by mail alone, and nobody else learns of it."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.db import db
from storefront.mail.models import Letter
from tests.conftest import browser
from tests.factories import Make
from tests.storefront.staff.people import with_limits

EMAIL = "ann@example.com"


def ask(client: FlaskClient, number: Any, email: str) -> TestResponse:
    return client.post("/orders/lookup", data={"number": str(number), "email": email})


def letters() -> list[Letter]:
    db.session.rollback()
    return list(db.session.scalars(select(Letter).order_by(Letter.id)))


def test_right_number_and_address_send_the_address_of_the_order(
    client: FlaskClient, make: Make
) -> None:
    order = make.order(state="paid", email=EMAIL)

    answer = ask(client, order.number, EMAIL.upper())

    assert answer.status_code == 303
    (letter,) = letters()
    assert letter.recipient == EMAIL
    assert letter.facts["order_address"] == f"http://localhost/orders/{order.reference}"
    assert letter.facts["others"] == []


def test_without_a_number_all_orders_of_the_address_are_sent_the_newest_first(
    client: FlaskClient, make: Make
) -> None:
    first, second = (make.order(state="paid", email=EMAIL) for _ in range(2))
    make.order(state="paid", email="other@example.com")

    ask(client, "", EMAIL)
    ask(client, "", EMAIL)
    ask(client, "", "nobody@example.com")

    letter, *again = letters()
    assert letter.facts["number"] == second.number
    assert letter.facts["others"] == [
        [first.number, f"http://localhost/orders/{first.reference}", "paid, not sent yet"]
    ]
    assert letter.recipient == EMAIL and len(again) <= 1  # a border of ten minutes may lie between


def test_answer_is_the_same_for_hit_and_miss(client: FlaskClient, make: Make) -> None:
    order = make.order(state="paid", email=EMAIL)
    quiet = make.order(state="paid", email="")

    answers = [
        ask(client, *asked)
        for asked in (
            (order.number, EMAIL),
            (order.number, "other@example.com"),
            (order.number + 500, EMAIL),
            (quiet.number, EMAIL),
            (9_999_999_999, EMAIL),
        )
    ]

    assert {(a.status_code, a.headers["Location"], a.text) for a in answers} == {
        (303, "/orders/lookup?sent=1", answers[0].text)
    }
    page = client.get("/orders/lookup?sent=1").text
    assert order.reference not in page
    assert f"order for <strong>{EMAIL}</strong>, we" in page  # as typed, to be checked
    assert "order for that email address" in client.get("/orders/lookup?sent=1").text
    assert len(letters()) == 1


def test_asking_again_and_again_sends_one_mail(client: FlaskClient, make: Make) -> None:
    order = make.order(state="paid", email=EMAIL)

    for _ in range(5):
        assert ask(client, f" #{order.number} ", f" {EMAIL} ").status_code == 303

    assert len(letters()) <= 2  # at most one in ten minutes, and a border may lie between


@pytest.mark.parametrize(
    ("number", "email", "sentence"),
    [
        ("about 1001", EMAIL, "digits alone"),
        ("-1", EMAIL, "digits alone"),
        ("10" * 20, EMAIL, "digits alone"),
        ("1001", "", "Please give the email address"),
        ("1001", "nonsense", "does not look like an email address"),
        ("1001", "a" * 250 + "@example.com", "too long"),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    client: FlaskClient, make: Make, number: str, email: str, sentence: str
) -> None:
    answer = ask(client, number, email)

    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'value="{number}"' in answer.text and f'value="{email}"' in answer.text
    assert letters() == []


def test_nul_is_refused(client: FlaskClient) -> None:
    assert ask(client, "1001", "a\0@example.com").status_code in {400, 422}


def test_lookup_is_limited_per_network_address(app: Flask) -> None:
    with with_limits(app) as shop:
        client = browser(shop)

        answers = [ask(client, 1001, EMAIL) for _ in range(21)]

        assert [a.status_code for a in answers] == [303] * 20 + [429]
        assert "looked for very often" in answers[-1].text


def test_every_page_leads_to_it(client: FlaskClient) -> None:
    assert '<a href="/orders/lookup">Find your order</a>' in client.get("/cart").text
    assert client.get("/orders/lookup").status_code == 200
