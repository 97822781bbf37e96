"""A person's data: all of it comes out, all of it goes, and nothing is kept longer than is said."""

import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from blog import comments
from blog.models import Comment
from storefront import jobs, person
from storefront.cart import changing
from storefront.checkout import phone
from storefront.clock import day_words, utcnow
from storefront.db import Base, db
from storefront.exchange import accounts
from storefront.mail import jobs as mail
from storefront.mail import outbox
from storefront.mail.models import TO_STAFF, Letter
from storefront.notices import jobs as notices
from storefront.notices import wishes
from storefront.notices.models import Notice
from storefront.orders.models import Dispatch, Dispute, Order, OrderMark, Refund
from storefront.pages import demo as pages
from storefront.returns.models import Return
from storefront.settings.shop import shop
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import again
from tests.storefront.notices.asking import waiting
from tests.storefront.returns.sent import sent, take_back
from tests.storefront.staff.people import fresh, member

ROOT = Path(__file__).parents[2]
ANN = "Ann.Walker@example.com"
OTHER = "ben@example.com"


def run(app: Flask, *args: str) -> list[str]:
    """Run `flask person` and return what it says, line by line."""
    result = app.test_cli_runner().invoke(args=["person", *args])
    assert result.exit_code == 0, result.output
    fresh()
    return result.stdout.splitlines()


def comment(make: Make, email: str, **facts: Any) -> int:
    """Write a comment and tell staff of it."""
    article_id = make.article().id
    with db.writing():
        written = comments.write(
            article_id, title="T", name=f"Name of {email}", email=email, body=f"Text of {email}",
            parent_id=None, shop_url="http://localhost", now=utcnow(),
        )  # fmt: skip
        for name, value in facts.items():
            setattr(written, name, value)
    return written.id


def lives_here(app: Flask, make: Make, company: Company, email: str) -> Order:
    """Let somebody do all that leaves a trace; their order was sent long enough ago."""
    variant = make.variant(pairs=9)
    order = sent(make, company, (variant, 1), days_ago=40)
    with db.writing():
        one = db.session.get_one(Order, order.id)
        one.email, one.name, one.line1 = email, f"Name of {email}", f"Street of {email}"
        one.city, one.phone = f"City of {email}", f"Phone of {email}"[:40]
        db.session.execute(
            update(Dispatch).where(Dispatch.order_id == one.id).values(tracking=f"Track of {email}")
        )
        one.pages[0].parameters = {**one.pages[0].parameters, "email": email}
        facts = {
            "number": one.number,
            "order_address": "http://localhost/x",
            "address": [one.line1],
        }
        for recipient in (email, TO_STAFF):
            outbox.queue(
                cause=f"order-lookup:{one.number}:{recipient == email}", recipient=recipient,
                template="order_lookup", facts=facts, now=utcnow(),
            )  # fmt: skip
        outbox.queue(
            cause=f"mail-late:{one.number}", recipient=TO_STAFF, template="mail_late",
            facts={"to": email, "error": "x", "staff_address": "http://localhost/x"}, now=utcnow(),
        )  # fmt: skip
        returned = Return(
            number=one.number, order_id=one.id, state="refused", requested_at=utcnow(),
            why=f"Why of {email}", note=f"Note of {email}",
        )  # fmt: skip
        db.session.add(returned)
    waiting(variant, email.lower())
    comment(make, email)
    cart_id = phone.open_cart(by="Cleo", now=utcnow())
    phone.change(cart_id, lambda cart: changing.add(cart, variant.sku, variant.sku, 1))
    phone.change(cart_id, lambda cart: phone.send_to(cart, "US", email))
    mail.send_due()
    return again(order)


@pytest.fixture
def order(app: Flask, make: Make, company: Company) -> Order:
    """The order of Ann, who has left every kind of trace, as another shopper has."""
    make.delivery()
    take_back(days=30)
    lives_here(app, make, company, OTHER)
    return lives_here(app, make, company, ANN)


def traces(app: Flask, of: str) -> set[str]:
    """Return the tables in which a text is found in any column, and "files" where in a mail's."""
    fresh()
    found = {
        table.name
        for table in Base.metadata.sorted_tables
        for row in db.session.execute(select(table))
        if of.lower() in repr(tuple(row)).lower()
    }
    files = Path(app.config["MAIL_FOLDER"]).glob("*.eml")
    return found | {"files" for file in files if of.lower() in file.read_text().lower()}


def test_all_that_is_kept_of_a_person_is_exported_and_nothing_that_opens_a_door(
    app: Flask, order: Order
) -> None:
    member("stock", email=ANN.lower(), password="four words stand here")
    secrets = [
        *db.session.scalars(select(Notice.secret)),
        *db.session.scalars(select(Comment.secret)),
    ]

    told = json.loads("\n".join(run(app, "export", ANN.upper())))

    [bought] = told["orders"]
    assert bought["number"] == order.number and bought["line1"] == f"Street of {ANN}"
    assert bought["lines"] == [{"shoes": order.lines[0].name, "quantity": 1, "each_minor": 8900}]
    assert bought["payment"] == order.payment_intent and bought["payment_pages"]
    assert [one["order"] for one in told["returns"]] == [order.number]
    assert [one["text"] for one in told["comments"]] == [f"Text of {ANN}"]
    assert [one["state"] for one in told["notices"]] == ["waiting"]
    assert len(told["orders_by_phone"]) == 1
    assert {one["about"] for one in told["mails"]} == {"order_lookup", "notice_asked"}
    assert told["account"]["roles"] == ["stock"] and "password" not in told["account"]
    whole = json.dumps(told)
    assert OTHER not in whole
    assert "argon2" not in whole and secrets


def test_all_that_is_kept_of_a_person_is_erased_but_for_the_books(app: Flask, order: Order) -> None:
    books = [(row.number, row.total_minor) for row in month_of(order)]
    before = traces(app, ANN)
    assert before == {
        "orders", "payment_pages", "dispatches", "returns", "letters", "notices", "comments",
        "phone_carts", "files",
    }  # fmt: skip

    tried = run(app, "erase", ANN)
    assert "Dry run: nothing was written. Give --apply to write." in tried
    assert traces(app, ANN) == before

    done = run(app, "erase", ANN.upper(), "--apply")
    assert done[-1] == tried[-1] == f"{sum(int(x.split(': ')[1]) for x in done[:-1])} changes"
    assert "Orders emptied: 1" in done and "Comments deleted: 1" in done
    assert traces(app, ANN) == set()
    assert traces(app, OTHER) == before
    assert [(row.number, row.total_minor) for row in month_of(order)] == books
    kept = again(order)
    assert (kept.country, kept.state, len(kept.lines)) == ("US", "dispatched", 1)
    assert run(app, "erase", ANN, "--apply") == ["0 changes"]


def month_of(order: Order) -> list[accounts.Row]:
    paid = order.paid_at or utcnow()
    return list(accounts.rows(accounts.Month.of(paid, shop().zone), mode="test", zone=shop().zone))


def test_an_order_that_is_not_over_stays_whole_with_its_mails_and_says_why(
    app: Flask, make: Make, company: Company
) -> None:
    make.delivery()
    take_back(days=30)
    variant, now = make.variant(pairs=40), utcnow()
    late = day_words((now.astimezone(shop().zone) + timedelta(days=30)).date())

    def given(**facts: Any) -> Order:
        one = make.order((variant, 1), email=ANN, **facts)
        with db.writing():
            if one.state == "dispatched":
                at = facts["now"]
                db.session.add(Dispatch(order_id=one.id, by="Ben", at=at))
        return one

    old = now - timedelta(days=40)
    orders = {
        "waits for payment": given(state="pending"),
        "is paid, and not sent yet": given(state="paid"),
        f"can be sent back until {late}": given(state="dispatched", now=now),
        "has an open question": given(state="dispatched", now=old),
        "has money on its way back": given(state="dispatched", now=old),
        "is disputed": given(state="dispatched", now=old),
        "has a return that is not settled": given(state="dispatched", now=old),
    }
    over = given(state="lapsed")
    mark, refund, dispute, back = list(orders.values())[3:]
    with db.writing():
        db.session.add_all(
            [
                OrderMark(order_id=mark.id, kind="parked", why="x", at=now),
                Refund(
                    order_id=refund.id, key="k", amount_minor=1, reason="x", status="pending",
                    by="Ben", at=now,
                ),
                Dispute(order_id=dispute.id, dispute_id="d", amount_minor=1, status="open", at=now),
                Return(number=1, order_id=back.id, requested_at=now),
            ]
        )  # fmt: skip
        for one in (*orders.values(), over):
            outbox.queue(
                cause=f"order-lookup:{one.number}", recipient=ANN, template="order_lookup",
                facts={"number": one.number}, now=now,
            )  # fmt: skip
    said = [f"Stays: Order {one.number} {why}." for why, one in orders.items()]

    done = run(app, "erase", ANN, "--apply")

    assert done == ["Orders emptied: 1", *said, "1 changes"]
    assert {again(one).email for one in orders.values()} == {ANN} and again(over).email == ""
    mails = db.session.scalars(select(Letter).order_by(Letter.id)).all()
    assert [letter.recipient for letter in mails] == [ANN] * len(orders) + [""]
    assert run(app, "erase", ANN, "--apply") == [*said, "0 changes"]


def test_nothing_is_half_erased_when_it_fails_at_the_end(
    app: Flask, order: Order, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = traces(app, ANN)

    def fail(_: person.Erasing) -> None:
        raise RuntimeError("the machine stops")

    monkeypatch.setattr(person, "erasers", [*person.erasers, fail])
    failed = app.test_cli_runner().invoke(args=["person", "erase", ANN, "--apply"])

    assert failed.exit_code == 1 and isinstance(failed.exception, RuntimeError)
    assert traces(app, ANN) == before


def test_what_is_no_address_is_refused_and_an_unknown_one_has_nothing(
    app: Flask, order: Order
) -> None:
    for act in ("export", "erase"):
        for nobody in ("", "ann"):
            refused = app.test_cli_runner().invoke(args=["person", act, nobody])
            assert refused.exit_code == 1 and "is not an email address" in refused.output

    assert run(app, "erase", "none@example.com", "--apply") == ["0 changes"]
    nothing = app.test_cli_runner().invoke(args=["person", "export", "none@example.com"])
    assert "Nothing is kept" in nothing.stderr and json.loads(nothing.stdout)["orders"] == []
    member("stock", email="cleo@example.com")
    assert run(app, "erase", "cleo@example.com") == [
        "Stays: The account of a member of staff, and what it says they did.", "0 changes",
    ]  # fmt: skip


TIMES: dict[int, dict[str, set[str]]] = {  # after so many days, who is gone from where
    7: {"pending@example.com": {"notices"}},
    30: {
        "pending@example.com": {"letters"},
        "told@example.com": {"notices", "letters"},
        ANN: {"phone_carts"},
    },
    90: {
        ANN: {"letters", "files"},
        "unpaid@example.com": {"orders"},
        "published@example.com": {"comments"},
        "spam@example.com": {"comments"},
    },
    365: {"waiting@example.com": {"notices"}},
}


def forget(now: datetime) -> None:
    """Forget what may be forgotten at a moment."""
    for term in person.kept():
        if term.forget:
            term.forget(now)
    for act in person.afterwards:
        act()


def test_what_was_kept_long_enough_is_forgotten_and_not_before(
    app: Flask, make: Make, order: Order
) -> None:
    make.order(state="lapsed", email="unpaid@example.com")
    published: dict[str, Any] = {"state": "approved", "name": "Ruth", "body": "Good."}
    comment(make, "published@example.com", **published, decided_at=utcnow())
    comment(make, "spam@example.com", state="spam", decided_at=utcnow())
    gone = make.variant(pairs=0)
    sku, ours = gone.sku, shop()
    with db.writing():
        wishes.ask(sku, "pending@example.com", shop_url="", zone=ours.zone, now=utcnow())
    waiting(gone, "waiting@example.com")
    waiting(make.variant(pairs=1), "told@example.com")
    notices.tell()
    made = utcnow()
    assert person.forget() == 0

    for days, people in TIMES.items():
        end = made + timedelta(days=days)
        forget(end - timedelta(minutes=5))
        for who, tables in people.items():
            assert tables <= traces(app, who), (days, who)

        forget(end)

        for who, tables in people.items():
            assert not tables & traces(app, who), (days, who)

    assert "Ruth" in db.session.scalars(select(Comment.name)).all()
    of_order = {"orders", "payment_pages", "dispatches", "returns"}
    assert traces(app, ANN) == {*of_order, "comments"}
    last = datetime(made.astimezone(ours.zone).year + 11, 1, 1, tzinfo=ours.zone)
    forget(last - timedelta(minutes=5))
    assert "orders" in traces(app, ANN)
    forget(last)
    assert traces(app, ANN) == {"comments"}  # it waits for a decision
    assert again(order).receipt_number is not None


def test_the_page_of_privacy_says_the_very_figures(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.writing():
        pages.load()
    monkeypatch.setitem(app.config, "ORDER_YEARS", 7)

    page = client.get("/pages/privacy").text

    said = dict(re.findall(r'data-label="What">(.*?)</th><td[^>]*>(.*?)</td>', page))
    assert len(said) == len(person.kept()) >= 15
    [years] = [said[what] for what in said if what.startswith("The name, street")]
    assert years == "7 years after the year in which it was paid"
    assert said["The mails that we wrote to you"] == "90 days"
    assert person.job.run is person.forget and person.job in jobs.schedule


def test_no_limit_counts_tries_for_longer_than_is_said() -> None:
    sources = [*(ROOT / "storefront").rglob("*.py"), *(ROOT / "blog").rglob("*.py")]

    times = {
        time for file in sources for time in re.findall(r"\d+ per (\w+)", file.read_text("utf-8"))
    }

    assert times == {"minute", "hour"}
