"""Pages of words: begun from a draft, refused with gaps, published, shown, linked, taken down."""

from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.exc import OperationalError

from storefront.clock import utcnow
from storefront.db import db
from storefront.delivery import queries as delivery
from storefront.delivery import zones
from storefront.delivery.models import Method
from storefront.delivery.zones import MethodTerms
from storefront.pages import queries, writing
from storefront.pages.drafts import draft_of
from storefront.pages.facts import Facts, Returns
from storefront.pages.models import ABOUT, PAGES, Page
from storefront.search import index
from storefront.settings import queries as settings
from tests.factories import Make
from tests.storefront.staff.people import Browser, fresh, signed_in

TERMS = "/staff/pages/terms"


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "editor")


def page(slug: str = "terms") -> Page | None:
    fresh()
    return queries.page(slug)


def write(body: str, slug: str = "terms", *, published: bool = True, based_on: str = "") -> None:
    with db.writing():
        writing.save(
            slug, title="Terms", body=body, published=published, based_on=based_on,
            delivers=True, takes_back=True, by="Ben", now=utcnow(),
        )  # fmt: skip


def test_a_page_is_published_once_its_gaps_are_filled(
    browser: Browser, client: FlaskClient
) -> None:
    draft = browser.get(TERMS).text
    assert (
        "Have this read by someone who knows your law" in draft and "[your phone number]" in draft
    )
    form = {"title": "Our <terms>", "body": "Call [your phone number] or [write](/pages/contact)."}

    kept = browser.send(TERMS, **form, action="save", based_on="")
    assert (kept.status_code, kept.location) == (303, TERMS)
    refused = browser.send(TERMS, **form, action="publish", based_on=writing.stamp(page()))
    assert refused.status_code == 422
    assert "Please fill in: [your phone number]." in refused.text
    assert client.get("/pages/terms").status_code == 404
    assert "/pages/terms" not in client.get("/").text
    assert queries.unpublished() == list(queries.REQUIRED)

    form["body"] = "Call **us**. <script>"
    for _ in range(2):
        stamp = writing.stamp(page())
        browser.send(TERMS, **form, action="publish", based_on=stamp)
    assert stamp == writing.stamp(page())
    public = client.get("/pages/terms")
    assert public.status_code == 200 and "<strong>us</strong>" in public.text
    assert 'href="/pages/terms">Our &lt;terms&gt;</a>' in client.get("/").text
    assert queries.unpublished() == ["shipping", "returns", "privacy", "contact"]
    assert queries.unpublished(("terms",)) == []

    gap = browser.send(TERMS, title="T", body="[your law]", action="save", based_on=stamp)
    assert gap.status_code == 422 and "<strong>us</strong>" in client.get("/pages/terms").text
    browser.send(TERMS, **form, action="unpublish", based_on=stamp)
    assert client.get("/pages/terms").status_code == 404


def test_a_page_that_was_saved_meanwhile_is_not_overwritten(browser: Browser) -> None:
    write("Theirs.")

    answer = browser.send(TERMS, title="Mine", body="My words.", action="publish", based_on="")

    assert answer.status_code == 409
    assert "Ben saved it" in answer.text and "Theirs." in answer.text
    assert "My words.</textarea>" in answer.text
    there = page()
    assert there is not None and there.body == "Theirs."
    assert f'value="{writing.stamp(there)}"' in answer.text.replace("&#43;", "+")


def test_a_wrong_page_is_refused_with_what_was_typed(browser: Browser) -> None:
    wrong: dict[str, Any]
    for wrong in ({"title": ""}, {"body": " "}, {"title": "x" * 10_000}, {"based_on": "9" * 400}):
        form = {"title": "Title kept", "body": "Body kept", "action": "publish", **wrong}
        answer = browser.send(TERMS, **form)
        assert answer.status_code == 422, wrong
        assert "Body kept" in answer.text or "body" in wrong
    assert page() is None
    assert browser.get("/staff/pages/nothing").status_code == 404
    assert browser.send("/staff/pages/nothing", title="T", body="B").status_code == 404


def test_the_blocks_say_what_holds_now(client: FlaskClient, make: Make) -> None:
    make.delivery()
    write("Before.\n\n[delivery]\n\nAfter.\n\n[returns]", "shipping")

    shown = client.get("/pages/shipping").text
    for words in ("Before.", "United States", "$6.95; free from $100.00", "3 to 6 working days"):
        assert words in shown
    assert "Please ask us before you send shoes back" in shown

    with db.writing():
        db.session.query(Method).filter_by(name="Standard").update({"price_minor": 777})
        terms = {"RETURN_DAYS": "30", "RETURN_ADDRESS": "1 Row", "RETURN_CONDITION": "Unworn."}
        settings.keep(terms, by="Ann", now=utcnow())
    shown = client.get("/pages/shipping").text
    assert "$7.77" in shown and "30 days" in shown and "1 Row" in shown


def test_delivery_and_returns_are_told_where_a_shoe_is_chosen(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor")
    assert "Delivery and returns" not in client.get("/products/harbor").text

    make.delivery()
    write("[returns]", "returns")
    with db.writing():
        settings.keep({"RETURN_DAYS": "60", "RETURN_COST": "0"}, by="Ann", now=utcnow())
    page = client.get("/products/harbor").text
    for words in (
        "Standard delivery: $6.95, 3 to 6 working days. Free from $100.00.",
        "Express delivery: $14.95, 1 to 2 working days.",
        "We deliver to: United States.",
        '60 days to send shoes back, free of charge. <a href="/pages/returns">',
    ):
        assert words in page

    with db.writing():
        more = [MethodTerms("Post", 500, None, None, None)]
        zones.save(None, name="North", countries=["CA", "GL"], methods=more)
        settings.keep({"RETURN_COST": "800"}, by="Ann", now=utcnow())
    page = client.get("/products/harbor").text
    assert "We deliver to 3 countries, from $5.00." in page and "Express" not in page
    assert "send shoes back; that costs you $8.00." in page and "/pages/shipping" not in page


def test_every_draft_is_whole_once_all_facts_are_known_and_gaps_are_answered(
    app: Flask, make: Make
) -> None:
    make.delivery()
    known = Facts(
        shop_name="Shop", legal_name="Legal Name", address="1 Row", email="a@example.com",
        phone="555-0100", hours="Mondays", zones=delivery.zones(),
        returns=Returns(30, "Free.", "2 Row", "Unworn."),
    )  # fmt: skip

    for slug in PAGES:
        full, empty = draft_of(slug, known), draft_of(slug, Facts())
        assert full.startswith("[your task: have this read by someone who knows your law")
        assert len(writing.gaps(empty, delivers=False, takes_back=False)) > 1, slug
        for fact in ("legal name", "postal address", "email address", "phone number", "return "):
            assert f"[your {fact}" not in full, slug
    assert "[delivery]" in draft_of("shipping", known) and "[returns]" in draft_of("returns", known)
    assert "Ask for it on the page of your order." in draft_of("returns", known)
    assert "- **Phone:** [555-0100](tel:555-0100)\n- **Hours" in draft_of("contact", known)
    without = replace(known, zones=(), returns=None)
    assert "[your delivery" in draft_of("shipping", without)
    assert "[your return address]" in draft_of("returns", without)


def test_a_block_with_nothing_to_show_is_a_gap() -> None:
    body = "[delivery]\n\n[returns]"

    assert len(writing.gaps(body, delivers=False, takes_back=False)) == 2
    assert writing.gaps(body, delivers=True, takes_back=True) == []
    assert writing.gaps("[your order](/x) [your mail][1]", delivers=True, takes_back=True) == []


def test_the_demonstration_publishes_every_page_and_says_that_it_is_one(
    app: Flask, client: FlaskClient
) -> None:
    from storefront.pages import demo

    with db.writing():
        demo.load()

    assert queries.unpublished(tuple(PAGES)) == []
    for slug in PAGES:
        shown = client.get(f"/pages/{slug}").text
        assert "a demonstration shop" in shown and "[your" not in shown, slug


def test_every_page_says_in_a_sentence_what_it_is_about_where_it_is_found_and_to_machines(
    client: FlaskClient,
) -> None:
    assert ABOUT.keys() == PAGES.keys()
    for slug, about in ABOUT.items():
        write("Some words.", slug)
        assert f'<meta name="description" content="{about}">' in client.get(f"/pages/{slug}").text
        with db.writing():
            index.rebuild()
        assert about in client.get(f"/search?q={slug}").text


def test_a_page_is_shown_without_its_footer_links_when_the_database_is_away(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("Words.")

    def away(*_: object) -> None:
        raise OperationalError("x", {}, Exception("away"))

    monkeypatch.setattr(queries, "published", away)
    answer = client.get("/accessibility")

    assert answer.status_code == 200 and "/pages/terms" not in answer.text
