"""Paid orders for tests: bought through the shop's own purchase and the test payment company."""

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Executable, select

from storefront.catalogue.models import Variant
from storefront.checkout import purchase, refunds
from storefront.checkout.payments import (
    Event,
    OpenPage,
    PageFacts,
    PageRequest,
    Payments,
    RefundFacts,
)
from storefront.checkout.refunds import Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import Base, db, new_secret
from storefront.orders.models import Order, Refund
from storefront.stock.ledger import Shoes
from tests.factories import Make
from tests.payments import Company

SHOP = "http://localhost"
T = TypeVar("T", bound=Base)


def buy(make: Make, company: Company, *chosen: tuple[Variant, int], email: str = "") -> Order:
    """Buy pairs with standard delivery and return the paid order."""
    cart = make.cart(*chosen, email=email)
    address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    company.pay(address)
    order = purchase.settle(
        address.rpartition("/")[2], payments=payments(), terms=terms(), now=utcnow()
    )
    assert order is not None and order.state == "paid"
    return again(order)


def again(order: Order) -> Order:
    """Read an order as it is now."""
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Order, order.id)


def loaded(model: type[T], id_: int) -> T:
    """Read a row in a transaction of its own; the session goes on with what it read here."""
    with db.writing():
        return db.session.get_one(model, id_, populate_existing=True)


def elsewhere(statement: Executable) -> None:
    """Write as another process does, unseen by the session of the test."""
    with db.engine.begin() as connection:
        connection.execute(statement)


def refunds_of(order: Order) -> list[Refund]:
    """Read an order's refunds as they are now."""
    return list(again(order).refunds)


def pairs(order: Order, quantity: int, *, line: int = 0, restock: bool = False) -> Wish:
    """Wish so many pairs of a line back."""
    return Wish(order.lines[line].id, Shoes(quantity, quantity), restock=restock)


def on_hand(variant: Variant) -> tuple[int, int]:
    """Return left and right shoes on hand."""
    db.session.rollback()
    left, right = db.session.execute(
        select(Variant.on_hand_left, Variant.on_hand_right).where(Variant.id == variant.id)
    ).one()
    return left, right


def begin(
    order: Order,
    *wishes: Wish,
    delivery: bool = False,
    expected: int | None = None,
    key: str = "",
    note: str = "",
) -> int:
    """Write down a refund; unless told, of just what it comes to."""
    if expected is None:
        expected = refunds.left_of(again(order)).amount_minor(wishes, delivery=delivery)
    return refunds.begin(
        order.id,
        wishes,
        delivery=delivery,
        expected_minor=expected,
        reason="returned",
        note=note,
        key=key or new_secret(),
        by="Ann",
        now=utcnow(),
    )


def carry_out(refund_id: int, company: Payments | None = None) -> Refund:
    """Ask the company for a refund's money."""
    return refunds.carry_out(refund_id, payments=company or payments(), now=utcnow(), shop_url=SHOP)


class Between:
    """A payment company with something between it and the shop when a refund is asked for."""

    hears_events = True

    def __init__(
        self,
        *,
        before: Callable[[], None] = lambda: None,
        after: Callable[[RefundFacts], RefundFacts] = lambda facts: facts,
    ) -> None:
        self._real, self._before, self._after = payments(), before, after
        self.account = self._real.account

    def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts:
        self._before()
        return self._after(self._real.refund(payment_intent, amount_minor, key))

    def refunds_of(self, payment_intent: str) -> list[RefundFacts]:
        return self._real.refunds_of(payment_intent)

    def open_page(self, request: PageRequest) -> OpenPage:
        return self._real.open_page(request)

    def look_up(self, session_id: str) -> PageFacts | None:
        return self._real.look_up(session_id)

    def close_page(self, session_id: str) -> None:
        self._real.close_page(session_id)

    def read_event(self, body: bytes, signature: str) -> Event:
        return self._real.read_event(body, signature)
