"""A page is given again without work, and never as it was before the last commit."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask, request_started
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from werkzeug.test import TestResponse

from storefront import pagecache
from storefront.catalogue import views
from storefront.db import Version, db
from tests.factories import Make
from tests.test_queries import statements

SOLD = "UPDATE variants SET on_hand_left = on_hand_left - 1, on_hand_right = on_hand_right - 1"


@pytest.fixture(autouse=True)
def kept(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages are kept for longer than a test takes."""
    monkeypatch.setitem(app.config, "PAGES_KEPT", 60.0)
    monkeypatch.setitem(app.config, "SETTINGS_KEPT", 60.0)


@contextmanager
def another_process(app: Flask) -> Iterator[Any]:
    """A connection that this process knows nothing of; it commits at the end."""
    engine = create_engine(
        app.config["SQLALCHEMY_DATABASE_URI"], **app.config["SQLALCHEMY_ENGINE_OPTIONS"]
    )
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


def asked_again(client: FlaskClient, address: str) -> tuple[TestResponse, list[str]]:
    """Return a page and what it took; other tests commit to the same PostgreSQL, so some tries."""
    for _ in range(1 if db.engine.dialect.name == "sqlite" else 50):
        with statements() as sent:
            answer = client.get(address)
        if not sent:
            break
    return answer, sent


def test_page_is_given_again_without_a_statement(client: FlaskClient, make: Make) -> None:
    make.product("harbor", pairs=5)
    first = client.get("/products/harbor")

    again, sent = asked_again(client, "/products/harbor")

    assert sent == [] and again.data == first.data
    assert dict(again.headers) == dict(first.headers)
    assert again.headers["Cache-Control"] == "no-cache"
    assert "frame-ancestors 'none'" in again.headers["Content-Security-Policy"]


def test_browser_that_has_the_page_gets_none_of_it_again(client: FlaskClient, make: Make) -> None:
    make.product("harbor")
    etag = client.get("/products/harbor").headers["ETag"]

    for _ in range(2):
        answer = client.get("/products/harbor", headers={"If-None-Match": f'W/"other", {etag}'})
        assert answer.status_code == 304 and answer.data == b""
        assert answer.headers["ETag"] == etag and "Content-Type" not in answer.headers
    with db.writing():
        db.session.execute(text(SOLD))
    assert client.get("/products/harbor", headers={"If-None-Match": etag}).status_code == 200


def test_what_another_process_commits_is_on_the_very_next_page(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    make.product("harbor", pairs=9)
    pages = ("/products/harbor", "/products/harbor.json", "/collections/all", "/")
    before = [client.get(page).text for page in pages]

    with another_process(app) as connection:
        connection.execute(text(SOLD))
        during = [client.get(page).text for page in pages]
    after = [client.get(page).text for page in pages]

    assert during == before
    assert all("9" in page for page in before)
    assert all("8 in stock" in page for page in after)


def test_what_is_committed_while_a_page_is_made_is_on_the_next(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("harbor", pairs=9)
    render = views.render

    def sold_meanwhile(*args: Any, **facts: Any) -> str:
        with another_process(app) as connection:
            connection.execute(text(SOLD))
        return render(*args, **facts)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(views, "render", sold_meanwhile)
        assert "9 in stock" in client.get("/products/harbor").text

    assert "8 in stock" in client.get("/products/harbor").text


def test_script_is_packed_once_for_many(app: Flask, client: FlaskClient) -> None:
    address, packed = "/static/js/cart-count.js?v=1", {"Accept-Encoding": "gzip"}
    first = client.get(address, headers=packed, buffered=True)
    asked: list[object] = []

    with request_started.connected_to(lambda *_, **__: asked.append(1), app):
        again = client.get(address, headers=packed, buffered=True)

    if db.engine.dialect.name == "sqlite":  # other tests commit to the same PostgreSQL
        assert asked == []
    assert again.data == first.data and again.headers["Content-Encoding"] == "gzip"
    assert "immutable" in again.headers["Cache-Control"]


def test_time_alone_makes_a_page_old(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("harbor")
    client.get("/products/harbor")
    monkeypatch.setitem(app.config, "PAGES_KEPT", 0.01)
    time.sleep(0.02)

    with statements() as sent:
        client.get("/products/harbor")
    assert sent


def test_addresses_and_encodings_are_kept_apart(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"])

    for _ in range(2):
        assert "Color: Moss" in client.get("/products/harbor").text
        assert "Color: Sand" in client.get("/products/harbor?color=sand").text
        packed = client.get("/products/harbor", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["ETag"] != client.get("/products/harbor").headers["ETag"]
        head, page = client.head("/products/harbor"), client.get("/products/harbor")
        assert head.data == b"" and head.headers["ETag"] == page.headers["ETag"]
        assert page.data


@pytest.mark.parametrize(
    "address",
    [
        "/cart",
        "/accessibility",
        "/preferences.css",
        "/healthz",
        "/readyz",
        "/staff/sign-in",
        "/none",
    ],
)
def test_what_is_one_persons_or_of_this_moment_is_not_kept(
    client: FlaskClient, address: str
) -> None:
    answer = client.get(address)

    assert "ETag" not in answer.headers
    assert answer.headers.get("Cache-Control") != "no-cache"


def test_least_recently_made_pages_go_where_there_are_too_many(
    client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("harbor")
    client.get("/products/harbor")
    size = len(client.get("/products/harbor").data)
    monkeypatch.setattr(pagecache, "MOST_BYTES", 2 * size + size // 2)

    for number in range(4):
        client.get(f"/products/harbor?from={number}")

    assert asked_again(client, "/products/harbor?from=3")[1] == []
    with statements() as sent:
        client.get("/products/harbor?from=0")
    assert sent


def test_nothing_is_kept_where_nobody_can_tell_what_was_committed(
    client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("harbor")
    monkeypatch.setattr(Version, "__call__", lambda self: None)

    for _ in range(2):
        with statements() as sent:
            assert client.get("/products/harbor").status_code == 200
        assert sent


def test_version_is_another_after_each_commit_and_when_its_connection_was_lost(
    app: Flask, make: Make
) -> None:
    version = Version(db.engine)
    known = [version(), version()]
    assert known[0] == known[1] is not None

    make.product("harbor")
    known.append(version())
    version._own.dbapi_connection.close()  # type: ignore[union-attr]
    assert version() is None
    known.append(version())

    assert len(set(known)) == 3 and None not in known
