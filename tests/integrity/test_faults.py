"""What the shop needs fails: pages stay readable, the cart is kept, and all goes on afterwards."""

import resource
import socketserver
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
import requests
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, text, update
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from storefront.catalogue.models import Variant
from storefront.checkout import payments as company_module
from storefront.checkout import refunds
from storefront.checkout.payments import StripePayments, Unclear
from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db, sqlite_module
from storefront.mail import jobs as mail
from storefront.mail.models import Letter
from tests.conftest import POSTGRES, WEBHOOK_SECRET, browser, free_port, missing, settings
from tests.factories import Make
from tests.integrity.line import Line
from tests.integrity.processes import wait_until
from tests.integrity.shopper import check_books, counts, orders
from tests.payments import Company, deliver
from tests.storefront.checkout.paid import SHOP, again, begin, buy, carry_out, pairs, refunds_of
from tests.storefront.staff.people import with_limits
from wsgi import TEST_KEY, create_app

PAIRS = 5
ENOUGH = 100_000
SECONDS = 5.0  # for which the database is locked
SILENT = "The payment company does not answer just now. Your cart is kept and nothing was charged."
BUSY = "Nothing was changed by this; please try again in a minute."
FAULTS: dict[str, dict[str, Any]] = {
    "answers 500": {"kind": "error"},
    "cuts the line": {"kind": "cut"},
    "works and cuts the line": {"kind": "lost"},
    "answers after our time-out": {"kind": "delay", "seconds": 1.2},
}


@pytest.fixture
def variant(make: Make) -> Variant:
    return harbor(make)


def harbor(make: Make) -> Variant:
    """Return the one size of a shop, which belongs to no session."""
    make.delivery()
    variant = make.variant(handle="harbor", pairs=PAIRS)
    db.session.refresh(variant)
    db.session.expunge(variant)
    return variant


@contextmanager
def trouble(
    kind: str, app: Flask, company: Company, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[], None]]:
    """Let the payment company fail in one way, until the function yielded is called."""
    monkeypatch.setattr(company_module, "TIMEOUT", 0.4)
    server = urlsplit(company.url)
    line = Line(server.hostname or "", server.port or 0)
    ours = StripePayments(
        TEST_KEY, base=f"http://127.0.0.1:{line.port}", webhook_secret=WEBHOOK_SECRET
    )
    monkeypatch.setitem(app.extensions, "payments", ours)
    told = f"{company.url}/_test/faults"

    def end() -> None:
        requests.delete(told, auth=(TEST_KEY, ""), timeout=10)
        with suppress(OSError):
            line.mend()

    if kind == "is down":
        line.cut()
    else:
        fault = {**FAULTS[kind], "times": ENOUGH}
        requests.post(told, json=fault, auth=(TEST_KEY, ""), timeout=10).raise_for_status()
    try:
        yield end
    finally:
        end()
        line.cut()


def readable(client: FlaskClient) -> None:
    """Check that pages can be read and that the cart has its pair."""
    for address in ("/", "/collections/all", "/products/harbor", "/blog", "/healthz"):
        assert client.get(address).status_code == 200, address
    assert 'value="1" min="0"' in client.get("/cart").text


def pay(client: FlaskClient, company: Company, page: str) -> None:
    """Pay on a page and come back to the shop."""
    back = urlsplit(company.pay(page))
    assert client.get(f"{back.path}?{back.query}").status_code == 303


def paid_and_sold_once(variant: Variant) -> None:
    assert [order.state for order in orders()] == ["paid"]
    assert counts(variant.id) == (PAIRS - 1, 0)
    assert db.session.scalar(select(func.count(Letter.id))) == 2
    check_books()


# The payment company


@pytest.mark.parametrize("kind", ["is down", *FAULTS])
def test_cart_is_kept_and_paid_afterwards_when_the_company(
    app: Flask,
    company: Company,
    variant: Variant,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})

    with trouble(kind, app, company, monkeypatch) as over:
        answer = client.post("/checkout")
        assert answer.status_code == 503 and SILENT in answer.text
        readable(client)
        over()
        page = client.post("/checkout")

        assert page.status_code == 303
        assert counts(variant.id) == (PAIRS, 1)
        pay(client, company, page.headers["Location"])
    paid_and_sold_once(variant)
    keys = {page.idempotency_key for order in orders() for page in order.pages}
    opened = [s["status"] for s in company.sessions() if s["metadata"].get("page") in keys]
    assert opened == ["complete"]


@pytest.mark.parametrize("kind", ["is down", *FAULTS])
def test_payment_is_checked_later_when_on_the_way_back_the_company(
    app: Flask,
    company: Company,
    variant: Variant,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    page = client.post("/checkout").headers["Location"]
    back = urlsplit(company.pay(page))
    session_id = page.rpartition("/")[2]
    completed = company.events(session_id)[-1]

    with trouble(kind, app, company, monkeypatch) as over:
        told = client.get(f"{back.path}?{back.query}")
        assert told.status_code == 303
        assert "We are checking your payment" in client.get(told.headers["Location"]).text
        assert deliver(browser(app), completed, WEBHOOK_SECRET).status_code == 500
        assert counts(variant.id) == (PAIRS, 1), "the hold is kept while nothing is clear"
        over()
        again_told = deliver(browser(app), completed, WEBHOOK_SECRET)

    assert again_told.status_code == 200
    assert "We are checking" not in client.get(f"/orders/{orders()[0].reference}").text
    paid_and_sold_once(variant)


@pytest.mark.parametrize("kind", ["is down", *FAULTS])
def test_money_goes_back_once_when_during_a_refund_the_company(
    app: Flask,
    make: Make,
    company: Company,
    variant: Variant,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    order = buy(make, company, (variant, 1))
    refund_id = begin(order, pairs(order, 1, restock=True))

    with trouble(kind, app, company, monkeypatch) as over:
        with pytest.raises(Unclear):
            carry_out(refund_id)
        assert [refund.status for refund in refunds_of(order)] == ["asking"]
        over()
        later = utcnow() + refunds.ASK_AGAIN_AFTER
        assert refunds.sweep(payments=payments(), now=later, shop_url=SHOP) == 1

    assert [refund.status for refund in refunds_of(order)] == ["succeeded"]
    given = company.refunds(again(order).payment_intent or "")
    assert [refund["amount"] for refund in given] == [variant.price_minor]
    assert counts(variant.id) == (PAIRS, 0)


# The database


@contextmanager
def locked(app: Flask) -> Iterator[None]:
    """Let another program hold the database's lock meanwhile."""
    url = app.config["DATABASE_URL"]
    if url.startswith("sqlite"):
        connection = sqlite_module().connect(url.removeprefix("sqlite:///"), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
    else:
        connection = psycopg.connect(url.replace("+psycopg", ""))
        connection.execute("LOCK TABLE orders, variants IN EXCLUSIVE MODE")
    try:
        yield
    finally:
        connection.rollback()
        connection.close()


@pytest.mark.slow
def test_shopper_waits_and_readers_do_not_when_the_database_is_locked_for_five_seconds(
    app: Flask, company: Company, variant: Variant
) -> None:
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    answers: list[Any] = []
    db.session.rollback()

    def check_out() -> None:
        with app.app_context():
            answers.append(client.post("/checkout"))

    with locked(app):
        shopper = threading.Thread(target=check_out)
        end = time.monotonic() + SECONDS
        shopper.start()
        with app.app_context():
            reader = browser(app)
            for address in ("/", "/collections/all", "/products/harbor", "/blog", "/cart"):
                assert reader.get(address).status_code == 200
            assert time.monotonic() < end, "readers wait for the lock"
            db.session.remove()
        time.sleep(max(0.0, end - time.monotonic()))
        assert answers == []
    shopper.join(20)

    assert [answer.status_code for answer in answers] == [303]
    pay(client, company, answers[0].headers["Location"])
    paid_and_sold_once(variant)


@contextmanager
def impatient(app: Flask) -> Iterator[None]:
    """Let the shop wait for locks for a fifth of a second meanwhile."""
    on_sqlite = app.config["DATABASE_URL"].startswith("sqlite")

    def hurry(connection: Any, _: object) -> None:
        connection.execute("PRAGMA busy_timeout = 200" if on_sqlite else "SET lock_timeout = 200")
        connection.commit()

    db.session.remove()
    db.engine.dispose()
    event.listen(db.engine, "connect", hurry)
    try:
        yield
    finally:
        event.remove(db.engine, "connect", hurry)
        db.session.remove()
        db.engine.dispose()


def test_shopper_is_told_when_the_database_stays_locked(
    app: Flask, company: Company, variant: Variant
) -> None:
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})

    with impatient(app):
        with locked(app):
            answer = client.post("/checkout")
            assert answer.status_code == 503 and BUSY in answer.text
            readable(client)
        page = client.post("/checkout")

        assert page.status_code == 303
    pay(client, company, page.headers["Location"])
    paid_and_sold_once(variant)


@pytest.mark.parametrize(
    "error",
    [
        OperationalError("SELECT", {"email": "ann@example.com"}, Exception("disk full")),
        InternalError("SELECT", {}, Exception("read-only")),
        InterfaceError("SELECT", {}, Exception("closed")),
        NoConnection("no connection is free"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_every_failure_of_the_database_is_told_and_no_person_is_logged(
    app: Flask, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail() -> None:
        raise error

    monkeypatch.setitem(app.view_functions, "catalogue.listing", fail)

    answer = browser(app).get("/collections/all")

    assert answer.status_code == 503 and BUSY in answer.text
    assert "does not answer" in caplog.text and "ann@" not in caplog.text


def test_nobody_waits_for_a_lock_for_ever(app: Flask) -> None:
    ask = "PRAGMA busy_timeout" if db.engine.dialect.name == "sqlite" else "SHOW lock_timeout"

    assert str(db.session.scalar(text(ask))) in {"30000", "30s"}


@pytest.fixture
def postgres_line() -> Line:
    """A line to the PostgreSQL server."""
    with suppress(psycopg.OperationalError), psycopg.connect(POSTGRES) as connection:
        return Line(connection.info.host, connection.info.port)
    missing("PostgreSQL")
    raise AssertionError


def test_shop_goes_on_by_itself_when_the_database_was_away(
    make_database: Callable[..., str],
    postgres_line: Line,
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    real = urlsplit(make_database("postgres", "away"))
    user = real.netloc.rpartition("@")[0]
    url = real._replace(netloc=f"{user}@127.0.0.1:{postgres_line.port}").geturl()
    app = create_app(settings(url, company, tmp_path_factory))
    with app.app_context():
        variant = harbor(Make())
        client = browser(app)
        client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
        db.session.remove()

        postgres_line.cut()
        for address in ("/", "/cart", "/products/harbor"):
            page = client.get(address)
            assert page.status_code == 503 and BUSY in page.text, address
        assert client.post("/checkout").status_code == 503
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        postgres_line.mend()
        readable(client)
        page = client.post("/checkout")

        pay(client, company, page.headers["Location"])
        paid_and_sold_once(variant)
        db.session.remove()
        db.engine.dispose()
    postgres_line.cut()


def test_no_shopper_notices_that_the_database_was_started_anew(
    apps: Callable[[str], Flask],
) -> None:
    app = apps("postgres")
    with app.app_context():
        client = browser(app)
        assert client.get("/").status_code == 200
        db.session.remove()
        with psycopg.connect(POSTGRES, autocommit=True) as other:
            ended = other.execute(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s",
                [db.engine.url.database],
            ).fetchone()
        assert ended and ended[0] > 0

        assert client.get("/").status_code == 200


@contextmanager
def disk_full(app: Flask) -> Iterator[None]:
    """Let nothing be written meanwhile.

    SQLite's files are refused by the system itself. PostgreSQL's server cannot be given a full
    disk from here, so a trigger says what it says then (SQLSTATE 53100).
    """
    db.session.rollback()
    if app.config["DATABASE_URL"].startswith("sqlite"):
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        return
    run = [
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION"
        " 'could not extend file: No space left on device' USING ERRCODE = '53100'; END $$",
        *(
            f"CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table}"
            " EXECUTE FUNCTION full_disk()"
            for table in ("orders", "payment_events", "letters", "movements")
        ),
    ]
    with psycopg.connect(app.config["DATABASE_URL"].replace("+psycopg", "")) as other:
        for statement in run:
            other.execute(statement)  # type: ignore[call-overload]
        other.commit()
        try:
            yield
        finally:
            other.execute("DROP FUNCTION full_disk CASCADE")


def test_shop_can_be_read_and_nothing_is_half_done_when_the_disk_is_full(
    app: Flask, company: Company, variant: Variant
) -> None:
    client = browser(app)

    with disk_full(app):
        client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
        answer = client.post("/checkout")
        assert answer.status_code == 503 and BUSY in answer.text
        readable(client)
    assert orders() == []
    assert counts(variant.id) == (PAIRS, 0)

    page = client.post("/checkout")
    pay(client, company, page.headers["Location"])
    paid_and_sold_once(variant)


def test_paid_order_is_not_lost_when_the_disk_is_full(
    app: Flask, company: Company, variant: Variant
) -> None:
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    page = client.post("/checkout").headers["Location"]
    back = urlsplit(company.pay(page))
    completed = company.events(page.rpartition("/")[2])[-1]

    with disk_full(app):
        assert client.get(f"{back.path}?{back.query}").status_code == 503
        told = deliver(browser(app), completed, WEBHOOK_SECRET).status_code
        assert told >= 500, "so that the company sends it again"
    assert counts(variant.id) == (PAIRS, 1)

    assert deliver(browser(app), completed, WEBHOOK_SECRET).status_code == 200
    paid_and_sold_once(variant)


def test_mail_is_whole_when_the_disk_was_full_as_it_was_sent(
    app: Flask, make: Make, company: Company, variant: Variant
) -> None:
    buy(make, company, (variant, 1))
    folder = Path(app.config["MAIL_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.MonkeyPatch.context() as patch:
        real = mail.deliver

        def deliver_to_a_full_disk(message: Any) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
            try:
                real(message)
            finally:
                resource.setrlimit(resource.RLIMIT_FSIZE, before)

        patch.setattr(mail, "deliver", deliver_to_a_full_disk)
        assert mail.send_due() == 0
    due_now()

    assert mail.send_due() == 2
    mails = [message_from_bytes(path.read_bytes()) for path in folder.glob("*.eml")]
    assert len({str(each["Message-ID"]) for each in mails}) == len(mails) == 2
    assert all("Steady Step" in str(each) for each in mails)


# Mail


class Postmaster(socketserver.StreamRequestHandler):
    """A mail server that takes what it is sent, or fails as its server's `fault` says."""

    def handle(self) -> None:
        server: Any = self.server
        self._say("220 here")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self._say("354 go on")
                lines = list(iter(self.rfile.readline, b".\r\n"))
                server.mails.append(message_from_bytes(b"".join(lines)))
                if server.fault == "cuts the line after taking it":
                    return
            if word == b"RCPT" and server.fault == "asks to come again":
                self._say("451 later please")
                continue
            self._say("250 good")

    def _say(self, words: str) -> None:
        self.wfile.write(f"{words}\r\n".encode())


@contextmanager
def postmaster(port: int, fault: str = "") -> Iterator[Any]:
    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = daemon_threads = True

    with Server(("127.0.0.1", port), Postmaster) as server:
        server.fault, server.mails = fault, []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def due_now() -> None:
    with db.writing():
        db.session.execute(update(Letter).values(due_at=utcnow(), claimed_until=None))


@pytest.mark.parametrize(
    "fault", ["is down", "asks to come again", "cuts the line after taking it"]
)
def test_order_is_paid_and_each_mail_goes_later_when_the_mail_server(
    app: Flask,
    company: Company,
    variant: Variant,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
) -> None:
    port = free_port()
    monkeypatch.setitem(app.config, "SMTP_URL", f"smtp://127.0.0.1:{port}")
    client = browser(app)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
    pay(client, company, client.post("/checkout").headers["Location"])
    first: list[Any] = []

    if fault == "is down":
        assert mail.send_due() == 0
    else:
        with postmaster(port, fault) as server:
            assert mail.send_due() == 0
            first = server.mails
    assert client.get(f"/orders/{orders()[0].reference}").status_code == 200
    assert all(db.session.scalars(select(Letter.error)))
    due_now()
    with postmaster(port) as server:
        assert mail.send_due() == 2
        assert mail.send_due() == 0

    ids = sorted(str(each["Message-ID"]) for each in server.mails)
    assert len(set(ids)) == 2
    assert sorted(str(each["Message-ID"]) for each in first) in ([], ids), "the very same mails"
    assert set(db.session.scalars(select(Letter.error))) == {""}
    paid_and_sold_once(variant)


# Redis


def test_tries_are_counted_through_a_redis_that_goes_and_comes_back(
    app: Flask, company: Company, variant: Variant, tmp_path: Path
) -> None:
    port = free_port()
    same = ("TESTING", "SECRET_KEY", "DATABASE_URL", "SHOP_URL", "STRIPE_API_BASE", "MEDIA_FOLDER")
    with _redis(port, tmp_path):
        config = {name: app.config[name] for name in same}
        shop = create_app({**config, "REDIS_URL": f"redis://127.0.0.1:{port}/0"})
    try:
        with shop.app_context():
            client = browser(shop)
            client.post("/cart/lines", data={"sku": variant.sku, "quantity": 1})
            page = client.post("/checkout")
            assert page.status_code == 303, "nobody is turned away because Redis is gone"
            readable(client)
            assert "limits: each process for itself" in client.get("/readyz").text

            with _redis(port, tmp_path) as there:
                wait_until(
                    lambda: "limits: shared" in client.get("/readyz").text, what="Redis is noticed"
                )
                wait_until(
                    lambda: (
                        client.post("/checkout").status_code in {303, 429} and there.dbsize() > 0
                    ),
                    what="tries are counted in Redis again",
                )
            pay(client, company, page.headers["Location"])
            db.session.remove()
            db.engine.dispose()
        paid_and_sold_once(variant)
    finally:
        with with_limits(app):  # counts in memory again for the tests that follow
            pass


@contextmanager
def _redis(port: int, folder: Path) -> Iterator[Any]:
    """Run a Redis of our own, and end it."""
    try:
        process = subprocess.Popen(
            ["redis-server", "--port", str(port), "--save", "", "--dir", str(folder)],
            stdout=subprocess.DEVNULL,
        )
    except FileNotFoundError:
        missing("Redis")
    client = redis.Redis(port=port)

    def answers() -> bool:
        with suppress(redis.ConnectionError):
            return bool(client.ping())
        return False

    try:
        wait_until(answers, what="Redis answers")
        yield client
    finally:
        client.close()
        process.terminate()
        process.wait(10)
