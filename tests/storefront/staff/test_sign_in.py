"""Signing in and out."""

from collections.abc import Iterator

import pytest
from flask import Flask

from storefront.db import db
from tests.storefront.staff.people import PASSWORD, Browser, member, signed_in, with_limits


def test_signing_in_opens_the_desk(app: Flask) -> None:
    member("owner", password=PASSWORD)
    browser = Browser(app)

    answer = browser.send("/staff/sign-in", email="Ann@Example.com", password=PASSWORD)

    assert (answer.status_code, answer.location) == (303, "/staff")
    assert browser.get("/staff").status_code == 200


@pytest.mark.parametrize(
    "fields",
    [
        {"email": "ann@example.com", "password": "not the password"},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "ann@example.com"},
        {"email": "not an address", "password": PASSWORD},
        {"email": "ann@example.com", "password": "x" * 100_000},
        {},
    ],
)
def test_a_wrong_sign_in_is_answered_the_same_whatever_is_wrong(
    app: Flask, fields: dict[str, str]
) -> None:
    member("owner", password=PASSWORD)
    browser = Browser(app)

    answer = browser.send("/staff/sign-in", **fields)

    assert answer.status_code == 422
    assert "This email address and this password do not belong together." in answer.text
    assert browser.get("/staff").status_code == 302


def test_a_member_who_left_cannot_sign_in(app: Flask) -> None:
    person = member("owner", password=PASSWORD)
    with db.writing():
        person.active = False

    answer = Browser(app).send("/staff/sign-in", email=person.email, password=PASSWORD)

    assert answer.status_code == 422


def test_a_member_without_a_password_cannot_sign_in(app: Flask) -> None:
    person = member("owner")

    assert Browser(app).send("/staff/sign-in", email=person.email).status_code == 422


def test_signing_in_without_the_forms_token_is_refused(app: Flask) -> None:
    member("owner", password=PASSWORD)

    answer = Browser(app).post(
        "/staff/sign-in", data={"email": "ann@example.com", "password": PASSWORD}
    )

    assert answer.status_code == 400


def test_signing_in_goes_on_to_the_page_that_was_asked_for(app: Flask) -> None:
    member("owner", password=PASSWORD)

    answer = Browser(app).send(
        "/staff/sign-in", email="ann@example.com", password=PASSWORD, next="/staff/stock?q=a"
    )

    assert answer.location == "/staff/stock?q=a"


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x"]
)
def test_signing_in_never_goes_on_to_another_site(app: Flask, elsewhere: str) -> None:
    member("owner", password=PASSWORD)

    answer = Browser(app).send(
        "/staff/sign-in", email="ann@example.com", password=PASSWORD, next=elsewhere
    )

    assert answer.status_code == 422 or answer.location == "/%5Cevil.example"


def test_signing_out_closes_the_desk_and_needs_the_token(app: Flask) -> None:
    browser = signed_in(app, "owner")
    assert browser.get("/staff/sign-out").status_code == 405
    assert "Sign out</button>" in browser.post("/staff/sign-out").text
    assert browser.get("/staff").status_code == 200

    answer = browser.send("/staff/sign-out")

    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")
    assert browser.get("/staff").status_code == 302


def test_public_pages_stay_the_same_for_everyone_when_staff_read_them(app: Flask) -> None:
    browser = signed_in(app, "owner")

    for address in ("/", "/blog", "/collections/all"):
        answer = browser.get(address)
        assert "Cookie" not in answer.headers.get("Vary", "")
        assert "Set-Cookie" not in answer.headers


def test_no_page_of_the_library_is_left_with_its_own_words(app: Flask) -> None:
    rules = {rule.rule for rule in app.url_map.iter_rules() if rule.endpoint[:9] == "security."}

    assert rules == {
        "/staff/sign-in",
        "/staff/sign-out",
        "/staff/password",
        "/staff/password/<token>",
    }


@pytest.fixture
def limited(app: Flask) -> Iterator[Flask]:
    """The same shop with its limits switched on."""
    with with_limits(app) as shop:
        yield shop


def test_too_many_tries_are_refused_there_and_nowhere_else(limited: Flask) -> None:
    member("owner", password=PASSWORD)
    guesser, owner = Browser(limited), Browser(limited)
    guesser.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    wrong = {"email": "ann@example.com", "password": "a guess at it"}

    tries = [guesser.send("/staff/sign-in", **wrong) for _ in range(6)]

    assert [answer.status_code for answer in tries] == [422] * 5 + [429]
    assert "That was tried too often." in tries[-1].text
    answer = owner.send("/staff/sign-in", email="ann@example.com", password=PASSWORD)
    assert answer.status_code == 303


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # hashing takes its time on purpose
def test_one_address_cannot_try_many_members(limited: Flask) -> None:
    guesser = Browser(limited)

    tries = [
        guesser.send("/staff/sign-in", email=f"{n}@example.com", password="a guess").status_code
        for n in range(61)
    ]

    assert tries == [422] * 60 + [429]
    assert guesser.get("/staff/sign-in").status_code == 200
