"""A public page sends few statements to the database, however much is in the shop."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event

from storefront.coaches import demo as coaches
from storefront.db import db
from storefront.pages import demo as pages
from tests.factories import Make

MOST = 6
PAGES = [
    "/",
    "/collections/all",
    "/collections/all?size=8&width=Wide&color=sand&available=1&hands=1",
    "/products/first",
    "/products/first.json",
    "/products/first/notices",
    "/products/gone",
    "/products.json",
    "/blog",
    "/blog/feed.atom",
    "/blog/first",
    "/coaches",
    "/coaches?near=55802",
    "/search?q=harbr+shoe+first",
    "/search?q=zzzz",
    "/fit?hands=1",
    "/fit/braces",
    "/coaches/duluth-harbor-step",
    "/pages/shipping",
    "/pages/terms",
]


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collect what is sent to the database."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if not statement.startswith("BEGIN"):  # SQLite alone is told so, and reads nothing by it
            sent.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


@pytest.fixture(params=[3, 30], ids=["3 products", "30 products"])
def filled(request: pytest.FixtureRequest, app: Flask, make: Make) -> int:
    """A shop with so many products of two colors and four sizes, and as many articles."""
    make.delivery()
    for number in range(request.param):
        make.product(
            "first" if number == 0 else f"shoe-number-{number}",
            colors=("Moss", "Sand"),
            sizes=("8", "9"),
            widths=("Wide", "Extra"),
            description="**Light**.",
        )
        make.article("first" if number == 0 else f"article-number-{number}")
    make.product("gone", pairs=0)
    with db.writing():
        coaches.load()
        pages.load()
    db.session.remove()
    return int(request.param)


def test_page_sends_few_statements_whatever_the_number_of_products(
    filled: int, app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SETTINGS_KEPT", 60)
    client.get("/products/first")
    needed = {}
    for path in PAGES:
        with statements() as sent:
            answer = client.get(path)
        assert answer.status_code == 200, path
        needed[path] = len(sent)

    assert {path: number for path, number in needed.items() if number > MOST} == {}
