"""Mail: at most one per cause, sent again after a failure under the same Message-ID."""

import smtplib
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.clock import utcnow
from storefront.db import db
from storefront.mail import jobs, outbox
from storefront.mail.models import TO_STAFF, Letter
from storefront.settings.shop import shop

FACTS = {
    "number": 1001,
    "when": "today",
    "rows": ["1 × Shoe: $8", "Delivery: Standard: $1"],
    "total": "$9",
    "staff_address": "http://localhost/staff/orders/1001",
}


def queue(cause: str = "order-new:1001", recipient: str = TO_STAFF) -> bool:
    with db.writing():
        return outbox.queue(
            cause=cause, recipient=recipient, template="order_new", facts=FACTS, now=utcnow()
        )


def files(app: Flask) -> list[Path]:
    return sorted(Path(app.config["MAIL_FOLDER"]).glob("*.eml"))


def test_letter_is_readable_under_the_mail_folder(app: Flask) -> None:
    queue()

    assert jobs.send_due() == 1

    mail = message_from_bytes(files(app)[0].read_bytes())
    assert mail["To"] == shop().email
    assert mail["Subject"] == "New order 1001: $9"
    assert mail["Message-ID"] == "<order-new.1001@localhost>"
    body = mail.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "1 × Shoe" in body and shop().name in body and shop().email in body


def test_one_letter_per_cause(app: Flask) -> None:
    assert queue() is True
    assert queue() is False

    assert jobs.send_due() == 1 and jobs.send_due() == 0


def test_failure_waits_and_is_tried_again(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    queue()
    with monkeypatch.context() as broken:

        def refuse(message: object) -> None:
            raise smtplib.SMTPServerDisconnected("gone")

        broken.setattr(jobs, "deliver", refuse)
        assert jobs.send_due() == 0
    letter = db.session.scalars(select(Letter)).one()
    assert "gone" in letter.error and letter.sent_at is None and letter.due_at > utcnow()

    with db.writing():
        db.session.execute(update(Letter).values(due_at=utcnow()))
    assert jobs.send_due() == 1
    assert len(files(app)) == 1


def test_one_bad_letter_does_not_keep_the_others_back(app: Flask) -> None:
    with db.writing():
        outbox.queue(
            cause="bad:1", recipient="a@example.com", template="none", facts={}, now=utcnow()
        )
    queue()

    assert jobs.send_due() == 1


def test_letter_of_a_process_that_died_is_sent_by_the_next(app: Flask) -> None:
    queue()
    with db.writing():
        assert outbox.claim(now=utcnow()) is not None
    assert jobs.send_due() == 0

    with db.writing():
        later = utcnow() + timedelta(minutes=6)
        taken = outbox.claim(now=later)

    assert taken is not None and taken.attempts == 2
