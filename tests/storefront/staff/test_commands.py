"""`flask staff` and the demonstration's owner."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.db import db
from storefront.staff import demo
from storefront.staff.commands import group
from storefront.staff.models import Member
from tests.storefront.staff.people import Browser

NEW = "another four words here"


def path_in(output: str, app: Flask) -> str:
    address = output.split()[-1]
    assert address.startswith(app.config["SHOP_URL"])
    return address.removeprefix(app.config["SHOP_URL"])


def test_add_prints_a_link_that_lets_the_member_in(app: Flask) -> None:
    result = app.test_cli_runner().invoke(group, ["add", "New@Example.com", "--role", "stock"])

    assert result.exit_code == 0, result.output
    browser = Browser(app)
    browser.send(path_in(result.output, app), password=NEW, password_confirm=NEW)
    browser.send("/staff/sign-in", email="new@example.com", password=NEW)
    assert browser.get("/staff/stock").status_code == 200


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["add", "not an address", "--role", "owner"], "is not an email address"),
        (["add", "a@example.com", "--role", "boss"], "is not one of 'owner', 'stock'"),
        (["add", "a@example.com"], "Missing option '--role'"),
        (["reset", "a@example.com"], "There is no member of staff with the address"),
    ],
)
def test_a_wrong_command_is_refused_in_a_sentence(
    app: Flask, arguments: list[str], sentence: str
) -> None:
    result = app.test_cli_runner().invoke(group, arguments)

    assert result.exit_code != 0
    assert sentence in result.output
    assert db.session.scalar(select(func.count(Member.id))) == 0


def test_adding_twice_is_refused_and_reset_gives_a_new_link(app: Flask) -> None:
    runner = app.test_cli_runner()
    runner.invoke(group, ["add", "a@example.com", "--role", "stock"])

    twice = runner.invoke(group, ["add", "A@example.com", "--role", "owner"])
    reset = runner.invoke(group, ["reset", "a@example.com"])

    assert twice.exit_code == 1
    assert "is a member of staff already" in twice.output
    assert Browser(app).get(path_in(reset.output, app)).status_code == 200


def test_the_demonstrations_owner_can_sign_in(app: Flask) -> None:
    with db.writing():
        demo.load()
    browser = Browser(app)

    browser.send("/staff/sign-in", email=demo.DEMO_EMAIL, password=demo.DEMO_PASSWORD)

    assert browser.get("/staff").status_code == 200
