"""What waits today."""

import pytest
from flask import Flask

from blog import comments
from storefront.clock import utcnow
from storefront.db import db
from tests.factories import Make
from tests.storefront.staff.people import signed_in


def test_today_says_what_waits_at_the_members_own_desks(app: Flask, make: Make) -> None:
    make.order(state="paid")
    article_id = make.article().id
    with db.writing():
        comments.write(
            article_id,
            name="R",
            email="r@example.com",
            body="B",
            parent_id=None,
            title="T",
            shop_url="",
            now=utcnow(),
        )

    owner = signed_in(app, "owner").get("/staff").text
    stock = signed_in(app, "stock").get("/staff").text

    assert "paid, to send" in owner and "comments to decide" in owner
    assert "paid, to send" in stock and "comments to decide" not in stock
    assert 'href="/staff/comments"' not in stock


def test_the_menu_shows_the_groups_and_the_desks_of_the_one_where_the_member_is(app: Flask) -> None:
    stock = signed_in(app, "stock").get("/staff/stock").text.partition("</nav>")[0]
    editor = signed_in(app, "editor").get("/staff/articles").text.partition("</nav>")[0]

    assert 'aria-current="true">Shoes</a>' in stock and ">Selling</a>" in stock
    assert 'href="/staff/products"' in stock and 'href="/staff/payments"' not in stock
    assert ">Writing</a>" not in editor and 'href="/staff/pages"' in editor


def test_today_says_so_when_nothing_waits(app: Flask) -> None:
    assert "Nothing waits for you." in signed_in(app, "owner").get("/staff").text


def test_today_says_that_no_payment_events_are_heard(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No payment events" not in signed_in(app, "owner").get("/staff").text

    monkeypatch.setattr(app.extensions["payments"], "hears_events", False)

    assert "No payment events are heard" in signed_in(app, "owner").get("/staff").text
