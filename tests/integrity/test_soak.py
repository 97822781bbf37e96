"""Everything at once: shoppers, staff, refunds, faults, bad events and killed processes.

`make soak MINUTES=10` runs it longer on each database and prints its figures.
"""

import os
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from storefront.catalogue.models import Variant
from storefront.checkout import comparison, refunds, sweeper
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.models import Letter
from storefront.orders.models import Order, PaymentPage, Refund
from storefront.returns.models import OPEN, Return, ReturnLine
from storefront.stock import ledger
from storefront.stock.models import Hold, Movement
from tests.conftest import WEBHOOK_SECRET, settings
from tests.factories import Make
from tests.integrity import processes, programs
from tests.integrity.processes import Door, Mortal
from tests.integrity.shopper import Shopper
from tests.payments import Company
from wsgi import TEST_KEY, create_app

pytestmark = pytest.mark.long

SECONDS = float(os.environ.get("SOAK_MINUTES", "0.2")) * 60
SHOPPERS = 6
BETWEEN_KILLS = 2.0  # seconds
BETWEEN_FAULTS = 2.0
FAULTS: list[dict[str, Any]] = [
    {"kind": "delay", "seconds": 1, "times": 3},
    {"kind": "delay", "seconds": 12, "times": 1},  # longer than the shop waits
    {"kind": "cut", "times": 3},
    {"kind": "error", "times": 3},
    {"kind": "lost", "times": 3},
]


class Soak:
    """A shop of several mortal processes, and all who bother it until the time is over."""

    def __init__(
        self, given: dict[str, Any], doors: list[Door], company: Company, models: list[list[str]]
    ):
        self.given, self.company, self.models = given, company, models
        self.addresses = [door.url for door in doors]
        self.figures: Counter[str] = Counter()
        self.errors: list[str] = []
        self.over = threading.Event()
        self.mortals = [
            *(Mortal(programs.serve, given, door.listening, None) for door in doors),
            Mortal(programs.run_jobs, given),
            Mortal(programs.run_jobs, given),
            Mortal(programs.work_at_the_desk, given, 1),
            Mortal(programs.work_at_the_desk, given, 2),
        ]

    def shop_around(self, seed: int) -> None:
        """Buy, leave, come back, ask for more time, press twice."""
        chance = random.Random(seed)
        while not self.over.is_set():
            shopper = Shopper(chance.choice(self.addresses))
            try:
                self._buy(shopper, chance)
            except (requests.RequestException, AssertionError) as error:
                self.figures[f"shopper met {type(error).__name__}"] += 1

    def _buy(self, shopper: Shopper, chance: random.Random) -> None:
        for skus in chance.sample(self.models, chance.randint(1, 2)):
            chosen = {"left_sku": chance.choice(["", *skus]), "right_sku": chance.choice(skus)}
            if chance.random() < 0.6:
                chosen = {"sku": chance.choice(skus)}
            self._note(shopper.post("/cart/lines", quantity=chance.randint(1, 3), **chosen))
        answer = self._note(shopper.checkout())
        if chance.random() < 0.3:
            answer = self._note(shopper.at(chance.choice(self.addresses)).checkout())
        if answer.status_code != 303 or "/pay/" not in answer.headers["Location"]:
            return
        page, act = answer.headers["Location"], chance.random()
        if act < 0.15:
            return  # leaves, and is never seen again
        if act < 0.3:
            back = self.company.post(page, cancel="1").headers.get("Location", "")
            reference = back.partition("/orders/")[2].partition("?")[0]
            if reference:
                self._note(shopper.post(f"/orders/{reference}/extension"))
            return
        back = self.company.pay(page)
        self.figures["paid pages"] += 1
        for _ in range(chance.choice((0, 1, 1, 2))):
            self._note(shopper.come_back(back))

    def _note(self, answer: requests.Response) -> requests.Response:
        self.figures[f"answers {answer.status_code}"] += 1
        if answer.status_code >= 500 and answer.status_code != 503:
            self.errors.append(f"{answer.status_code} at {answer.request.path_url}")
        return answer

    def kill(self, seed: int) -> None:
        """Kill one of the processes every few seconds, and start it again."""
        chance = random.Random(seed)
        while not self.over.wait(BETWEEN_KILLS * 2 * chance.random()):
            one = chance.choice(self.mortals)
            one.kill()
            self.figures["kills"] += 1
            one.start()

    def make_trouble(self, seed: int) -> None:
        """Let the payment company fail, and send its events late, doubled, shuffled or never."""
        chance = random.Random(seed)
        while not self.over.wait(BETWEEN_FAULTS * 2 * chance.random()):
            self.tell("faults", None)
            fault = {**chance.choice(FAULTS), "method": chance.choice(("GET", "POST"))}
            self.tell("faults", fault)
            self.figures["faults"] += int(fault["times"])
            self.tell(
                "webhooks",
                {
                    "late": chance.choice((0, 0, 1, 3)),
                    "copies": chance.choice((1, 1, 3)),
                    "shuffle": chance.random() < 0.5,
                    "lose": chance.choice((0, 0.2, 0.5)),
                },
            )

    def tell(self, what: str, told: dict[str, Any] | None) -> None:
        """Tell the company how to behave; None: as usual."""
        address = f"{self.company.url}/_test/{what}"
        send = requests.delete if told is None else requests.post
        try:
            send(address, json=told, auth=(TEST_KEY, ""), timeout=60)
        except requests.RequestException:
            self.figures["company met cut"] += 1

    def run(self, seconds: float) -> None:
        """Let all of it happen at once; afterwards the company is well and no process runs."""
        for mortal in self.mortals:
            mortal.start()
        threads = [
            *(threading.Thread(target=self.shop_around, args=(n,)) for n in range(SHOPPERS)),
            threading.Thread(target=self.kill, args=(97,)),
            threading.Thread(target=self.make_trouble, args=(98,)),
        ]
        try:
            for address in self.addresses:
                processes.wait_until_it_answers(f"{address}/healthz")
            for thread in threads:
                thread.start()
            time.sleep(seconds)
        finally:
            self.over.set()
            for mortal in self.mortals[-2:]:
                mortal.kill()
            for thread in threads:
                if thread.is_alive():
                    thread.join(90)
            self.tell("faults", None)
            self.tell("webhooks", None)
            for mortal in self.mortals:
                mortal.kill()


@pytest.fixture
def soak(
    engine: str,
    make_database: Callable[..., str],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
) -> Iterator[Soak]:
    doors = [Door(), Door()]
    with processes.company(
        tmp_path / "company.sqlite3",
        webhook_url=f"{doors[0].url}/webhooks/stripe",
        secret=WEBHOOK_SECRET,
    ) as url:
        company = Company(url)
        given = settings(make_database(engine, "soak"), company, tmp_path_factory)
        given |= {"TESTING": False, "DEMO": True, "SHOP_URL": doors[0].url}
        app = create_app(given)
        with app.app_context():
            make = Make()
            make.delivery()
            models = [
                [
                    variant.sku
                    for variant in make.product(
                        sizes=("9", "10"), pairs=pairs, single_minor=5500
                    ).variants
                ]
                for pairs in (3, 10, 100)
            ]
            db.session.remove()
            yield Soak(given, doors, company, models)
            db.session.remove()
            db.engine.dispose()
    for door in doors:
        door.listening.close()


def settle_all() -> None:
    """Let an hour pass: pages end, the sweepers ask again, refunds are decided."""
    for minutes in (4, 61, 122):
        now = utcnow() + timedelta(minutes=minutes)
        sweeper.sweep(payments=payments(), terms=terms(), now=now)
        live = select(PaymentPage.session_id).where(PaymentPage.status == "open")
        ids = db.session.scalars(live).all()
        db.session.rollback()
        for session_id in ids:
            payments().close_page(session_id or "")
        while sweeper.sweep(payments=payments(), terms=terms(), now=now):
            pass
        refunds.sweep(payments=payments(), now=now, shop_url=terms().shop_url)
    since = utcnow() - timedelta(days=1)
    comparison.compare(since=since, payments=payments(), terms=terms(), now=utcnow())
    db.session.rollback()


def differences(company: Company) -> list[str]:
    """Return all that is not as it must be."""
    found = [f"{sku}: {said}" for sku, said in ledger.differences()]
    sent_back = select(ReturnLine.order_line_id).join(Return).where(Return.state.in_(OPEN))
    alone = select(func.count(Hold.id)).where(
        Hold.ended_at.is_(None), (Hold.kind == "payment") | Hold.order_line_id.not_in(sent_back)
    )
    if held := db.session.scalar(alone):
        found.append(f"{held} holds without a live page or a return")
    waiting = db.session.scalars(select(Order.id).where(Order.state == "pending")).all()
    found += [f"order {order_id} still waits" for order_id in waiting]
    of_page = dict(
        db.session.execute(
            select(PaymentPage.session_id, PaymentPage.order_id).where(
                PaymentPage.session_id.is_not(None)
            )
        ).all()
    )
    db.session.rollback()
    paid = [p.session_id for p in payments().paid_pages(utcnow() - timedelta(days=1))]
    orders = {order.id: order for order in db.session.scalars(select(Order))}
    bought = Counter(of_page.get(session_id) for session_id in paid)
    found += [f"paid page without an order: {n}" for order_id, n in bought.items() if not order_id]
    for order_id, order in orders.items():
        pages = bought[order_id]
        if (order.paid_at is not None) != (pages > 0):
            found.append(f"order {order.number} is {order.state}, with {pages} paid pages")
        if pages > 1 and not any(mark.kind == "parked" for mark in order.marks):
            found.append(f"order {order.number} was paid {pages} times, and nobody knows")
        ours = sum(refund.amount_minor for refund in order.refunds if refund.counts)
        db.session.rollback()
        theirs = company.refunds(order.payment_intent) if order.payment_intent else []
        if ours != sum(refund["amount"] for refund in theirs):
            found.append(f"order {order.number}: {ours} given back here, {theirs} there")
        if ours > (order.total_minor or 0):
            found.append(f"order {order.number}: more given back than was paid")
    twice = select(Letter.cause).group_by(Letter.cause).having(func.count() > 1)
    found += [f"two letters for {cause}" for cause in db.session.scalars(twice)]
    asking = select(Refund.id).where(Refund.status == "asking")
    found += [f"refund {refund_id} is undecided" for refund_id in db.session.scalars(asking)]
    db.session.rollback()
    return found


def test_books_agree_after_everything_at_once(
    soak: Soak, engine: str, capsys: pytest.CaptureFixture[str]
) -> None:
    soak.run(SECONDS)
    for _ in range(3):
        try:
            settle_all()
        except (Refused, Unclear):
            time.sleep(1)
        else:
            break

    found = differences(soak.company)
    states = db.session.execute(select(Order.state, func.count()).group_by(Order.state)).all()
    figures = {
        **soak.figures,
        "orders": sum(n for _, n in states),
        **dict(iter(states)),
        "refunds": db.session.scalar(select(func.count(Refund.id))),
        **{
            f"returns {state}": n
            for state, n in db.session.execute(
                select(Return.state, func.count()).group_by(Return.state)
            )
        },
        "orders by phone": db.session.scalar(
            select(func.count(Order.id)).where(Order.phone_code.is_not(None))
        ),
        "movements": db.session.scalar(select(func.count(Movement.id))),
        "letters": db.session.scalar(select(func.count(Letter.id))),
        "left shoes": db.session.scalar(select(func.sum(Variant.on_hand_left))),
        "right shoes": db.session.scalar(select(func.sum(Variant.on_hand_right))),
    }
    with capsys.disabled():
        print(f"\nsoak on {engine}, {SECONDS:.0f} s:")
        for name, figure in sorted(figures.items()):
            print(f"  {name}: {figure}")
        print(f"  differences: {len(found)}")
    assert soak.errors == []
    assert found == []
    assert soak.figures["paid pages"] > 0 and soak.figures["kills"] > 0
