"""Nobody passes the desk's lock without signing in, the role, and the form's token."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from storefront.staff.desk import SIGNED_IN_FOR
from storefront.staff.models import ROLES
from tests.storefront.staff.people import Browser, signed_in

OPEN = {"security.login", "security.logout", "security.forgot_password", "security.reset_password"}
MAY_ENTER = {
    "staff": set(ROLES),
    "orders_desk": {"owner", "stock"},
    "returns_desk": {"owner", "stock"},
    "stock_desk": {"owner", "stock"},
    "notices_desk": {"owner", "stock"},
    "products_desk": {"owner", "stock"},
    "collections_desk": {"owner", "stock"},
    "comments_desk": {"owner", "editor"},
    "payments_desk": {"owner", "stock"},
    "phone_desk": {"owner", "stock"},
    "mails_desk": {"owner", "stock"},
    "opening_desk": {"owner"},
    "accounts_desk": {"owner"},
    "delivery_desk": {"owner", "stock"},
    "articles_desk": {"owner", "editor"},
    "preview_desk": {"owner", "editor", "reviewer"},
    "reviews_desk": {"owner", "reviewer"},
    "coaches_desk": {"owner", "editor"},
    "pages_desk": {"owner", "editor"},
}
OWNERS_ALONE = {"/staff/payments/orders/1/end"}
FILLED: dict[str, Any] = {
    "sku": "none",
    "cart_id": "none",
    "month": "none",
    "key": "none",
    "number": 1,
    "return_number": 1,
    "comment_id": 1,
    "page_id": 1,
    "event_id": "none",
    "letter_id": 1,
    "zone_id": 1,
    "page": "shop",
    "secret": "none",
    "handle": "none",
    "color_id": 1,
    "picture_id": 1,
    "variant_id": 1,
    "slug": "none",
    "person_slug": "none",
    "coach_slug": "none",
    "page_slug": "none",
}


def desk_rules(app: Flask) -> Iterator[tuple[Rule, str, str]]:
    """Yield every staff address of the map but those for signing in, with each of its methods."""
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/staff") or rule.endpoint in OPEN:
            continue
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **{a: FILLED[a] for a in rule.arguments})
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            yield rule, address, method


def test_a_stranger_is_sent_to_sign_in_from_every_desk_address(app: Flask) -> None:
    stranger = Browser(app)

    for _, address, method in desk_rules(app):
        answer = stranger.open(address, method=method)

        assert answer.status_code == (302 if method == "GET" else 303), (method, address)
        assert answer.location.startswith("/staff/sign-in"), (method, address)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_enters_its_own_desks_alone(app: Flask, role: str) -> None:
    browser = signed_in(app, role)

    for rule, address, method in desk_rules(app):
        data = {"csrf_token": browser.token} if method == "POST" else None
        answer = browser.open(address, method=method, data=data)
        status = answer.status_code

        if role in MAY_ENTER[rule.endpoint.partition(".")[0]] and address not in OWNERS_ALONE:
            assert status in {200, 303, 404, 409, 422}, (method, address, status)
            assert "sign-in" not in (answer.location or ""), (method, address)
        elif role == "owner":
            assert status in {200, 404, 422}, (method, address, status)
        else:
            assert status == 403, (method, address, status)


def test_a_member_without_any_role_enters_no_desk(app: Flask) -> None:
    browser = signed_in(app)

    assert {browser.open(a, method=m).status_code for _, a, m in desk_rules(app)} == {403}


def test_every_change_is_refused_without_the_forms_token(app: Flask) -> None:
    owner = signed_in(app, "owner")

    for _, address, method in desk_rules(app):
        if method == "POST":
            answer = owner.post(address)
            assert answer.status_code == 400
            assert "open for a long time" in answer.text


def test_a_change_from_another_site_is_refused(app: Flask) -> None:
    owner = signed_in(app, "owner")
    owner.environ_base["HTTP_SEC_FETCH_SITE"] = "cross-site"

    assert owner.send("/staff/comments/1/approval", decision="approved").status_code == 403


def test_a_session_ends_after_its_time_although_it_is_used(app: Flask) -> None:
    browser = signed_in(app, "owner", since=time.time() - SIGNED_IN_FOR + 60)
    assert browser.get("/staff").status_code == 200

    late = signed_in(app, "owner", since=time.time() - SIGNED_IN_FOR)

    assert late.get("/staff").status_code == 302
    assert late.get("/staff").status_code == 302


def test_a_program_that_asks_for_data_is_told_instead_of_redirected(app: Flask) -> None:
    answer = Browser(app).get("/staff/stock", headers={"Accept": "application/json"})

    assert answer.status_code == 401
    assert answer.json == {"error": "Please sign in again. Nothing was changed."}


def test_the_way_back_is_kept_for_pages_and_not_for_changes(app: Flask) -> None:
    stranger = Browser(app)

    assert (
        stranger.get("/staff/stock?q=moss").location == "/staff/sign-in?next=/staff/stock?q%3Dmoss"
    )
    assert stranger.post("/staff/stock/x/count").location == "/staff/sign-in"
