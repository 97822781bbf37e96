"""Staff are told before a review ends, and when a comment waits."""

from datetime import date, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from blog import jobs
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.models import TO_STAFF, Letter
from tests.factories import TODAY, Make

ENDS = TODAY.replace(year=TODAY.year + 1)


def warn(today: date) -> int:
    return jobs.queue_warnings(today=today, shop_url="http://localhost", now=utcnow())


def causes(template: str) -> list[str]:
    db.session.rollback()
    letters = db.session.scalars(
        select(Letter).where(Letter.template == template).order_by(Letter.id)
    )
    return [letter.cause.rpartition(":")[2] for letter in letters]


def test_staff_are_told_60_30_and_7_days_before_a_review_ends(app: Flask, make: Make) -> None:
    make.article("walking")

    told = [warn(ENDS - timedelta(days=days)) for days in (90, 61, 60, 59, 30, 8, 7, 1, 0)]

    assert told == [0, 0, 1, 0, 1, 0, 1, 0, 0]
    assert causes("review_due") == ["60", "30", "7"]
    letter = db.session.scalars(select(Letter)).first()
    assert letter is not None and letter.recipient == TO_STAFF
    assert letter.facts["title"] == "Walking" and letter.facts["address"].endswith("/blog/walking")


def test_days_that_were_missed_bring_one_mail(app: Flask, make: Make) -> None:
    make.article("walking")

    assert warn(ENDS - timedelta(days=3)) == 1
    assert causes("review_due") == ["7"]


@pytest.mark.parametrize("more", [{"reviewed": False}, {"published_at": None}])
def test_articles_without_a_review_or_readers_bring_none(
    app: Flask, make: Make, more: dict[str, object]
) -> None:
    make.article("walking", **more)  # type: ignore[arg-type]

    assert warn(ENDS - timedelta(days=7)) == 0


def test_review_that_has_ended_is_not_announced(app: Flask, make: Make) -> None:
    make.article("walking")

    assert warn(ENDS + timedelta(days=1)) == 0


def test_staff_are_told_that_a_comment_waits(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    form = {"name": "Ann", "email": "ann@example.com", "body": "Thank you."}

    client.post("/blog/walking/comments", data=form)

    letter = db.session.scalars(select(Letter)).one()
    assert (letter.template, letter.recipient) == ("comment_waiting", TO_STAFF)
    assert letter.facts == {
        "title": "Walking",
        "name": "Ann",
        "staff_address": "http://localhost/staff/comments",
    }


def test_comment_of_a_program_tells_nobody(client: FlaskClient, make: Make) -> None:
    make.article("walking")
    form = {"name": "A", "email": "a@example.com", "body": "Buy", "website": "http://example.com"}

    client.post("/blog/walking/comments", data=form)

    assert db.session.scalars(select(Letter)).all() == []
