"""A comment: written, seen by its writer alone, changed, deleted."""

import json
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from blog.models import Comment
from storefront.db import Database, db
from tests.conftest import browser
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile

FORM = {"name": "Ann", "email": "ann@example.com", "body": "Thank you.\n\nIt helped."}


def write(client: FlaskClient, **more: str) -> str:
    """Write a comment under /blog/walking; return the writer's private address."""
    answer = client.post("/blog/walking/comments", data={**FORM, **more})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


def comments() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count(Comment.id))) or 0


def test_writer_sees_their_waiting_comment(client: FlaskClient, make: Make) -> None:
    make.article("walking")

    address = write(client)
    page = client.get(address)

    assert re.fullmatch(r"/blog/comments/[\w-]{22}", address)
    assert "waits for approval" in page.text and "It helped." in page.text
    assert page.headers["X-Robots-Tag"] == "noindex"
    assert "Thank you." not in client.get("/blog/walking").text


def test_writer_may_change_it_while_it_waits(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    address = write(client)

    answer = client.post(address, data={"body": "Better.", "action": "change"})

    assert answer.status_code == 303
    assert "Better." in client.get(address).text


def test_writer_cannot_change_it_once_decided(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    address = write(client)
    with db.writing():
        db.session.execute(update(Comment).values(state="approved"))

    answer = client.post(address, data={"body": "Buy here", "action": "change"})

    assert answer.status_code == 409
    assert "Buy here" not in client.get("/blog/walking").text


def test_writer_may_delete_it_for_good(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    address = write(client)

    answer = client.post(address, data={"action": "delete"})

    assert answer.status_code == 303
    assert "is deleted" in client.get(answer.headers["Location"]).text
    assert comments() == 0
    assert client.get(address).status_code == 404


def test_deleting_it_twice_at_once_is_said_twice(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.article("walking")
    address = write(client)
    twin = browser(app)
    answers = []
    other = Meanwhile(app, monkeypatch)
    other.before(
        Database, "writing", lambda: answers.append(twin.post(address, data={"action": "delete"}))
    )

    answers.append(client.post(address, data={"action": "delete"}))

    other.over()
    assert ([answer.status_code for answer in answers], other.errors) == ([303, 303], [])
    assert comments() == 0


def test_reply_saved_while_its_comment_is_deleted_stays(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.article("walking")
    address = write(client)
    with db.writing():
        db.session.execute(update(Comment).values(state="approved"))
    first = db.session.scalars(select(Comment.id)).one()
    twin = browser(app)
    answers = []
    other = Meanwhile(app, monkeypatch)
    other.before_commit(lambda: answers.append(twin.post(address, data={"action": "delete"})))

    write(client, parent=str(first), name="Ben")

    other.over()
    assert ([answer.status_code for answer in answers], other.errors) == ([303], [])
    db.session.rollback()
    assert db.session.execute(select(Comment.name, Comment.parent_id)).all() == [("Ben", None)]


@pytest.mark.parametrize("state", ["removed", "spam"])
def test_writer_of_a_removed_comment_is_told_what_is_so(
    client: FlaskClient, make: Make, state: str
) -> None:
    make.article("walking")
    address = write(client)
    with db.writing():
        db.session.execute(update(Comment).values(state=state))

    page = client.get(address).text

    assert "not shown under the article" in page
    assert "was not published" not in page


def test_blank_change_is_refused(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    address = write(client)

    for blank in ({"body": " \r\n "}, {"body": ""}, {}):
        answer = client.post(address, data={"action": "change", **blank})
        assert answer.status_code == 422
        assert "delete it instead" in answer.text
    assert "It helped." in client.get(address).text


def test_reply_stands_under_what_it_answers(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    write(client)
    with db.writing():
        db.session.execute(update(Comment).values(state="approved"))
    first = db.session.scalars(select(Comment.id)).one()
    assert "Reply to Ann" in client.get(f"/blog/walking?reply={first}").text

    write(client, parent=str(first), name="Ben")

    parents = db.session.scalars(select(Comment.parent_id).order_by(Comment.id)).all()
    assert list(parents) == [None, first]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", "", "write a name"),
        ("name", "   ", "write a name"),
        ("name", "x" * 81, "at most 80"),
        ("email", "", "email address"),
        ("email", "nonsense", "does not look like"),
        ("email", "x" * 300 + "@example.com", "too long"),
        ("body", "", "write your comment"),
        ("body", " \r\n ", "write your comment"),
        ("body", "x" * 4001, "at most 4,000"),
        ("parent", "0", "not here any more"),
        ("parent", "999999999999999999", "not here any more"),
    ],
)
def test_bad_input_gets_a_sentence_and_loses_nothing(
    client: FlaskClient, make: Make, field: str, value: str, sentence: str
) -> None:
    make.article("walking")

    answer = client.post("/blog/walking/comments", data={**FORM, field: value})

    assert answer.status_code == 422
    assert sentence in answer.text
    if field != "body":
        assert "It helped." in answer.text
    assert comments() == 0


@pytest.mark.parametrize("parent", ["-1", "abc", "1" * 30])
def test_forged_reply_is_refused(client: FlaskClient, make: Make, parent: str) -> None:
    make.article("walking")

    answer = client.post("/blog/walking/comments", data={**FORM, "parent": parent})

    assert answer.status_code == 422
    assert comments() == 0


def test_program_that_fills_the_hidden_field_leaves_nothing(
    client: FlaskClient, make: Make
) -> None:
    make.article("walking")

    answer = client.post("/blog/walking/comments", data={**FORM, "website": "http://x"})

    assert answer.status_code == 303
    assert comments() == 0


def test_comment_under_no_article_is_not_found(client: FlaskClient) -> None:
    assert client.post("/blog/none/comments", data=FORM).status_code == 404


def test_markup_in_a_comment_is_text(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    write(client, name="<b>Ann</b>", body="<script>alert(1)</script> [x](javascript:alert(1))")
    with db.writing():
        db.session.execute(update(Comment).values(state="approved"))

    page = client.get("/blog/walking").text

    assert "<script>alert" not in page and "<b>Ann" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert json.dumps("javascript:") not in page
