"""An article as a reader sees it; each fault of the page that the shop grew from is a test here."""

import re
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blog.models import Article, Comment, Person, Review, Revision
from blog.views import today
from storefront.catalogue.models import Product, Variant
from storefront.db import db, new_secret
from tests.factories import NOW, Make

SOURCE = {
    "title": "A study of shoes",
    "authors": "A. Author",
    "year": 2020,
    "kind": "review",
    "identifier": "doi:10.1/x",
    "url": "https://example.org/study",
}
TEXT = {
    "summary": "In short.",
    "help_now": "- **Call 911** for this.",
    "faq": [{"question": "Is it so?", "answer": "*Yes.*"}],
    "sources": [SOURCE],
}
BODY = """Before. [source 1](#source-1)

## One

### One and a half

## Two

[rail: latest]

## One

After.
"""


@pytest.fixture
def page(client: FlaskClient, make: Make) -> str:
    make.product("harbor", title="Harbor", colors=["Moss", "Sand"], pairs=24)
    make.article("walking", body=BODY, text=TEXT, updated_on=date(2026, 11, 3))
    answer = client.get("/blog/walking")
    assert answer.status_code == 200
    return str(answer.text)


def between(page: str, start: str, end: str) -> str:
    return page[page.index(start) : page.index(end, page.index(start))]


def test_parts_stand_in_their_order(page: str) -> None:
    parts = [
        "<h1>Walking</h1>",
        "Written by",
        "Reviewed by",
        "Published",
        "Updated",
        "Before.",
        "When to get help now",
        "Contents",
        "Latest adaptive footwear",
        "After.",
        "Questions and answers",
        "Sources",
        "Who is behind this article",
        "Comments",
    ]

    places = [page.index(part) for part in parts]

    assert places == sorted(places)


def test_swatches_are_named_in_text(page: str) -> None:
    rail = between(page, '<section class="rail"', "</section>")

    assert re.search(r"data-swatch[^>]*>\s*(<svg.*?</svg>)?\s*Moss</a>", rail, re.S)
    assert re.search(r"data-swatch[^>]*>\s*(<svg.*?</svg>)?\s*Sand</a>", rail, re.S)


def test_stock_stands_with_a_name_and_a_price(page: str) -> None:
    card = between(page, '<article class="card"', "</article>")

    assert "Harbor" in card and "$89.00" in card and "24 in stock" in card


def test_one_kind_of_stock_text(page: str, client: FlaskClient) -> None:
    card = between(page, '<article class="card"', "</article>")

    words = re.search(r"data-stock>([^<]+)<", card)

    assert words is not None
    assert words[1] in client.get("/products/harbor?color=moss").text
    assert words[1] in client.get("/collections/all").text


def test_each_biography_stands_once(page: str) -> None:
    assert page.count("Long.") == 1
    assert page.count("Reviewer&#39;s life.") + page.count("Reviewer's life.") == 1


def test_no_settings_leak_into_the_text(page: str) -> None:
    visible = re.sub(r"<[^>]+>", " ", page)

    assert "{" not in visible and "}" not in visible


def test_accessibility_link_leads_to_a_statement(page: str, client: FlaskClient) -> None:
    assert 'href="/accessibility"' in page
    assert "Statement of" in client.get("/accessibility").text


def test_every_date_says_what_it_is(page: str) -> None:
    text = between(page, "<main", '<h2 id="comments"')
    for stamp in re.finditer(r"<time ", text):
        before = text[: stamp.start()]
        label = re.sub(r"<[^>]+>", " ", before[-400:])
        assert re.search(r"(Published|Updated|Reviewed by)", label)


def test_published_updated_and_reviewed_dates_are_there(page: str) -> None:
    byline = between(page, '<dl class="byline"', "</dl>")

    assert '<time datetime="2026-11-01T12:00:00+00:00">1 November 2026</time>' in byline
    assert '<time datetime="2026-11-03">3 November 2026</time>' in byline
    assert '<time datetime="2026-11-01">1 November 2026</time>' in byline


def test_claim_links_to_a_numbered_source(page: str) -> None:
    assert '<a href="#source-1"' in page
    source = between(page, '<li id="source-1"', "</li>")
    for part in ("A study of shoes", "A. Author", "2020", "Review", "doi:10.1/x"):
        assert part in source


def test_rail_discloses_that_the_shop_is_ours(page: str) -> None:
    rail = between(page, '<section class="rail"', "</section>")

    assert "from our own shop" in rail and "We earn money" in rail


def test_scope_of_the_review_is_stated(page: str) -> None:
    byline = between(page, '<dl class="byline"', "</dl>")

    assert "Orthotist" in byline and "for fit" in byline


def test_contents_are_nested_and_lead_to_headings(page: str) -> None:
    contents = between(page, '<nav class="contents"', "</nav>")

    assert re.findall(r'href="#([^"]+)"', contents) == ["one", "one-and-a-half", "two", "one-2"]
    assert re.search(r"#one\">One</a>\s*<ol>", contents)
    for anchor in ("one", "one-and-a-half", "two", "one-2"):
        assert page.count(f'id="{anchor}"') == 1
    assert "Walking</a>" not in contents


def test_help_now_stands_before_the_rail_and_information_not_advice(page: str) -> None:
    assert page.index("When to get help now") < page.index("Latest adaptive footwear")
    assert "This is information, not medical advice." in page


def test_the_way_travels_from_rail_to_product_to_cart(page: str, client: FlaskClient) -> None:
    link = re.search(r'href="(/products/harbor\?[^"]*from=walking[^"]*)"', page)
    assert link is not None

    product = client.get(link[1].replace("&amp;", "&")).text

    assert '<input type="hidden" name="from" value="walking">' in product


def test_article_links_to_older_and_newer(client: FlaskClient, make: Make) -> None:
    for days, slug in enumerate(["oldest", "middle", "newest"]):
        make.article(slug, published_at=NOW + timedelta(days=days))

    middle = client.get("/blog/middle").text
    ends = client.get("/blog/oldest").text, client.get("/blog/newest").text

    assert '<a rel="prev" href="/blog/oldest">' in middle
    assert '<a rel="next" href="/blog/newest">' in middle
    assert 'rel="prev"' not in ends[0] and 'rel="next"' not in ends[1]


def test_medical_article_without_review_says_so_and_does_not_sell(
    client: FlaskClient, make: Make
) -> None:
    make.product()
    make.article("bare", reviewed=False)

    page = client.get("/blog/bare").text

    assert "No one with a clinical qualification has reviewed" in page
    assert "Latest adaptive footwear" not in page


@pytest.mark.parametrize(
    ("days_over", "says", "sells"), [(-1, False, True), (1, True, True), (15, True, False)]
)
def test_review_that_has_ended(
    client: FlaskClient, make: Make, app: Flask, days_over: int, says: bool, sells: bool
) -> None:
    make.product()
    ended = today() - timedelta(days=days_over)
    make.article("old", signed_on=ended.replace(year=ended.year - 1))

    page = client.get("/blog/old").text

    assert ("review of this article has ended" in page) is says
    assert ("Latest adaptive footwear" in page) is sells
    assert ('content="noindex"' not in page) is sells
    assert ("/blog/old<" in client.get("/sitemap.xml").text) is sells


def test_edit_after_the_review_shows_as_such(client: FlaskClient, make: Make) -> None:
    article = make.article("walking")
    with db.writing():
        db.session.add(
            Revision(
                article_id=article.id,
                number=2,
                title="Walking on",
                body="New text.",
                saved_at=NOW,
                saved_by="Test",
            )
        )

    page = client.get("/blog/walking").text

    assert "<h1>Walking on</h1>" in page
    assert "Earlier version reviewed by" in page and "changed since" in page


def test_each_change_shows_on_the_next_page(client: FlaskClient, make: Make) -> None:
    make.product("harbor", title="Harbor", pairs=24)
    article = make.article("walking", body=BODY, text=TEXT)
    comment = Comment(
        article_id=article.id,
        secret=new_secret(),
        name="Reader",
        email="reader@example.com",
        body="As it was said.",
        state="approved",
        written_at=NOW,
    )
    with db.writing():
        db.session.add(comment)
    changes: list[tuple[Any, dict[str, Any], str]] = [
        (Revision, {"title": "Standing"}, "<h1>Standing</h1>"),
        (Revision, {"summary": "At length."}, '<p class="lead">At length.</p>'),
        (Revision, {"help_now": "Call a friend."}, "<p>Call a friend.</p>"),
        (Revision, {"body": "## Three\n\n[rail: latest]"}, '<a href="#three">Three</a>'),
        (Revision, {"faq": [{"question": "Why?", "answer": "So."}]}, "<summary>Why?</summary>"),
        (Revision, {"sources": [SOURCE | {"year": 2021}]}, "</cite></a>. 2021."),
        (Revision, {"cover_key": "a.svg", "cover_alt": "A shoe"}, 'alt="A shoe"'),
        (Article, {"updated_on": date(2026, 11, 4)}, "4 November 2026"),
        (Review, {"scope": "all of it"}, "for all of it"),
        (Person, {"bio": "Another life."}, "<p>Another life.</p>"),
        (Comment, {"body": "As it is said now."}, "<p>As it is said now.</p>"),
        (Comment, {"state": "removed"}, "No comments yet."),
        (Product, {"title": "Meadow"}, ">Meadow</a></h3>"),
        (Variant, {"price_minor": 1234}, "$12.34"),
        (Variant, {"restock_on": date(2999, 1, 1), "on_hand_left": 0}, "Back on 1 January 2999"),
    ]

    for model, values, words in changes:
        assert words not in client.get("/blog/walking").text
        with db.writing():
            db.session.execute(update(model).values(**values))
        assert words in client.get("/blog/walking").text, values


def test_article_not_yet_published_is_nowhere(client: FlaskClient, make: Make) -> None:
    make.article("draft", published_at=None)
    make.article("planned", published_at=datetime.fromisoformat("2999-01-01T00:00:00+00:00"))

    for slug in ("draft", "planned"):
        assert client.get(f"/blog/{slug}").status_code == 404
        assert slug not in client.get("/blog").text


def test_old_blog_address_moves_for_good(client: FlaskClient) -> None:
    answer = client.get("/blogs/news/walking")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/blog/walking")


def test_article_itself_never_shows_waiting_comments(client: FlaskClient, make: Make) -> None:
    article = make.article("walking")
    for state in ("pending", "approved", "spam", "removed"):
        with db.writing():
            db.session.add(
                Comment(
                    article_id=article.id,
                    secret=new_secret(),
                    name=f"Name {state}",
                    email="reader@example.com",
                    body=f"I am {state}",
                    state=state,
                    written_at=NOW,
                )
            )

    page = client.get("/blog/walking").text

    assert "I am approved" in page
    assert "I am pending" not in page and "I am spam" not in page and "I am removed" not in page
    assert "reader@example.com" not in page


def test_people_and_topics_have_pages(client: FlaskClient, make: Make) -> None:
    person = make.person("Mara Example", interests="Works here.")
    make.article("walking", author=person)

    page = client.get(f"/blog/people/{person.slug}").text

    assert "Works here." in page and "/blog/walking" in page
    assert client.get("/blog/people/nobody").status_code == 404
    assert client.get("/blog/topics/nothing").status_code == 404
    assert db.session.scalar(select(Article.slug)) == "walking"
