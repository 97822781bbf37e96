"""What runs in the processes that these tests start: the shop, the company, single steps, death."""

import json
import logging
import multiprocessing
import os
import random
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import Connection
from typing import Any
from zoneinfo import ZoneInfo

import requests
from flask import Flask, current_app
from granian.cli import cli as granian
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from storefront.cart.changing import Changed
from storefront.cart.models import Line
from storefront.catalogue.models import Variant
from storefront.checkout import phone, purchase, refunds, sweeper
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.refunds import CannotCancel, CannotRefund, Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import GuardedSession, db, new_secret
from storefront.demo.payments.app import create_company
from storefront.demo.payments.server import server
from storefront.jobs import run_forever, schedule
from storefront.mail import jobs as mail
from storefront.orders import dispatching
from storefront.orders.models import Order, PaymentPage
from storefront.returns import returning
from storefront.returns.models import OPEN, Return
from storefront.returns.returning import Asked, Came, CannotReturn
from storefront.returns.terms import Terms
from storefront.stock import ledger
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes
from tests.payments import Company
from wsgi import TEST_KEY, create_app

Settings = Mapping[str, Any]
TAKES_BACK = Terms(30, 0, "1 Example Street", "", "usd", ZoneInfo("UTC"), "http://shop")
SETTINGS = "SETTINGS_OF_THE_TESTS"

log = logging.getLogger(__name__)


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


def extend(order_id: int) -> None:
    purchase.extend(order_id, payments=payments(), terms=terms(), now=utcnow())


def give_everything_back(order_id: int, key: str) -> None:
    """Give a whole order back, with its shoes into stock, as the desk does."""
    left = refunds.left_of(db.session.get_one(Order, order_id))
    wishes = [Wish(each.line.id, each.shoes, restock=True) for each in left.lines]
    amount = left.total_minor
    db.session.rollback()
    refund_id = refunds.begin(
        order_id,
        wishes,
        delivery=True,
        expected_minor=amount,
        reason="returned",
        note="",
        key=key,
        by="Staff",
        now=utcnow(),
    )
    refunds.carry_out(refund_id, payments=payments(), now=utcnow(), shop_url=terms().shop_url)


def cancel(order_id: int, key: str) -> None:
    refund_id = refunds.cancel(
        order_id, key=key, by="Staff", now=utcnow(), shop_url=terms().shop_url
    )
    if refund_id is not None:
        refunds.carry_out(refund_id, payments=payments(), now=utcnow(), shop_url=terms().shop_url)


def dispatch(order_id: int) -> None:
    with db.writing():
        dispatching.dispatch(
            order_id, by="Staff", carrier="", tracking="", order_address="", now=utcnow()
        )


def work_through(order_id: int) -> None:
    """Send an order, by a name that is looked up only now, so that death may wait there."""
    dispatch(order_id)


def work_at_the_desk(settings: Settings, seed: int) -> None:
    """Do what staff do, again and again."""
    _end_with_the_tests()
    chance = random.Random(seed)
    with create_app(settings).app_context():
        while True:
            try:
                chance.choice(ACTS)(chance)
            except (Unclear, Refused, OperationalError, CannotReturn, CannotRefund) as error:
                log.info("staff were told: %s", error)
            finally:
                db.session.remove()
            time.sleep(chance.random() / 10)


def _count_something(chance: random.Random) -> None:
    variant_id = chance.choice(db.session.scalars(select(Variant.id)).all())
    count_one_more(variant_id, 1)


def _some_order(chance: random.Random, *states: str) -> Order | None:
    chosen = select(Order).where(Order.state.in_(states or ("paid", "dispatched")))
    orders = db.session.scalars(chosen.order_by(Order.id.desc()).limit(20)).all()
    return chance.choice(orders) if orders else None


def _give_something_back(chance: random.Random) -> None:
    order = _some_order(chance)
    if order is None:
        return
    left = refunds.left_of(order)
    each = chance.choice(left.lines)
    shoes = chance.choice((Shoes(1, 1), Shoes(1, 0), Shoes(0, 1)))
    delivery = chance.random() < 0.2
    wishes = [Wish(each.line.id, shoes, restock=chance.random() < 0.7)]
    amount = left.amount_minor(wishes, delivery=delivery)
    order_id, key = order.id, new_secret()
    db.session.rollback()
    with suppress(CannotRefund):
        for _ in range(chance.choice((1, 1, 2))):
            refund_id = refunds.begin(
                order_id,
                wishes,
                delivery=delivery,
                expected_minor=amount,
                reason="returned",
                note="",
                key=key,
                by="Staff",
                now=utcnow(),
            )
            refunds.carry_out(
                refund_id, payments=payments(), now=utcnow(), shop_url=terms().shop_url
            )


def _take_something_back(chance: random.Random) -> None:
    """Let a shopper ask for money or another size, or go one step on with a return there is."""
    chosen = select(Return).where(Return.state.in_(OPEN)).order_by(Return.id.desc()).limit(20)
    there = db.session.scalars(chosen).all()
    if there and chance.random() < 0.6:
        _go_on_with(chance.choice(there), chance)
        return
    order = _some_order(chance, "dispatched")
    if order is None:
        return
    line = chance.choice(order.lines)
    sides = Shoes(int(line.left_variant_id is not None), int(line.right_variant_id is not None))
    variant = db.session.get_one(Variant, line.left_variant_id or line.right_variant_id)
    sizes = select(Variant.sku).where(Variant.product_id == variant.product_id)
    new = ""
    if chance.random() < 0.5:
        new = chance.choice(db.session.scalars(sizes).all())
    asked = Asked(line.id, sides, "small", new if sides.left else "", new if sides.right else "")
    db.session.rollback()
    returning.ask(order.id, [asked], terms=TAKES_BACK, now=utcnow())


def _go_on_with(one: Return, chance: random.Random) -> None:
    order_id, number, state = one.order_id, one.number, one.state
    terms_and_time: dict[str, Any] = {"terms": TAKES_BACK, "now": utcnow()}
    came = {
        line.id: Came(Shoes(line.left, line.right), "new", restock=chance.random() < 0.7)
        for line in one.lines
    }
    outcomes = {line.id: chance.choice((line.wish, "money", "nothing")) for line in one.lines}
    if state == "received":
        expected, _ = returning.worth(one, outcomes, delivery=False, kept_minor=0)
    db.session.rollback()
    if chance.random() < 0.15:
        returning.refuse(order_id, number, why="Worn", by="Staff", **terms_and_time)
    elif state == "requested" and chance.random() < 0.2:
        returning.withdraw(order_id, number, now=utcnow())
    elif state == "requested":
        returning.receive(order_id, number, came, note="", by="Staff", **terms_and_time)
    else:
        refund_id = returning.settle(
            order_id,
            number,
            outcomes,
            delivery=False,
            kept_minor=0,
            expected_minor=expected,
            carrier="",
            tracking="",
            by="Staff",
            **terms_and_time,
        )
        if refund_id is not None:
            refunds.carry_out(
                refund_id, payments=payments(), now=utcnow(), shop_url=terms().shop_url
            )


def _answer_a_call(chance: random.Random) -> None:
    """Put an order together by phone and begin it; perhaps it is paid over its link."""
    variant_id = chance.choice(db.session.scalars(select(Variant.id)).all())
    price = db.session.get_one(Variant, variant_id).price_minor
    db.session.rollback()
    call = phone.open_cart(by="Staff", now=utcnow())
    line = Line(variant_id, variant_id, chance.randint(1, 2), "", price)
    phone.change(call, lambda cart: Changed(cart.put(line), ""))
    with suppress(purchase.CannotBuy):
        phone.begin(call, payments=payments(), terms=terms(), by="Staff", now=utcnow())
        order = phone.call(call, terms=terms(), now=utcnow())
        address = order.order.page.address if order and order.order else None
        db.session.remove()
        if address and chance.random() < 0.6:
            with suppress(requests.RequestException, AssertionError):
                Company(current_app.config["STRIPE_API_BASE"]).pay(address)


def _cancel_or_send(chance: random.Random) -> None:
    order = _some_order(chance)
    if order is None:
        return
    order_id, shop_url = order.id, terms().shop_url
    db.session.rollback()
    if chance.random() < 0.5:
        sent = (dispatching.NotPaid, dispatching.AlreadyDispatched, dispatching.StillOwed)
        with suppress(*sent), db.writing():
            dispatching.dispatch(
                order_id, by="Staff", carrier="", tracking="", order_address="", now=utcnow()
            )
        return
    with suppress(CannotCancel):
        refund_id = refunds.cancel(
            order_id, key=new_secret(), by="Staff", now=utcnow(), shop_url=shop_url
        )
        if refund_id is not None:
            refunds.carry_out(refund_id, payments=payments(), now=utcnow(), shop_url=shop_url)


ACTS = (
    _count_something,
    _give_something_back,
    _cancel_or_send,
    _take_something_back,
    _answer_a_call,
)


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
