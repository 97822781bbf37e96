"""`flask doctor`: a line for each thing that an owner can have wrong."""

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text, update

from storefront import doctor, limits
from storefront.catalogue.models import Variant
from storefront.checkout import checkup, purchase, queries
from storefront.checkout.events import note_event
from storefront.checkout.payments import Event, StripePayments
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.exchange import keeping
from storefront.mail import outbox
from storefront.orders.models import PaymentPage
from storefront.pages import checkup as machine
from storefront.staff.queries import has_staff
from tests.factories import Make
from tests.payments import Company
from tests.storefront.staff.people import signed_in

LINE = re.compile(r"^  (ok|warning|wrong) +([^:]+): (.+)$", re.M)
KEY = "k" * 64


@pytest.fixture
def shop(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """A shop with nothing wrong: on the internet, paid, backed up."""
    folder = tmp_path / "backups"
    keeping.place(folder, utcnow()).touch()
    for name, value in {
        "SECRET_KEY": KEY,
        "SHOP_URL": "https://shop.test",
        "SECURE": True,
        "TRUSTED_PROXIES": 1,
        "SHOP_EMAIL": "ann@shop.test",
        "STRIPE_SECRET_KEY": "sk_test_x",
        "BACKUP_FOLDER": str(folder),
    }.items():
        monkeypatch.setitem(app.config, name, value)
    monkeypatch.setattr(app, "instance_path", str(tmp_path))
    tmp_path.chmod(0o700)
    with db.writing():
        event = Event("evt_1", "checkout.session.completed", "cs_1")
        note_event(event, now=utcnow(), applied_at=utcnow())
    return app


def examine(app: Flask) -> tuple[Result, dict[str, tuple[str, str]]]:
    result = app.test_cli_runner().invoke(args=["doctor"])
    return result, {what: (state, said) for state, what, said in LINE.findall(result.output)}


@pytest.fixture
def mail_server() -> Iterator[str]:
    """A mail server that lets Ann in and nobody else, and takes no mail."""

    class Takes(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 here\r\n")
            for line in self.rfile:
                word = line.split()[0].upper()
                known = line.strip().endswith(b"AGFubgB3b3Jk")  # \0ann\0word
                said = {
                    b"EHLO": b"250-here\r\n250 AUTH PLAIN\r\n",
                    b"AUTH": b"235 welcome\r\n" if known else b"535 who are you\r\n",
                    b"NOOP": b"250 ok\r\n",
                    b"QUIT": b"221 bye\r\n",
                }
                self.wfile.write(said.get(word, b"500 not here\r\n"))
                if word == b"QUIT":
                    break

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Takes) as server:
        threading.Thread(target=server.serve_forever, args=(0.005,), daemon=True).start()
        yield f"127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_nothing_is_wrong_with_a_shop_that_is_well(
    shop: Flask, mail_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(shop.config, "SMTP_URL", f"smtp://ann:word@{mail_server}")

    result, found = examine(shop)

    assert result.exit_code == 0, result.output
    assert {what for what, (state, _) in found.items() if state != "ok"} == {"Payment key"}
    assert {"SECRET_KEY", "SHOP_URL", "Database", "Disk", "Stock", "Backup"} <= found.keys()
    assert found["Mail server"] == ("ok", "answers and lets us in")
    assert "a test key" in found["Payment key"][1]


def test_each_thing_that_is_wrong_is_told_with_what_to_do(
    shop: Flask,
    make: Make,
    mail_server: str,
    company: Company,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    long_ago = utcnow() - timedelta(days=3)
    for name, value in {
        "SECRET_KEY": "short",
        "SHOP_URL": "http://shop.test",
        "SECURE": False,
        "SMTP_URL": f"smtp://ann:wrong@{mail_server}",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "BACKUP_FOLDER": str(tmp_path / "old"),
    }.items():
        monkeypatch.setitem(shop.config, name, value)
    monkeypatch.setitem(
        shop.extensions, "payments", StripePayments("sk_test_of_another", base=company.url)
    )
    keeping.place(tmp_path / "old", long_ago).touch()
    make.order()
    with db.writing():
        outbox.queue(cause="a:1", recipient="staff", template="trial", facts={}, now=long_ago)
        db.session.execute(update(Variant).values(on_hand_left=77))

    result, found = examine(shop)

    said = {what: told for what, (state, told) in found.items() if state == "wrong"}
    assert result.exit_code == 1
    assert result.output.endswith(f"{len(said)} things are wrong\n")
    assert "5 characters" in said["SECRET_KEY"]
    assert "https://" in said["SHOP_URL"]
    assert "who are you" in said["Mail server"] and "wrong" not in said["Mail server"]
    assert "Invalid API Key" in said["Payment key"]
    assert "REDIS_URL" in said["Redis"]
    assert "not sent: 1" in said["Jobs"]
    assert "recount" in said["Stock"]
    assert "shop-backup" in said["Backup"]


def test_pages_that_nobody_looked_after_are_told_of(shop: Flask, make: Make) -> None:
    make.delivery()
    cart = make.cart((make.variant(), 1))
    account, now = payments().account, utcnow() + timedelta(days=1)
    purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())

    assert db.session.scalar(queries.overdue_pages(account, now=now)) == 1
    assert db.session.scalar(queries.overdue_pages(account, now=utcnow())) == 0
    assert db.session.scalar(queries.overdue_pages("another", now=now)) == 0
    assert [finding.state for finding in checkup.due()] == ["ok"]
    long_ago = utcnow() - timedelta(minutes=6)
    with db.writing():
        db.session.execute(update(PaymentPage).values(expires_at=long_ago, looked_at=long_ago))
    assert [finding.state for finding in checkup.due()] == ["wrong"]


def test_a_check_that_fails_leaves_the_others(shop: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Iterator[doctor.Finding]:
        raise RuntimeError("a surprise")

    monkeypatch.setattr(doctor, "checks", [("Roof", fail), *doctor.checks])

    result, found = examine(shop)

    assert found["Roof"] == ("wrong", "could not be looked at: RuntimeError: a surprise")
    assert "Database" in found
    assert result.exit_code == 1


def test_an_older_schema_is_told_of(shop: Flask) -> None:
    connection = db.engine.connect()
    (kept,) = connection.execute(text("SELECT version_num FROM alembic_version")).scalars()
    connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    connection.commit()
    try:
        _, found = examine(shop)
    finally:
        connection.execute(text("UPDATE alembic_version SET version_num = :it"), {"it": kept})
        connection.commit()
        connection.close()

    assert found["Database"][0] == "wrong" and "db upgrade" in found["Database"][1]


@pytest.mark.parametrize(
    ("apart", "state"), [(1, "ok"), (-4, "ok"), (20, "warning"), (-90, "wrong"), (61, "wrong")]
)
def test_clocks_that_differ_are_told_of(apart: float, state: str) -> None:
    assert machine._clock(apart).state == state


def test_folders_that_others_can_read_are_told_of(shop: Flask, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)

    _, found = examine(shop)

    assert found["Folders"] == (
        "warning",
        f"others on this machine can read them: run `chmod 700 {tmp_path}`.",
    )


def test_what_a_new_shop_still_lacks_can_be_asked(app: Flask, make: Make, tmp_path: Path) -> None:
    assert keeping.last_made(tmp_path) is None
    assert queries.last_event_at() is None
    assert not queries.was_paid("test")

    assert not has_staff()

    make.order(state="paid")
    signed_in(app, "owner")

    assert has_staff()
    assert queries.was_paid("test") and not queries.was_paid("live")
    assert limits.is_shared() is False
