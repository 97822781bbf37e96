"""A shopper with a browser of their own, for tests over HTTP; and what the shop's books say."""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from sqlalchemy import func, select

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.orders.models import Order, OrderLine, PaymentPage
from storefront.stock import ledger
from storefront.stock.models import Hold

Result = TypeVar("Result")
WAIT = 60.0  # seconds for one answer


class Shopper:
    """Somebody with cookies of their own who talks to one of the shop's processes."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.browser = requests.Session()
        self.browser.headers["Sec-Fetch-Site"] = "same-origin"

    def add(self, sku: str, quantity: int = 1) -> None:
        """Put a size into the cart."""
        answer = self.post("/cart/lines", sku=sku, quantity=quantity)
        assert answer.status_code == 303, answer.text

    def checkout(self) -> requests.Response:
        return self.post("/checkout")

    def come_back(self, address: str) -> requests.Response:
        """Follow the way back from the payment page, at this shopper's process."""
        parts = urlsplit(address)
        return self.browser.get(
            f"{self.address}{parts.path}?{parts.query}", allow_redirects=False, timeout=WAIT
        )

    def post(self, path: str, **fields: Any) -> requests.Response:
        return self.browser.post(
            self.address + path, data=fields, allow_redirects=False, timeout=WAIT
        )

    def at(self, address: str) -> "Shopper":
        """Return another tab of the same browser, which happens to meet another process."""
        tab = Shopper(address)
        tab.browser.cookies.update(self.browser.cookies)
        return tab


def at_one_instant(acts: Sequence[Callable[[], Result]]) -> list[Result]:
    """Do all of it at once, each in a thread of its own, and return the results in order."""
    start = threading.Barrier(len(acts))
    results: dict[int, Result] = {}
    errors: list[BaseException] = []

    def run(place: int, act: Callable[[], Result]) -> None:
        try:
            start.wait(WAIT)
            results[place] = act()
        except BaseException as error:
            errors.append(error)

    threads = [
        threading.Thread(target=run, args=(place, act), daemon=True)
        for place, act in enumerate(acts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * WAIT)
        assert not thread.is_alive(), "somebody never got an answer"
    if errors:
        raise errors[0]
    return [results[place] for place in range(len(acts))]


def counts(variant_id: int) -> tuple[int, int]:
    """Return pairs on hand and pairs held; both sides must be the same."""
    db.session.rollback()
    left, right, held_left, held_right = db.session.execute(
        select(
            Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
        ).where(Variant.id == variant_id)
    ).one()
    assert (left, held_left) == (right, held_right), "both sides of a pair move together"
    return left, held_left


def orders(*states: str) -> Sequence[Order]:
    """Return the orders in these states, or all, as they are now."""
    db.session.rollback()
    chosen = select(Order).order_by(Order.id).execution_options(populate_existing=True)
    return db.session.scalars(chosen.where(Order.state.in_(states)) if states else chosen).all()


def check_books(sessions: Iterable[dict[str, Any]] = ()) -> None:
    """Check that counts, holds, orders and payment pages agree, and agree with the company.

    `sessions` are the payment pages that the company opened for these orders.
    """
    assert ledger.differences() == []
    without_lines = select(Order.id).where(~Order.lines.any())
    assert db.session.scalars(without_lines).all() == [], "an order without lines"
    kept = dict(
        db.session.execute(
            select(OrderLine.order_id, func.sum(Hold.left))
            .join(Hold, Hold.order_line_id == OrderLine.id)
            .where(Hold.ended_at.is_(None))
            .group_by(OrderLine.order_id)
        ).all()
    )
    pending = {order.id: sum(line.quantity for line in order.lines) for order in orders("pending")}
    assert kept == pending, "each order that waits has exactly its hold, and nothing else has one"
    pages = db.session.scalars(
        select(PaymentPage)
        .join(PaymentPage.order)
        .where(Order.state == "pending", PaymentPage.status == "open")
    ).all()
    alive = {session["id"] for session in sessions if session["status"] == "open"}
    assert len(pages) == len(pending), "each order that waits has one open page"
    assert {page.session_id for page in pages} == alive, "and it is the company's"
