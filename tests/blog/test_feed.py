"""The feed of the newest articles, as programs read it."""

from datetime import date, timedelta
from xml.etree import ElementTree

from flask import Flask
from flask.testing import FlaskClient

from storefront.clock import utcnow
from storefront.db import db
from storefront.settings import queries
from tests.factories import NOW, Make

ATOM = "{http://www.w3.org/2005/Atom}"


def entries(client: FlaskClient) -> list[dict[str, str]]:
    answer = client.get("/blog/feed.atom")
    assert answer.mimetype == "application/atom+xml"
    root = ElementTree.fromstring(answer.data)
    assert [root.tag, root.findtext(f"{ATOM}title")] == [f"{ATOM}feed", "Steady Step: articles"]
    assert root.findtext(f"{ATOM}updated")
    return [
        {
            name: entry.findtext(f"{ATOM}{name}") or ""
            for name in ("id", "title", "published", "updated", "summary")
        }
        for entry in root.iter(f"{ATOM}entry")
    ]


def test_feed_tells_what_readers_may_see_the_newest_first(client: FlaskClient, make: Make) -> None:
    make.article("old", published_at=NOW, text={"summary": "In & <b>out</b>."})
    make.article("new", published_at=NOW + timedelta(1), updated_on=date(2026, 11, 20))
    make.article("later", published_at=utcnow() + timedelta(1))
    make.article("draft", published_at=None)

    new, old = entries(client)

    assert new["id"] == "http://localhost/blog/new"
    assert new["updated"] == "2026-11-20T00:00:00+00:00" > new["published"]
    assert old["published"] == old["updated"] == NOW.isoformat(timespec="seconds")
    assert (old["title"], old["summary"]) == ("Old", "In & <b>out</b>.")


def test_feed_is_empty_before_the_shop_opens(app: Flask, client: FlaskClient, make: Make) -> None:
    make.article("walking")
    with db.writing():
        queries.keep({"OPENED_AT": ""}, by="Tests", now=NOW)

    assert entries(client) == []


def test_pages_of_the_blog_lead_to_the_feed(client: FlaskClient, make: Make) -> None:
    make.article("walking")

    for address in ("/blog", "/blog/walking"):
        page = client.get(address).text
        assert 'type="application/atom+xml" title="Articles" href="/blog/feed.atom"' in page
