"""The guard: what a request must be to pass, and the headers that every answer carries."""

import io

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.guard import MAX_FIELDS
from tests.conftest import browser
from tests.factories import Make
from tests.storefront.staff.people import signed_in

FORM = {"sku": "x", "quantity": "1"}


@pytest.mark.parametrize(
    ("headers", "passes"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"}, False),
        ({"Origin": "http://localhost"}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "http://localhost.evil.example"}, False),
        ({"Referer": "http://localhost/products/x"}, True),
        ({"Referer": "http://evil.example/http://localhost"}, False),
        ({}, False),
    ],
)
def test_unsafe_request_must_come_from_our_own_pages(
    app: Flask, headers: dict[str, str], passes: bool
) -> None:
    answer = app.test_client().post("/cart/lines", data=FORM, headers=headers)

    assert answer.status_code == (422 if passes else 403)
    if not passes:
        assert "another site" in answer.text


def test_every_unsafe_address_refuses_strangers(app: Flask) -> None:
    client = app.test_client()
    unsafe = [
        rule
        for rule in app.url_map.iter_rules()
        if "POST" in (rule.methods or set())
        and rule.endpoint not in {"webhook.receive", "notices.leave"}
    ]
    assert len(unsafe) > 8
    for rule in unsafe:
        values = dict.fromkeys(rule.arguments, "1")
        address = rule.rule
        for name in values:
            address = address.replace(f"<{name}>", "1").replace(f"<int:{name}>", "1")
        answer = client.post(address, headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403, address


def test_chunked_form_is_refused(app: Flask) -> None:
    answer = app.test_client().post(
        "/cart/lines",
        headers={"Sec-Fetch-Site": "same-origin", "Transfer-Encoding": "chunked"},
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code == 411
    assert "without its length" in answer.text


def test_too_many_fields_are_refused(client: FlaskClient) -> None:
    body = "&".join(f"f{n}=1" for n in range(20_000))

    answer = client.post("/cart/lines", data=body, content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 413
    assert MAX_FIELDS < 1000


def test_too_large_body_is_refused(client: FlaskClient) -> None:
    answer = client.post("/cart/lines", data={"sku": "x" * 300_000})

    assert answer.status_code == 413
    assert "larger than the shop takes" in answer.text


@pytest.mark.parametrize(
    ("method", "address", "status"),
    [
        ("GET", "/", 200),
        ("GET", "/nothing/here", 404),
        ("POST", "/", 405),
        ("GET", "/static/css/tokens.css", 200),
        ("GET", "/static/none.css", 404),
        ("GET", "/products.json", 200),
        ("GET", "/products", 301),
        ("GET", "/preferences.css", 200),
        ("GET", "/cart", 200),
        ("POST", "/webhooks/stripe", 400),
    ],
)
def test_every_answer_carries_the_headers(
    client: FlaskClient, method: str, address: str, status: int
) -> None:
    answer = client.open(address, method=method)
    answer.close()

    assert answer.status_code == status
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_forms_may_lead_to_the_payment_page(client: FlaskClient, app: Flask) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]

    assert f"form-action 'self' {app.config['PAYMENT_PAGE_ORIGIN']};" in policy


@pytest.mark.parametrize("address", ["/", "/collections/all", "/coaches", "/blog", "/nothing"])
def test_no_page_has_inline_style_or_script(client: FlaskClient, make: Make, address: str) -> None:
    make.product()

    page = client.get(address).text

    assert "style=" not in page and "<style" not in page
    assert "<script>" not in page and "onclick" not in page
    data = page.count('<script type="application/ld+json">')  # read by machines, never run
    assert page.count("<script ") - data == page.count(' integrity="sha384-')


def test_json_is_answered_where_the_client_asked_for_it(client: FlaskClient) -> None:
    answer = client.get("/products/none", headers={"Accept": "application/json"})

    assert answer.status_code == 404
    assert set(answer.json) == {"error"}


def test_database_that_does_not_answer_is_a_page(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked() -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setitem(app.view_functions, "catalogue.listing", locked)

    answer = browser(app).get("/collections/all")

    assert answer.status_code == 503
    assert "very busy" in answer.text and "locked" not in answer.text


def test_crash_is_a_page_without_a_trace(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "TESTING", False)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.view_functions, "catalogue.listing", lambda: 1 / 0)

    answer = browser(app).get("/collections/all")

    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text
    assert "ZeroDivisionError" not in answer.text
    assert "Content-Security-Policy" in answer.headers


@pytest.mark.parametrize(
    "source", ["http://[", "http://localhost:bad", "\x7f", "http://localhostx/"]
)
@pytest.mark.parametrize("header", ["Origin", "Referer"])
def test_broken_origin_is_refused(app: Flask, header: str, source: str) -> None:
    answer = app.test_client().post("/cart/lines", data=FORM, headers={header: source})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "body", ['{"sku": 5}', "[1]", '{"sku": "\\ud800"}', '{"sku": "a\\u0000b"}']
)
@pytest.mark.parametrize("address", ["/cart/lines", "/cart/delivery", "/blog/x/comments"])
def test_only_forms_are_taken(client: FlaskClient, address: str, body: str) -> None:
    answer = client.post(address, data=body, content_type="application/json")

    assert answer.status_code == 415
    assert "takes forms without files only" in answer.text


def test_files_are_refused(client: FlaskClient) -> None:
    answer = client.post("/cart/lines", data={"sku": (io.BytesIO(b"x"), "x.txt"), "quantity": "1"})

    assert answer.status_code == 415


def test_form_that_is_cut_short_is_refused(client: FlaskClient) -> None:
    answer = client.post(
        "/cart/lines",
        data="sku=x&quantity=1",
        content_type="application/x-www-form-urlencoded",
        environ_overrides={"CONTENT_LENGTH": "17"},
    )

    assert answer.status_code == 400


def test_post_without_a_body_is_taken(client: FlaskClient) -> None:
    assert client.post("/checkout").status_code == 422


def test_field_whose_name_has_a_digit_of_another_script_is_refused(app: Flask, make: Make) -> None:
    order = make.order(state="paid")

    answer = signed_in(app, "stock").send(
        f"/staff/orders/{order.number}/refunds", **{"lines-²-pairs": "1"}
    )

    assert answer.status_code == 400 and "cannot be kept" in answer.text
