"""Setting a password by a one-time link."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask_security.recoverable import generate_reset_password_token
from passlib.context import CryptContext
from sqlalchemy import select

from storefront.db import db
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.staff.models import Member
from tests.storefront.staff.people import PASSWORD, Browser, fresh, member, signed_in

NEW = "another four words here"


def letters() -> list[Letter]:
    fresh()
    return list(db.session.scalars(select(Letter).order_by(Letter.id)))


def link(person: Member) -> str:
    token = generate_reset_password_token(person)  # type: ignore[no-untyped-call]
    return f"/staff/password/{token}"


def test_a_link_is_sent_to_a_member_with_our_own_address_in_it(app: Flask) -> None:
    member("owner", password=PASSWORD)

    browser = Browser(app)
    session = browser.get_cookie("session")
    assert session is not None
    browser.set_cookie("session", session.value, domain="evil.example")

    answer = browser.post(
        "/staff/password",
        base_url="http://evil.example",
        data={"csrf_token": browser.token, "email": "ann@example.com"},
    )

    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")
    (letter,) = letters()
    assert letter.recipient == "ann@example.com"
    assert letter.facts["link"].startswith(f"{app.config['SHOP_URL']}/staff/password/")
    assert letter.facts["link"] in jobs.compose(letter).get_content()


def test_a_stranger_cannot_tell_who_works_here(app: Flask) -> None:
    member("owner", password=PASSWORD)
    browser = Browser(app)

    known = browser.send("/staff/password", email="ann@example.com")
    told = browser.get("/staff/sign-in").text
    unknown = browser.send("/staff/password", email="nobody@example.com")

    assert (known.status_code, known.location) == (unknown.status_code, unknown.location)
    assert "a link is on its way" in browser.get("/staff/sign-in").text
    assert "a link is on its way" in told
    assert len(letters()) == 1


@pytest.mark.parametrize("password", [PASSWORD, ""])
def test_a_stranger_cannot_tell_by_the_time_either(
    app: Flask, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    member("owner", password=password)
    hashed: list[str] = []
    real = CryptContext.hash

    def noted(self: CryptContext, *args: Any, **more: Any) -> str:
        done: str = real(self, *args, **more)
        hashed.append(str(self.identify(done)))
        return done

    monkeypatch.setattr(CryptContext, "hash", noted)
    browser = Browser(app)
    work = []

    for email in ("ann@example.com", "nobody@example.com"):
        hashed.clear()
        browser.send("/staff/password", email=email)
        work.append([name for name in hashed if name != "hex_sha512"])  # takes no time

    assert work == [["argon2"], ["argon2"]]


def test_the_link_sets_the_password_and_works_once(app: Flask) -> None:
    address = link(member("owner", password=PASSWORD))
    browser = Browser(app)
    assert browser.get(address).status_code == 200

    answer = browser.send(address, password=NEW, password_confirm=NEW)

    assert (answer.status_code, answer.location) == (303, "/staff/sign-in")
    assert "Your password is set." in browser.get("/staff/sign-in").text
    again = browser.send(address, password=PASSWORD, password_confirm=PASSWORD)
    assert (again.status_code, again.location) == (303, "/staff/password")
    assert "This link has been used" in browser.get("/staff/password").text
    signed = browser.send("/staff/sign-in", email="ann@example.com", password=NEW)
    assert signed.status_code == 303


def test_a_first_password_is_set_by_link_too(app: Flask) -> None:
    address = link(member("owner"))

    answer = Browser(app).send(address, password=NEW, password_confirm=NEW)

    assert answer.status_code == 303


def test_a_new_password_ends_the_sessions_of_the_old_one_and_is_told_by_mail(app: Flask) -> None:
    browser = signed_in(app, "owner")
    with browser.session_transaction("/staff") as session:
        person = session["_user_id"]
    owner = db.session.scalar(select(Member).where(Member.fs_uniquifier == person))
    assert owner is not None

    Browser(app).send(
        link(owner),
        password=NEW,
        password_confirm=NEW,
    )

    assert browser.get("/staff").status_code == 302
    (letter,) = letters()
    assert letter.template == "staff_password_set"
    assert "was changed just now" in jobs.compose(letter).get_content()


def test_a_poor_password_is_refused_in_a_sentence(app: Flask) -> None:
    address = link(member("owner", password=PASSWORD))
    browser = Browser(app)

    short = browser.send(address, password="short", password_confirm="short")
    unlike = browser.send(address, password=NEW, password_confirm=PASSWORD)
    empty = browser.send(address)
    long = browser.send(address, password="x" * 9000, password_confirm="x" * 9000)

    assert [a.status_code for a in (short, unlike, empty, long)] == [422] * 4
    assert "Please use at least 12 characters." in short.text
    assert "Please use at most 200 characters." in long.text
    assert "The two passwords are not the same." in unlike.text


def test_a_made_up_or_old_link_leads_to_asking_for_a_new_one(app: Flask) -> None:
    address = link(member("owner", password=PASSWORD))
    browser = Browser(app)
    kept = app.config["SECURITY_RESET_PASSWORD_WITHIN"]
    app.config["SECURITY_RESET_PASSWORD_WITHIN"] = timedelta(seconds=-1)
    try:
        old = browser.get(address)
    finally:
        app.config["SECURITY_RESET_PASSWORD_WITHIN"] = kept

    assert old.location == browser.get("/staff/password/made-up").location == "/staff/password"
