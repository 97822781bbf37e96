"""The stock list, and the page that answers why a count is what it is."""

import re
from html import unescape
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select, update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger, queries
from storefront.stock.ledger import Shoes
from tests.factories import NOW, Make
from tests.storefront.staff.people import signed_in


def test_the_list_shows_on_hand_held_and_free(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=7)
    make.order((variant, 2))

    page = signed_in(app, "stock").get("/staff/stock").text

    assert variant.sku in page
    assert 'name="based_on" value="7"' in page
    assert "<span data-held>2</span>" in page
    assert "<span data-free>5</span>" in page


def test_the_list_asks_for_sides_where_they_differ_or_are_sold_singly(
    app: Flask, make: Make
) -> None:
    differs, single = make.variant(pairs=0), make.variant(pairs=3)
    with db.writing():
        ledger.count(differs.id, Shoes(2, 1), based_on=Shoes(0, 0), by="Ann", now=NOW)
        db.session.execute(update(Variant).where(Variant.id == single.id).values(single_minor=500))

    page = signed_in(app, "stock").get("/staff/stock").text

    assert page.count('name="based_on_left"') == 2
    assert 'name="based_on"' not in page


def test_uncounted_goods_have_no_form(app: Flask, make: Make) -> None:
    make.product(counted=False)

    page = signed_in(app, "stock").get("/staff/stock").text

    assert "Not counted" in page
    assert "based_on" not in page


@pytest.mark.parametrize("q", ["river", "RIVER-WALKER", "moss-9"])
def test_the_list_is_searched_by_sku_and_title(app: Flask, make: Make, q: str) -> None:
    make.product("river-walker", title="River Walker", colors=("Moss",), sizes=("9",))
    make.product("other", title="Other", colors=("Sand",), sizes=("7",))

    page = signed_in(app, "stock").get("/staff/stock", query_string={"q": q}).text

    assert "River Walker" in page
    assert "Other" not in page


def test_a_search_takes_every_character_as_itself(app: Flask, make: Make) -> None:
    make.variant()
    browser = signed_in(app, "stock")

    for q in ("%", "_", "\\", "'", "<script>", "\u202e", "é" * 80):
        page = browser.get("/staff/stock", query_string={"q": q})
        assert page.status_code == 200
        assert "Nothing here" in page.text
        assert "<script>" not in page.text.replace('<script type="module"', "")


def test_the_list_is_filtered_by_product_and_paged(app: Flask, make: Make) -> None:
    make.product("long", sizes=[str(n) for n in range(51)])
    make.product("short")
    browser = signed_in(app, "stock")

    first = browser.get("/staff/stock?product=long").text
    link = re.search(r'href="(/staff/stock\?[^"]*after=[^"]*)">Next', first)
    assert link is not None
    second = browser.get(unescape(link[1])).text

    assert first.count('name="based_on"') == 50
    assert ">First</a>" not in first and ">Next</a>" not in second
    assert 'href="/staff/stock?product=long">First</a>' in second
    assert second.count('name="based_on"') == 1
    assert "short-moss" not in first + second


@pytest.mark.parametrize("after", ["no-such", "9" * 300, "' OR 1", "\u202e"])
def test_a_place_that_cannot_be_is_not_here(app: Flask, after: str) -> None:
    answer = signed_in(app, "stock").get("/staff/stock", query_string={"after": after})

    assert answer.status_code == 404


def test_going_on_shows_each_size_once_in_the_order_of_widths_and_sizes(make: Make) -> None:
    make.product("a", colors=("Moss", "Sand"), sizes=("9", "10"), widths=("Wide", "Extra"))
    make.product("b", sizes=[str(n) for n in range(103)])
    whole = db.session.scalars(select(Variant.sku).order_by(*queries.LIST_ORDER)).all()

    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        found = queries.variants(after=after)
        seen += [variant.sku for variant in found.rows]
        after = found.after

    assert seen == whole
    assert seen[:4] == ["a-moss-9-wide", "a-moss-10-wide", "a-moss-9-extra", "a-moss-10-extra"]


@pytest.mark.parametrize("engine", ["sqlite"])  # the words of the plan are SQLite's
@pytest.mark.parametrize("after", ["", "shoe-moss-9-wide"])
def test_the_list_reads_along_an_index(make: Make, after: str) -> None:
    make.product("shoe", sizes=("8", "9"))
    asked: list[tuple[str, Any]] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: asked.append((a[2], a[3])))
    queries.variants(after=after)
    statement, parameters = asked[-1]

    plan = "\n".join(
        str(row[3])
        for row in db.session.connection().exec_driver_sql(
            f"EXPLAIN QUERY PLAN {statement}", parameters
        )
    )

    assert "variants USING INDEX" in plan
    assert "SCAN products" not in plan and "SCAN colors" not in plan
    assert "TEMP B-TREE FOR ORDER BY" not in plan, plan


@pytest.mark.parametrize(
    "q", ["moss wide 9", "9 MOSS", "walker moss", "river-w mo", "moss moss wide", "  wide\tmoss "]
)
def test_each_word_of_a_search_is_found_somewhere(app: Flask, make: Make, q: str) -> None:
    make.product(
        "river-walker", title="River", colors=("Moss", "Sand"), sizes=("9",), widths=("Wide",)
    )
    make.product("other", title="Hill", colors=("Moss",), sizes=("7",), widths=("Narrow",))

    page = signed_in(app, "stock").get("/staff/stock", query_string={"q": q}).text

    assert "river-walker-moss-9-wide" in page
    assert "other-moss" not in page and "river-walker-sand" not in page


def test_a_long_search_is_answered(app: Flask, make: Make) -> None:
    make.variant()
    words = " ".join(chr(97 + n % 26) + str(n) for n in range(2000))

    answer = signed_in(app, "stock").get("/staff/stock", query_string={"q": words})

    assert answer.status_code == 200


def test_the_list_takes_few_queries_however_long_it_is(app: Flask, make: Make) -> None:
    make.product(colors=("A", "B", "C"), sizes=[str(n) for n in range(16)])
    browser = signed_in(app, "stock")
    asked: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *a: asked.append(a[2]))

    browser.get("/staff/stock")

    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 5


def test_why_answers_in_a_sentence_and_line_by_line(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=5)
    sold = make.order((variant, 2), state="paid")
    held = make.order((variant, 1))
    with db.writing():
        ledger.count(
            variant.id,
            Shoes(9, 9),
            based_on=Shoes(3, 3),
            reason="received",
            note="Box 12",
            by="Ann",
            now=NOW,
        )

    page = signed_in(app, "stock").get(f"/staff/stock/{variant.sku}").text

    assert "9 pairs, because Ann received 6 pairs on" in page
    assert "Received: Box 12" in page
    assert "−2 pairs" in page and f"/staff/orders/{sold.number}" in page
    assert f"/staff/orders/{held.number}" in page
    assert page.index("+6 pairs") < page.index("−2 pairs") < page.index("+5 pairs")


def test_why_of_a_size_that_never_came_in(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=0)

    page = signed_in(app, "stock").get(f"/staff/stock/{variant.sku}").text

    assert "0 pairs, because nothing has come in yet" in page


def test_why_finds_a_sku_with_any_characters(app: Flask, make: Make) -> None:
    variant = make.variant()
    with db.writing():
        db.session.execute(update(Variant).values(sku="A/B 7%?#ü"))
    browser = signed_in(app, "stock")
    listing = browser.get("/staff/stock").text

    assert "/staff/stock/A/B%207%25%3F%23%C3%BC" in listing
    assert browser.get("/staff/stock/A/B%207%25%3F%23%C3%BC").status_code == 200
    assert browser.get(f"/staff/stock/{variant.sku}x").status_code == 404
