"""Mails as staff see them: what was written to whom, sent again, and a trial."""

import smtplib
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from storefront.clock import utcnow
from storefront.db import db
from storefront.mail import jobs, outbox
from storefront.mail.models import TO_STAFF, Letter
from tests.factories import Make
from tests.storefront.staff.people import signed_in

ANN = "ann@example.com"


def queue(cause: str = "order-refunded:1", template: str = "order_refunded") -> Letter:
    facts = {"number": 1001, "amount": "$89.00", "order_address": "http://localhost/orders/x"}
    with db.writing():
        outbox.queue(cause=cause, recipient=ANN, template=template, facts=facts, now=utcnow())
    return db.session.scalars(select(Letter).where(Letter.cause == cause)).one()


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def deliver(message: object) -> None:
        raise smtplib.SMTPRecipientsRefused({ANN: (550, b"no such mailbox")})

    monkeypatch.setattr(jobs, "deliver", deliver)


def test_list_says_what_went_to_whom_and_what_did_not(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue()
    jobs.send_due()
    refuse(monkeypatch)
    queue("order-refunded:2")
    jobs.send_due()
    client = signed_in(app, "stock")

    page = client.get("/staff/mails").text
    only_waiting = client.get("/staff/mails?waiting=1").text

    assert page.count(ANN) == 2 and "Sent" in page
    assert "the mail server takes no mail for this address (550 no such mailbox)" in page
    assert "Order refunded, order 1001" in page
    assert "No mail server is set up" in page
    assert only_waiting.count("Order refunded") == 1


def test_mail_is_shown_as_it_is_sent(app: Flask) -> None:
    letter = queue()

    page = signed_in(app, "stock").get(f"/staff/mails/{letter.id}").text

    assert "$89.00 of your order 1001 comes back to you" in page
    assert "It goes to the card or account that" in page
    assert "Waiting to be sent" in page


def test_mail_is_sent_again_as_another_mail(app: Flask) -> None:
    letter = queue()
    jobs.send_due()
    first = jobs.compose(letter)["Message-ID"]
    client = signed_in(app, "stock")

    answer = client.send(f"/staff/mails/{letter.id}/resending")

    assert answer.status_code == 303
    assert jobs.send_due() == 1
    db.session.rollback()
    again = db.session.get_one(Letter, letter.id, populate_existing=True)
    assert again.sent_at is not None
    assert jobs.compose(again)["Message-ID"] != first
    assert "Sent again" in client.get(f"/staff/mails/{letter.id}").text


def test_mail_that_waits_is_sent_now_as_the_same_mail(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    letter = queue()
    with monkeypatch.context() as broken:
        refuse(broken)
        jobs.send_due()
    assert jobs.send_due() == 0

    signed_in(app, "stock").send(f"/staff/mails/{letter.id}/resending")

    assert jobs.send_due() == 1
    db.session.rollback()
    assert db.session.get_one(Letter, letter.id, populate_existing=True).resent == 0


def test_mail_that_is_on_its_way_is_left_alone(app: Flask) -> None:
    letter = queue()
    with db.writing():
        assert outbox.claim(now=utcnow()) is not None

    answer = signed_in(app, "stock").send(f"/staff/mails/{letter.id}/resending")

    assert answer.status_code == 409
    assert "being sent just now" in answer.text


def test_trial_mail_goes_to_the_shop_itself(app: Flask) -> None:
    client = signed_in(app, "stock")

    answer = client.send("/staff/mails/trial")

    assert answer.status_code == 303
    letter = db.session.scalars(select(Letter)).one()
    assert (letter.template, letter.recipient) == ("trial", TO_STAFF)
    assert "Trial mail of" in str(jobs.compose(letter)["Subject"])


def test_nobody_reads_the_password_link_of_another(app: Flask) -> None:
    letter = queue("staff-password:1", template="staff_password_link")
    client = signed_in(app, "stock")

    assert "Staff password" not in client.get("/staff/mails").text
    assert client.get(f"/staff/mails/{letter.id}").status_code == 404
    assert client.send(f"/staff/mails/{letter.id}/resending").status_code == 404


@pytest.mark.parametrize("address", ["/staff/mails/999", "/staff/mails/x", "/staff/mails?page=0"])
def test_mail_that_is_not_there_is_not_found(app: Flask, address: str) -> None:
    assert signed_in(app, "stock").get(address).status_code == 404


def test_mail_that_could_not_be_sent_for_an_hour_is_told_once(
    app: Flask, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse(monkeypatch)
    letter = queue()
    jobs.send_due()
    assert jobs.warn() == 0
    with db.writing():
        an_hour_ago = utcnow() - timedelta(minutes=61)
        db.session.execute(update(Letter).values(created_at=an_hour_ago))

    assert (jobs.warn(), jobs.warn()) == (1, 0)

    late = db.session.scalars(select(Letter).where(Letter.template == "mail_late")).one()
    assert late.recipient == TO_STAFF
    assert late.facts["to"] == ANN and "no such mailbox" in late.facts["error"]
    assert f"/staff/mails/{letter.id}" in late.facts["staff_address"]
    today = signed_in(app, "stock").get("/staff").text
    assert "mails not sent for an hour" in today


def test_a_forgotten_mail_is_listed_without_its_words_and_never_sent(app: Flask) -> None:
    letter_id = queue().id
    with db.writing():
        assert outbox.forget(Letter.recipient == ANN) == 1
        assert outbox.forget(Letter.recipient == ANN) == 0
    client = signed_in(app, "stock")

    listed, shown = client.get("/staff/mails"), client.get(f"/staff/mails/{letter_id}")
    again = client.send(f"/staff/mails/{letter_id}/resending")

    assert "Forgotten" in listed.text and ANN not in listed.text + shown.text
    assert "is not kept any more" in shown.text and "$89.00" not in shown.text
    assert again.status_code == 409 and "not kept any more" in again.text
    assert jobs.send_due() == 0
    later = utcnow() + timedelta(hours=2)
    assert db.session.scalar(outbox.overdue(now=later)) == 0
    assert db.session.scalars(outbox.late(now=later)).all() == []
    with db.writing():
        once = outbox.queue(
            cause="order-refunded:1", recipient=ANN, template="x", facts={}, now=later
        )
    assert not once  # its cause has no second mail
