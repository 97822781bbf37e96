"""What runs in the processes that these tests start: the shop, the company, single steps, death."""

import json
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any

from flask import Flask
from granian.cli import cli as granian
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.checkout import purchase, sweeper
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import GuardedSession, db
from storefront.demo.payments.app import create_company
from storefront.demo.payments.server import server
from storefront.jobs import run_forever, schedule
from storefront.mail import jobs as mail
from storefront.orders.models import PaymentPage
from storefront.stock import ledger
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes
from wsgi import TEST_KEY, create_app

Settings = Mapping[str, Any]
SETTINGS = "SETTINGS_OF_THE_TESTS"


@dataclass(frozen=True)
class Death:
    """Where a process is to be killed: `where` is "module:name" or "module:Class.name".

    `moment` is "before", "after", "before its commit" or "after its commit".
    """

    where: str
    moment: str

    def __str__(self) -> str:
        return f"{self.moment} {self.where.rpartition(':')[2]}"


def serve_production(settings: Settings, options: list[str]) -> None:
    """Serve the shop by the production server, whose workers are forked from this process."""
    os.environ[SETTINGS] = json.dumps(dict(settings))
    multiprocessing.set_start_method("fork", force=True)
    os.setsid()
    _end_with_the_tests(lambda: os.killpg(0, signal.SIGKILL))
    granian.main(options, prog_name="granian")


def shop_of_environment() -> Flask:
    """Return the shop for the production server, which calls this in each of its workers."""
    return create_app(json.loads(os.environ[SETTINGS]))


def serve(settings: Settings, listening: socket.socket, death: Death | None) -> None:
    """Serve the shop, a thread for each request, until stopped or dead."""
    _end_with_the_tests()
    app = create_app(settings)
    if death is not None:
        lie_in_wait(death)
    server(app, listening).serve_forever()


def serve_company(
    state: str, listening: socket.socket, url: str, webhook_url: str | None, secret: str
) -> None:
    """Serve the test payment company, which sends its events to `webhook_url`."""
    _end_with_the_tests()
    company = create_company(state, TEST_KEY, webhook_url, secret, url, pauses=(0.2, 0.5, 1))
    server(company, listening).serve_forever()


def run_jobs(settings: Settings) -> None:
    """Do what `flask jobs run` does."""
    _end_with_the_tests()
    with create_app(settings).app_context():
        run_forever(schedule)


def carry_out(
    settings: Settings,
    step: Callable[..., Any],
    arguments: Mapping[str, Any],
    answer: Connection,
    death: Death | None,
) -> None:
    """Do one of the steps below and send back what it returned."""
    _end_with_the_tests()
    app = create_app(settings)
    if death is not None:
        lie_in_wait(death)
    with app.app_context():
        answer.send(step(**arguments))


def settle(session_id: str) -> None:
    purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())


def sweep_an_hour_later() -> None:
    """Sweep after some minutes, let the time of all payment pages end, and sweep again.

    The company is a process with a clock of its own, so it is asked to end the pages.
    """
    sweeper.sweep(payments=payments(), terms=terms(), now=_later(4))
    ids = select(PaymentPage.session_id).where(PaymentPage.session_id.is_not(None))
    for session_id in db.session.scalars(ids).all():
        payments().close_page(session_id or "")
    sweeper.sweep(payments=payments(), terms=terms(), now=_later(61))


def send_mail(minutes: float) -> int:
    """Send the letters that are due as if it were so many minutes later."""
    mail.utcnow = lambda: _later(minutes)  # type: ignore[attr-defined]
    return mail.send_due()


def count_one_more(variant_id: int, times: int) -> tuple[int, int]:
    """Count one pair more than the count just read, again and again; return (written, refused)."""
    written = refused = 0
    for _ in range(times):
        row = select(Variant.on_hand_left, Variant.on_hand_right).where(Variant.id == variant_id)
        left, right = db.session.execute(row).one()
        db.session.rollback()
        try:
            with db.writing():
                ledger.count(
                    variant_id,
                    Shoes(left + 1, right + 1),
                    based_on=Shoes(left, right),
                    by="Staff",
                    now=utcnow(),
                )
        except (CountMoved, BelowHeld):
            refused += 1
        else:
            written += 1
    return written, refused


def lie_in_wait(death: Death) -> None:
    """Make the named function kill its own process, before or after it or its commit."""
    module, _, path = death.where.partition(":")
    holder: Any = import_module(module)
    *outer, name = path.split(".")
    for part in outer:
        holder = getattr(holder, part)
    real = getattr(holder, name)
    inside = threading.local()

    def dying(*args: Any, **more: Any) -> Any:
        if death.moment == "before":
            _die()
        inside.now = True
        try:
            result = real(*args, **more)
        finally:
            inside.now = False
        if death.moment == "after":
            _die()
        return result

    def commit(session: GuardedSession) -> None:
        here = getattr(inside, "now", False) and session.is_writing
        if here and death.moment == "before its commit":
            session.flush()
            _die()
        real_commit(session)
        if here and death.moment == "after its commit":
            _die()

    setattr(holder, name, dying)
    real_commit = GuardedSession.commit
    GuardedSession.commit = commit  # type: ignore[method-assign]


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _later(minutes: float) -> datetime:
    return utcnow() + timedelta(minutes=minutes)


def _end_with_the_tests(end: Callable[[], object] = lambda: os._exit(1)) -> None:
    """End this process when the one that runs the tests has ended, however that happened."""
    tests = parent_process()

    def watch() -> None:
        if tests is not None:
            tests.join()
        end()

    threading.Thread(target=watch, daemon=True).start()
