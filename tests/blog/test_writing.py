"""Articles and people by form: saved, renamed, restored, published, and what is refused."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from blog import writing
from blog.models import Article, FormerSlug, Person, Revision, Topic
from blog.writing import Words
from storefront.clock import day_of, utcnow
from storefront.db import db
from storefront.settings.shop import shop
from tests.factories import Make
from tests.storefront.catalogue.test_desk import photo
from tests.storefront.staff.people import Browser, fresh, signed_in

WALKING: dict[str, Any] = {
    "title": "Walking further",
    "summary": "How to.",
    "body": "## First\r\n\r\nA step.",
    "topics": "Braces, Foot drop,braces",
    "faq-0-question": "Why?",
    "faq-0-answer": "Because.",
    "sources-0-title": "A study",
    "sources-0-authors": "A. Author",
    "sources-0-year": "2020",
    "sources-0-kind": "trial",
    "sources-0-identifier": "doi:1",
    "based_on": "",
}


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "editor")


@pytest.fixture
def author(make: Make) -> Person:
    return make.person()


def article(slug: str) -> Article:
    fresh()
    return db.session.scalars(select(Article).where(Article.slug == slug)).one()


def numbers(slug: str) -> list[int]:
    return [revision.number for revision in article(slug).revisions]


def test_an_article_is_a_draft_until_it_is_published(
    browser: Browser, client: FlaskClient, author: Person
) -> None:
    made = browser.send("/staff/articles/new", **WALKING, author=author.slug)

    assert (made.status_code, made.location) == (303, "/staff/articles/walking-further")
    draft = article("walking-further")
    words = draft.revisions[0]
    assert (draft.published_at, draft.medical, words.number, words.saved_by) == (
        None, False, 1, "Ann",
    )  # fmt: skip
    assert words.body == "## First\n\nA step."
    assert words.faq == [{"question": "Why?", "answer": "Because."}]
    assert words.sources == [
        {"title": "A study", "authors": "A. Author", "year": 2020, "kind": "trial",
         "identifier": "doi:1", "url": ""}
    ]  # fmt: skip
    assert sorted(topic.slug for topic in draft.topics) == ["braces", "foot-drop"]
    assert client.get("/blog/walking-further").status_code == 404
    preview = browser.get("/staff/articles/walking-further/preview").text
    assert "A step." in preview and "Preview." in preview and "<form" not in preview.split("<h1")[1]

    for _ in range(2):
        told = browser.send("/staff/articles/walking-further/publication", state="now")
        assert told.status_code == 303
    public = client.get("/blog/walking-further").text
    assert "A step." in public and "A study" in public and "Why?" in public


def test_a_save_keeps_a_revision_only_where_the_words_are_new(
    browser: Browser, make: Make, app: Flask
) -> None:
    shown = make.article("walking", medical=False)
    form = {"title": "Walking", "body": shown.revisions[0].body, "author": shown.author.slug}

    same = browser.send("/staff/articles/walking", **form, based_on="1", slug="walking")
    assert same.status_code == 303
    assert (numbers("walking"), article("walking").updated_on) == ([1], None)

    form["body"] = "New words."
    new = browser.send("/staff/articles/walking", **form, based_on="1", slug="walking")
    assert new.status_code == 303
    assert numbers("walking") == [1, 2]
    assert article("walking").updated_on == day_of(utcnow(), shop().zone)

    for again in ("New words.", "New words."):
        restored = browser.send("/staff/articles/walking/revisions/1/restoring", based_on="2")
        assert restored.status_code in {303, 409}, again
    assert numbers("walking") == [1, 2, 3]
    assert restored.status_code == 409
    assert article("walking").revisions[2].body == article("walking").revisions[0].body
    list_of = browser.get("/staff/articles/walking/revisions?old=1&new=2").text
    assert "<ins>New words.</ins>" in list_of and "<del>Text.</del>" in list_of
    assert browser.get("/staff/articles/walking/revisions?old=9").status_code == 404
    assert browser.send("/staff/articles/walking/revisions/9/restoring", based_on="3"
                        ).status_code == 404  # fmt: skip


def test_a_cover_is_kept_until_another_is_chosen_or_it_is_taken_away(
    browser: Browser, client: FlaskClient, make: Make
) -> None:
    author = make.article("walking", medical=False).author.slug
    form: dict[str, Any] = {"title": "Walking", "body": "Text.", "author": author}

    def save(based_on: int, **more: Any) -> tuple[int, str]:
        data = {**form, "based_on": str(based_on), **more}
        answer = browser.send("/staff/articles/walking", **data)
        return answer.status_code, answer.text

    no_picture = save(1, cover=(BytesIO(b"GIF89a"), "a.gif"), cover_alt="A foot")
    no_words = save(1, cover=(photo(), "a.jpg"))
    kept = no_words[1].partition('name="cover_kept" type="hidden" value="')[2].partition('"')[0]
    asked_for_rows = save(1, cover=(photo(), "a.jpg"), action="rows")
    saved = save(1, cover_kept=kept, cover_alt="A foot")
    again = save(2, body="More.", cover_alt="A foot")
    page = client.get("/blog/walking").text

    assert no_picture[0] == 422 and "not a picture that the shop takes" in no_picture[1]
    assert no_words[0] == 422 and "for those who do not see it." in no_words[1]
    assert f'value="{kept}"' in asked_for_rows[1] and kept.endswith("-700.jpg")
    assert (saved[0], again[0]) == (303, 303)
    assert [revision.cover_key for revision in article("walking").revisions] == ["", kept, kept]
    assert f'src="/media/{kept}"' in page and 'alt="A foot"' in page
    assert f'src="/media/{kept}"' in client.get("/blog").text
    assert save(3, cover_off="y")[0] == 303
    assert "/media/" not in client.get("/blog/walking").text


def test_a_draft_that_is_changed_is_not_called_updated(browser: Browser, make: Make) -> None:
    draft = make.article("walking", medical=False, published_at=None)

    browser.send(
        "/staff/articles/walking", title="T", body="New.", author=draft.author.slug, based_on="1"
    )

    draft = article("walking")  # an empty address of one that is there stays as it was
    assert (draft.updated_on, draft.revisions[-1].body) == (None, "New.")


def test_what_somebody_else_saved_meanwhile_is_shown_and_nothing_is_lost(
    browser: Browser, make: Make
) -> None:
    shown = make.article("walking", medical=False)
    about = writing.About(slug="walking", author_id=shown.author_id, medical=False)
    theirs = Words("Theirs", "Their words.")
    with db.writing():
        writing.save(
            shown.id, about, theirs, based_on=1, by="Ben", today=utcnow().date(), now=utcnow()
        )
    form = {"title": "Mine", "body": "My words.", "author": shown.author.slug, "slug": "walking"}

    answer = browser.send("/staff/articles/walking", **form, based_on="1")

    assert answer.status_code == 409
    assert "Ben saved revision 2" in answer.text and "Their words." in answer.text
    assert ">\r\nMy words.</textarea>" in answer.text
    assert 'name="based_on" type="hidden" value="2"' in answer.text
    assert article("walking").revisions[-1].title == "Theirs"

    assert browser.send("/staff/articles/walking", **form, based_on="2").status_code == 303
    assert numbers("walking") == [1, 2, 3]


def test_a_former_address_leads_to_the_article_and_is_nobody_elses(
    browser: Browser, client: FlaskClient, make: Make
) -> None:
    shown = make.article("walking", medical=False)
    make.article("running", medical=False)
    form = {"title": "Walking", "body": "Text.", "author": shown.author.slug, "based_on": "1"}

    browser.send("/staff/articles/walking", **{**form, "slug": "strolling", "body": "New."})

    old = client.get("/blog/walking")
    assert (old.status_code, old.location) == (301, "/blog/strolling")
    said = {"name": "Rea", "email": "rea@example.com", "body": "Begun before."}
    assert client.post("/blog/walking/comments", data=said).status_code == 303
    for taken in ("walking", "strolling"):
        new = browser.send("/staff/articles/new", **{**form, "slug": taken, "based_on": ""})
        assert new.status_code == 422 and writing_taken() in new.text
    for taken in ("walking", "strolling"):
        moved = browser.send("/staff/articles/running", **{**form, "slug": taken})
        assert moved.status_code == 422
    assert db.session.scalar(select(func.count(Article.id))) == 2
    assert numbers("running") == [1]

    back = browser.send("/staff/articles/strolling", **{**form, "slug": "walking", "based_on": "2"})
    assert back.status_code == 303
    assert client.get("/blog/strolling").location == "/blog/walking"
    assert db.session.scalars(select(FormerSlug.slug)).all() == ["strolling"]
    assert client.get("/blog/nothing").status_code == 404


def writing_taken() -> str:
    return "is, or was once, the address of another"


def test_a_moment_is_typed_in_the_shops_zone_and_an_article_ends(
    browser: Browser, client: FlaskClient, make: Make
) -> None:
    make.article("walking", medical=False, published_at=None)
    place = "/staff/articles/walking/publication"

    browser.send(place, state="at", at="2030-07-01T09:00", until="2031-01-01T00:00")

    planned = article("walking")
    assert planned.published_at == datetime(2030, 7, 1, 13, tzinfo=UTC)
    assert planned.expires_at == datetime(2031, 1, 1, 5, tzinfo=UTC)
    assert client.get("/blog/walking").status_code == 404
    assert 'value="2030-07-01T09:00"' in browser.get("/staff/articles/walking").text
    for wrong in (
        {"state": "at"}, {"state": ""}, {"state": "at", "at": "soon"},
        {"state": "at", "at": "0001-01-01T00:00"}, {"state": "now", "until": "soon"},
        {"state": "at", "at": "2030-07-01T09:00", "until": "soon"},
        {"state": "at", "at": "2030-07-01T09:00", "until": "2030-07-01T09:00"},
    ):  # fmt: skip
        assert browser.send(place, **wrong).status_code == 422, wrong
    assert article("walking").published_at == planned.published_at

    browser.send(place, state="now")
    since = article("walking").published_at
    assert client.get("/blog/walking").status_code == 200
    browser.send(place, state="now", until="2020-01-01T00:00")
    assert article("walking").published_at == since
    assert client.get("/blog/walking").status_code == 404
    assert "walking" not in client.get("/blog").text
    browser.send(place, state="draft")
    assert article("walking").published_at is None


WRONG: list[tuple[dict[str, str], str]] = [
    ({"title": ""}, "Please write a title"),
    ({"body": "  "}, "Please write the text"),
    ({"title": "x" * 10_000}, "at most 255"),
    ({"title": "你好"}, "Please give an address"),
    ({"title": "All"}, "Please give an address"),
    ({"slug": "topics"}, "an address of the shop itself"),
    ({"slug": "A b"}, "small letters a to z"),
    ({"author": "nobody"}, "choose one of the people"),
    ({"medical": "y"}, "must say when to get help now"),
    ({"topics": "a,b,c,d,e,f,g,h,i,j,k"}, "at most 10 topics"),
    ({"topics": "Ω"}, "letters a to z among them"),
    ({"faq-0-answer": ""}, "an answer its question"),
    ({"sources-0-authors": ""}, "A source needs a title"),
    ({"sources-0-year": "9" * 400}, "Please give a year"),
    ({"sources-0-identifier": ""}, "such as a DOI"),
    ({"sources-0-url": "javascript:alert(1)"}, "begins with https://"),
    ({f"faq-{n}-question": "q" for n in range(40)}, "at most 16 of these"),
]


def test_a_wrong_article_is_refused_with_what_was_typed(browser: Browser, author: Person) -> None:
    for wrong, said in WRONG:
        answer = browser.send("/staff/articles/new", **{**WALKING, "author": author.slug, **wrong})

        assert answer.status_code == 422, wrong
        assert said in answer.text and "Please look at this again" in answer.text, wrong
        assert "Foot drop" in answer.text or "topics" in wrong
    assert db.session.scalars(select(Revision.id)).all() == []


def test_more_rows_are_given_without_saving(browser: Browser) -> None:
    full = {f"faq-{n}-{part}": "x" for n in range(3) for part in ("question", "answer")}

    answer = browser.send("/staff/articles/new", **{**WALKING, **full, "title": ""}, action="rows")

    assert answer.status_code == 200
    assert 'name="faq-5-question"' in answer.text and 'name="faq-6-question"' not in answer.text
    assert db.session.scalars(select(Revision.id)).all() == []


def test_the_list_has_drafts_first_and_finds_words_of_titles(browser: Browser, make: Make) -> None:
    make.article("walking", medical=False)
    make.article("older", medical=False, published_at=utcnow() - timedelta(days=900))
    make.article("zebra-draft", medical=False, published_at=None)

    page = browser.get("/staff/articles").text
    places = [page.index(title) for title in (">Zebra Draft<", ">Walking<", ">Older<")]
    assert places == sorted(places)

    found = browser.get("/staff/articles?q=draft+zebra").text
    assert "Zebra Draft" in found and "Walking" not in found
    assert browser.get("/staff/articles?q=%25").text.count("lines__go") == 0


def test_a_person_is_added_once_and_changed(browser: Browser, client: FlaskClient) -> None:
    form = {"name": "Zoë O’Hara", "role": "Writer", "interests": "Paid by this shop."}

    assert browser.send("/staff/people/new", **form).status_code == 303
    page = client.get("/blog/people/zoe-ohara").text
    assert "Zoë O’Hara" in page and "Paid by this shop." in page

    twice = browser.send("/staff/people/new", **form)
    assert twice.status_code == 422 and writing_taken() in twice.text
    for wrong in ({"name": ""}, {"name": "x" * 256}, {"name": "你好"}, {"bio": "x" * 20_001}):
        assert browser.send("/staff/people/new", **{**form, **wrong}).status_code == 422

    form["role"] = "Fitter"
    assert browser.send("/staff/people/zoe-ohara", **form, slug="new").status_code == 303
    assert "Fitter" in client.get("/blog/people/zoe-ohara").text
    assert browser.send("/staff/people/nobody", **form).status_code == 404
    assert db.session.scalar(select(func.count(Person.id))) == 1


def test_a_missing_article_is_not_found(browser: Browser) -> None:
    for address in ("", "/preview", "/revisions"):
        assert browser.get(f"/staff/articles/nothing{address}").status_code == 404
    for address in ("", "/publication", "/revisions/1/restoring"):
        assert browser.send(f"/staff/articles/nothing{address}", title="x").status_code == 404
    assert db.session.scalars(select(Topic.id)).all() == []
