"""Prose: whatever goes in, nothing active comes out."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from storefront import prose
from tests.factories import Make

NONE = re.compile("(?!)")

DATA = Path(__file__).parents[1] / "data"
VECTORS = [vector["payload"] for vector in json.loads((DATA / "xss-dompurify.json").read_text())]
NAUGHTY = json.loads((DATA / "naughty-strings.json").read_text())


class Active(HTMLParser):
    """Collects what could run or load something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in prose.TAGS:
            self.found.append(tag)
        for name, value in attributes:
            if name.startswith("on") or name in {"style", "src", "srcset", "action", "data"}:
                self.found.append(name)
            elif name == "href" and not (value or "").startswith(
                ("http://", "https://", "mailto:", "tel:", "/", "#", "?")
            ):
                scheme = (value or "").partition(":")
                if scheme[1] and scheme[0].strip().isalpha():
                    self.found.append(str(value))


@pytest.mark.parametrize("payload", VECTORS)
def test_nothing_active_is_left(payload: str) -> None:
    document = prose.render_document(payload, NONE)

    for html in (prose.render(payload), prose.plain(payload), document.opening, *document.parts):
        assert Active(str(html)).found == []


@pytest.mark.parametrize("text", ["[x](javascript:alert(1))", "<javascript:alert(1)>", "![x](y)"])
def test_markdown_itself_brings_nothing_active(text: str) -> None:
    assert Active(str(prose.render(text))).found == []


def test_naughty_strings_are_shown_as_text(client: FlaskClient, make: Make) -> None:
    from blog.models import Comment
    from storefront.db import db, new_secret
    from tests.factories import NOW

    article = make.article("walking")
    kept = [text for text in NAUGHTY if text.strip() and "\0" not in text]
    with db.writing():
        for text in kept:
            db.session.add(
                Comment(
                    article_id=article.id, secret=new_secret(), name=text[:80], email="a@b.c",
                    body=text, state="approved", written_at=NOW,
                )
            )  # fmt: skip

    page = client.get("/blog/walking")

    assert page.status_code == 200
    section = page.text[page.text.index('id="comments"') : page.text.index('id="write"')]
    allowed = {"article", "strong", "time", "h2", "h3"}
    assert [tag for tag in Active(section).found if tag not in allowed] == []


def test_headings_get_stable_anchors_and_nest() -> None:
    document = prose.render_document("## A b\n\n### C\n\n## A b\n\n## Ä", NONE)

    assert [(h.anchor, [b.anchor for b in h.below]) for h in document.contents] == [
        ("a-b", ["c"]),
        ("a-b-2", []),
        ("section", []),
    ]
    assert '<h2 id="a-b">' in str(document.parts[0])


def test_named_block_splits_the_text_and_unknown_ones_stay() -> None:
    text = "One\n\n[rail: latest]\n\nTwo\n\n[rail: other]"

    document = prose.render_document(text, re.compile("rail: latest"))

    assert document.opening == "<p>One</p>\n"
    assert [str(part) for part in document.parts] == [
        "rail: latest",
        "<p>Two</p>\n<p>[rail: other]</p>\n",
    ]
