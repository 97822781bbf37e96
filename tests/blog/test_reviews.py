"""Reviews: signed at the desk for twelve months, for the words that were read and no others."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog import writing
from blog.models import Article, Person, Review
from storefront.catalogue.views import today
from storefront.clock import utcnow
from storefront.db import db
from tests.factories import Make
from tests.storefront.staff.people import Browser, fresh, signed_in

REVIEW = "/staff/articles/walking/review"


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "reviewer")


@pytest.fixture
def ruth(make: Make) -> Person:
    return make.person("Ruth Reviewer", credentials="Orthotist")


@pytest.fixture
def article(make: Make) -> Article:
    make.product("harbor")
    return make.article("walking", reviewed=False)


def reviews() -> list[Review]:
    fresh()
    return list(db.session.scalars(select(Review).order_by(Review.id)))


def test_nobody_signs_what_they_wrote_themselves(browser: Browser, article: Article) -> None:
    form = {"reviewer": article.author.slug, "scope": "fit", "signed_on": today().isoformat()}

    answer = browser.send(REVIEW, **form, based_on="1")

    assert answer.status_code == 422 and "choose one of the people" in answer.text
    assert article.author.name not in browser.get(REVIEW).text.split("<select")[1]
    assert reviews() == []


def test_a_signed_review_holds_for_twelve_months_and_lets_the_rail_be_shown(
    browser: Browser, client: FlaskClient, article: Article, ruth: Person
) -> None:
    assert "harbor" not in client.get("/blog/walking").text
    assert "Never reviewed" in browser.get("/staff/reviews").text
    assert "medical articles" in browser.get("/staff").text
    form = {"reviewer": ruth.slug, "scope": "fit", "signed_on": today().isoformat()}

    signed = browser.send(REVIEW, **form, based_on="1")

    assert (signed.status_code, signed.location) == (303, "/staff/reviews")
    (review,) = reviews()
    assert (review.signed_on, review.signed_by) == (today(), "Ann")
    assert review.valid_until == writing.valid_until(today())
    public = client.get("/blog/walking").text
    assert "harbor" in public and "Ruth Reviewer" in public
    assert "medical articles" not in browser.get("/staff").text

    twice = browser.send(REVIEW, **form, based_on="1")
    assert twice.status_code == 422 and "has signed these words" in twice.text
    form["signed_on"] = (today() - timedelta(days=1)).isoformat()
    assert browser.send(REVIEW, **form, based_on="1").status_code == 303
    assert len(reviews()) == 2


def test_words_that_were_not_read_are_not_signed(
    browser: Browser, article: Article, ruth: Person
) -> None:
    about = writing.About(slug="walking", author_id=article.author_id, medical=True)
    words = writing.Words("New", "New words.")
    with db.writing():
        writing.save(article.id, about, words, based_on=1, by="Ben", today=today(), now=utcnow())
    form = {"reviewer": ruth.slug, "scope": "fit", "signed_on": today().isoformat()}

    answer = browser.send(REVIEW, **form, based_on="1")

    assert answer.status_code == 409
    assert "nothing was signed" in answer.text and "saved by Ben" in answer.text
    assert 'name="based_on" type="hidden" value="2"' in answer.text
    assert reviews() == []


def test_a_reviewer_sees_what_changed_since_the_last_review(browser: Browser, make: Make) -> None:
    shown = make.article("walking")
    about = writing.About(slug="walking", author_id=shown.author_id, medical=True)
    words = writing.Words("Walking", "--- New words.")
    with db.writing():
        writing.save(shown.id, about, words, based_on=1, by="Ben", today=today(), now=utcnow())

    page = browser.get(REVIEW).text

    assert "<ins>--- New words.</ins>" in page and "<del>Text.</del>" in page
    assert "the text has changed since" in browser.get("/staff/reviews").text


def test_a_wrong_review_is_refused(browser: Browser, article: Article, ruth: Person) -> None:
    good = {"reviewer": ruth.slug, "scope": "fit", "signed_on": today().isoformat()}
    for wrong in (
        {"reviewer": "nobody"},
        {"scope": ""},
        {"scope": "x" * 10_000},
        {"signed_on": ""},
        {"signed_on": "2026-02-31"},
        {"signed_on": (today() + timedelta(days=1)).isoformat()},
        {"signed_on": (today() - timedelta(days=370)).isoformat()},
        {"based_on": ""},
        {"based_on": "9" * 400},
    ):
        answer = browser.send(REVIEW, **{**good, "based_on": "1", **wrong})
        assert answer.status_code == 422, wrong
    assert browser.send("/staff/articles/nothing/review", **good).status_code == 404
    assert reviews() == []


def test_editors_do_not_sign_and_reviewers_do_not_write(app: Flask, article: Article) -> None:
    assert signed_in(app, "editor").get(REVIEW).status_code == 403
    assert signed_in(app, "reviewer").get("/staff/articles/walking").status_code == 403
    assert signed_in(app, "reviewer").get("/staff/articles/walking/preview").status_code == 200


@pytest.mark.parametrize(
    ("signed_on", "until"),
    [(date(2026, 11, 1), date(2027, 11, 1)), (date(2028, 2, 29), date(2029, 2, 28))],
)
def test_a_review_holds_for_twelve_months(signed_on: date, until: date) -> None:
    assert writing.valid_until(signed_on) == until
