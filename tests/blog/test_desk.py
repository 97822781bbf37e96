"""Comments at the desk, and their approval."""

import re
from collections.abc import Iterator

import pytest
from flask import Flask

from blog import comments
from blog.models import Article, Comment
from storefront.clock import utcnow
from storefront.db import Database, db
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.storefront.staff.people import Browser, fresh, signed_in, with_limits


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "editor")


@pytest.fixture
def article(make: Make) -> Article:
    return make.article("walking")


@pytest.fixture
def comment(article: Article) -> Comment:
    return write(article)


def write(article: Article, *, name: str = "Rea <b>", body: str = "A question.") -> Comment:
    article_id = article.id
    with db.writing():
        return comments.write(
            article_id,
            name=name,
            email="rea@example.com",
            body=body,
            parent_id=None,
            title="T",
            shop_url="",
            now=utcnow(),
        )


def state(comment: Comment) -> str:
    fresh()
    return comment.state


def test_the_desk_shows_what_waits_with_all_that_is_needed_to_decide(
    browser: Browser, comment: Comment
) -> None:
    page = browser.get("/staff/comments").text

    for words in ("walking", "Rea &lt;b&gt;", "rea@example.com", "A question."):
        assert words in page
    assert "A question." not in browser.get("/staff/comments?state=approved").text
    assert browser.get("/staff/comments?state=lost").status_code == 404


@pytest.mark.parametrize("decision", ["approved", "spam", "removed"])
def test_a_decision_is_kept_and_shown(browser: Browser, comment: Comment, decision: str) -> None:
    answer = browser.send(f"/staff/comments/{comment.id}/approval", decision=decision)

    assert (answer.status_code, answer.location) == (303, "/staff/comments")
    assert state(comment) == decision
    assert comment.decided_by == "Ann"
    assert comment.decided_at is not None
    assert "The comment by Rea &lt;b&gt; is" in browser.get("/staff/comments").text
    assert "A question." in browser.get(f"/staff/comments?state={decision}").text
    public = browser.get("/blog/walking").text
    assert ("A question." in public) == (decision == "approved")


def test_a_decision_made_twice_changes_nothing_more(
    app: Flask, browser: Browser, comment: Comment
) -> None:
    browser.send(f"/staff/comments/{comment.id}/approval", decision="approved")
    state(comment)
    first = comment.decided_at

    twice = browser.send(
        f"/staff/comments/{comment.id}/approval?state=approved", decision="approved"
    )

    assert (twice.status_code, twice.location) == (303, "/staff/comments?state=approved")
    assert "was already published" in browser.get(twice.location).text
    assert state(comment) == "approved"
    assert comment.decided_at == first


@pytest.mark.parametrize("decision", ["", "pending", "Approved", "x" * 5000])
def test_a_decision_that_is_none_is_refused(
    browser: Browser, comment: Comment, decision: str
) -> None:
    answer = browser.send(f"/staff/comments/{comment.id}/approval", decision=decision)

    assert answer.status_code == 422
    assert state(comment) == "pending"


def test_a_missing_comment_and_a_wrong_method_are_said(browser: Browser, comment: Comment) -> None:
    for missing in ("0", "999999", "9" * 40):
        answer = browser.send(f"/staff/comments/{missing}/approval", decision="spam")
        assert answer.status_code == 404
    assert browser.get(f"/staff/comments/{comment.id}/approval").status_code == 405


def test_the_desk_is_paged_oldest_first(browser: Browser, article: Article) -> None:
    for number in range(51):
        write(article, name=f"Reader {number}.")

    first, second = browser.get("/staff/comments").text, browser.get("/staff/comments?page=2").text

    assert "Reader 0." in first and "Reader 50." not in first
    assert "/staff/comments?page=2" in first
    assert "Reader 50." in second


@pytest.fixture
def limited(app: Flask) -> Iterator[Flask]:
    """The same shop with its limits switched on."""
    with with_limits(app) as shop:
        yield shop


def test_an_eleventh_comment_in_an_hour_is_refused(limited: Flask, article: Article) -> None:
    reader, neighbor = Browser(limited), Browser(limited)
    neighbor.environ_base["REMOTE_ADDR"] = "203.0.113.9"
    said = {"name": "Rea", "email": "rea@example.com", "body": "Thanks."}

    answers = [reader.post("/blog/walking/comments", data=said) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [303] * 10 + [429]
    assert "Please wait an hour" in answers[-1].text
    assert neighbor.post("/blog/walking/comments", data=said).status_code == 303


def seen(page: str) -> str:
    found = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("decision", ["approved", "spam", "removed"])
def test_a_text_that_staff_have_not_read_is_not_decided(
    browser: Browser, comment: Comment, decision: str
) -> None:
    read = seen(browser.get("/staff/comments").text)
    with db.writing():
        comments.rewrite(comment.id, "Buy <here>.")

    answer = browser.send(f"/staff/comments/{comment.id}/approval", decision=decision, seen=read)

    assert answer.status_code == 409
    assert "Buy &lt;here&gt;." in answer.text and "nothing was decided" in answer.text
    assert state(comment) == "pending"


def test_a_text_that_staff_have_read_is_decided(browser: Browser, comment: Comment) -> None:
    with db.writing():
        comments.rewrite(comment.id, "Better.\r\n\r\nMuch “better”.")
    read = seen(browser.get("/staff/comments").text)

    answer = browser.send(f"/staff/comments/{comment.id}/approval", decision="approved", seen=read)

    assert answer.status_code == 303
    assert state(comment) == "approved"


def test_a_comment_deleted_while_staff_decide_is_not_found(
    app: Flask, browser: Browser, comment: Comment, monkeypatch: pytest.MonkeyPatch
) -> None:
    comment_id = comment.id

    def erase() -> None:
        with db.writing():
            comments.erase(comment_id)

    other = Meanwhile(app, monkeypatch)
    other.before(Database, "writing", erase)

    answer = browser.send(f"/staff/comments/{comment_id}/approval", decision="approved")

    other.over()
    assert (answer.status_code, other.errors) == (404, [])
