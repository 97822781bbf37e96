"""Asking to be told when a size is back: the form, the mail that confirms, the page, leaving."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.mail import jobs as mail
from storefront.mail.jobs import compose
from storefront.notices import letters
from storefront.notices.models import Notice
from tests.conftest import browser
from tests.factories import Make
from tests.storefront.notices.asking import ask, mails, notices, stock, told, waiting
from tests.storefront.staff.people import Browser, with_limits

FORM = 'action="/products/harbor/notices?color=moss#notices"'


def gone(make: Make, **facts: Any) -> Variant:
    """Make a size of the product harbor of which nothing is there."""
    return make.variant(handle="harbor", pairs=0, **facts)


def test_the_form_stands_where_a_size_is_sold_out(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", colors=("Moss", "Sand"), sizes=("8", "9", "10"), pairs=1)
    first, second, third = [v for v in product.variants if v.color.slug == "moss"]
    assert FORM not in client.get("/products/harbor").text

    stock(first, 0)
    page = client.get("/products/harbor").text
    assert FORM in page and '<details class="ask" id="notices">' in page
    assert "Tell me when Harbor, Moss, 8, Wide is back" in page
    assert f'name="sku" value="{first.sku}">' in page
    assert "We write once, then forget your address." in page

    stock(third, 0)
    page = client.get(f"/products/harbor?variant={third.sku}").text
    assert '<details class="ask" id="notices" open>' in page
    form = page[page.index(FORM) :]
    assert f'<option selected value="{third.sku}">10, Wide</option>' in form
    assert f'<option value="{first.sku}">8, Wide</option>' in form
    assert second.sku not in form
    assert "/notices" not in client.get("/products/harbor?color=sand").text
    make.product("shelf", counted=False)
    assert "/notices" not in client.get("/products/shelf").text


def test_only_the_button_of_the_mailed_page_lets_a_notice_wait(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    variant = gone(make)

    asked = ask(client, variant, " Ann@Example.com ")

    assert (asked.status_code, asked.location) == (303, "/products/harbor/notices")
    assert "Please open our email" in client.get(asked.location).text
    [letter] = mails("notice_asked")
    assert letter.recipient == "ann@example.com"
    page = letter.facts["notice_address"].removeprefix("http://localhost")
    assert len(page.rpartition("/")[2]) == 22

    shown = client.get(page)
    assert "Harbor, Moss, Size 9, Wide is back" in shown.text
    assert shown.headers["Cache-Control"] == "no-store"
    assert [n.state for n in notices()] == [
        "pending"
    ]  # a GET, as of a mail's scanner, is no answer
    for _ in range(2):
        assert client.post(page, data={"action": "confirm"}).location == page
        assert [n.state for n in notices()] == ["waiting"]
    assert "We tell you when it is back" in client.get(page).text

    for _ in range(2):
        assert client.post(page, data={"action": "leave"}).location == page
        assert [(n.state, n.email) for n in notices()] == [("left", "")]
    assert "Your address is forgotten" in client.get(page).text
    assert [(x.recipient, x.facts) for x in mails("notice_asked")] == [("", {})]
    assert mail.send_due() == 0
    client.post(page, data={"action": "confirm"})
    assert [n.state for n in notices()] == ["left"]
    assert client.post(page, data={"action": "dance"}).status_code == 422
    assert client.get("/notices/none").status_code == 404


def test_the_answer_is_the_same_for_a_new_and_a_known_address(
    client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = gone(make)
    new = ask(client, variant)
    again = ask(client, variant, "A@example.com")
    assert len(notices()) == 1 and len(mails("notice_asked")) == 1  # one in ten minutes

    client.post(f"/notices/{notices()[0].secret}", data={"action": "confirm"})
    monkeypatch.setattr(letters, "ONCE_IN", 7)
    known = ask(client, variant)

    assert new.data == again.data == known.data and new.location == known.location
    assert [n.state for n in notices()] == ["waiting"]
    first, second = (compose(x) for x in mails("notice_asked"))
    assert "most likely you" in first.get_content() and "press the button by" in first.get_content()
    assert "You are on the list" in second["Subject"]


def test_what_is_wrong_is_said_on_the_product_page_and_nothing_is_lost(
    client: FlaskClient, make: Make
) -> None:
    product = make.product("harbor", colors=("Moss", "Sand"), sizes=("8", "9"), pairs=0)
    sand = [variant for variant in product.variants if variant.color.slug == "sand"]
    other = make.variant()
    sku, address = sand[1].sku, "/products/harbor/notices"

    for data, said in [
        ({"sku": sku, "email": ""}, "Please write your email address."),
        ({"sku": sku, "email": "nonsense"}, "does not look like an email address"),
        ({"sku": sku, "email": "x" * 400}, "too long"),
        ({"sku": "", "email": "a@example.com"}, "Please choose the size"),
        ({"sku": other.sku, "email": "a@example.com"}, "is not sold any more"),
    ]:
        answer = client.post(f"{address}?color=sand", data=data)
        assert answer.status_code == 422, data
        assert said in answer.text and 'href="#notice-' in answer.text, data
        assert "Color: Sand" in answer.text, data
        if data["sku"] == sku:
            assert f'<option selected value="{sku}">9, Wide</option>' in answer.text
            assert data["email"] in answer.text

    stock(sand[0], 1)
    answer = client.post(address, data={"sku": sand[0].sku, "email": "a@example.com"})
    assert answer.status_code == 422 and "That size is there now" in answer.text
    trapped = client.post(address, data={"sku": sku, "email": "a@example.com", "website": "x"})
    assert trapped.status_code == 303
    with db.writing():
        db.session.execute(update(Product).values(published=False))
    assert ask(client, sand[1]).status_code == 404
    assert notices() == [] and mails("notice_asked") == []


def test_a_notice_that_is_not_confirmed_in_seven_days_has_ended(
    client: FlaskClient, make: Make
) -> None:
    variant = gone(make)
    ask(client, variant)
    [notice] = notices()
    page, old = f"/notices/{notice.secret}", notice.asked_at - timedelta(days=7)
    with db.writing():
        db.session.execute(update(Notice).values(asked_at=old))

    for answer in (client.get(page), client.post(page, data={"action": "confirm"})):
        assert answer.status_code == 410 and "You can ask again" in answer.text
    assert notices()[0].state == "pending"

    ask(client, variant)
    client.post(page, data={"action": "confirm"})
    assert [n.state for n in notices()] == ["waiting"]


def test_a_mailboxes_own_button_leaves_by_one_click(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SHOP_URL", "http://a-rather-long-name-of-a-shop.localhost")
    variant = gone(make)
    waiting(variant, "a@example.com")
    stock(variant, 1)
    assert told(app) == ["a@example.com"]
    leaving = mails()[0].facts["leave_address"]
    mail_sent = compose(mails()[0]).as_bytes()
    assert f"\nList-Unsubscribe: <{leaving}>\n".encode() in mail_sent  # whole, however long it is
    assert b"\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in mail_sent

    stranger, place = Browser(app), leaving.removeprefix(app.config["SHOP_URL"])
    stranger.environ_base.pop("HTTP_SEC_FETCH_SITE")
    assert stranger.get(place).location == place.removesuffix("/leaving")
    assert stranger.post(place).status_code == 422
    assert notices()[0].email == "a@example.com"
    for _ in range(2):
        left = stranger.post(place, data={"List-Unsubscribe": "One-Click"})
        assert left.status_code == 200 and "Your address is forgotten" in left.text
    assert [(n.state, n.email) for n in notices()] == [("told", "")]
    assert mails()[0].recipient == "" and mail.send_due() == 0


@pytest.mark.parametrize("engine", ["sqlite"], indirect=True)  # no database counts tries
def test_nobody_can_have_an_address_written_to_often(app: Flask, make: Make) -> None:
    product = make.product("harbor", sizes=[str(size) for size in range(9)], pairs=0)
    skus = [variant.sku for variant in product.variants]

    with with_limits(app) as shop:
        answers = []
        for place, sku in enumerate(skus):
            client = browser(shop)
            client.environ_base["REMOTE_ADDR"] = f"203.0.113.{place}"
            data = {"sku": sku, "email": "A@example.com" if place % 2 else "a@example.com"}
            answers.append(client.post("/products/harbor/notices", data=data))
        other = browser(shop).post(
            "/products/harbor/notices", data={"sku": skus[0], "email": "b@example.com"}
        )

    assert [answer.status_code for answer in answers] == [303] * 8 + [429]
    assert "for this address" in answers[-1].text
    assert other.status_code == 303
