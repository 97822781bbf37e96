"""The books compared with the payment company's: what was paid there, and what we say was."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.checkout import purchase, refunds
from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import PageFacts, Payments
from storefront.checkout.purchase import Terms
from storefront.db import db
from storefront.money import money_words
from storefront.orders import marks
from storefront.orders.models import Order, PaymentPage

FOUND = "found.payment_without_order"  # an event that nobody sent: the comparison found it
LONGEST_PAGE = timedelta(hours=25)  # a page lives a day at most, so this long before its payment
NO_PAYMENT = "The payment company knows of no payment for this order."


@dataclass(frozen=True)
class Comparison:
    """Sums since a moment, in minor units, and how many differences were found."""

    orders: int
    ours_minor: int
    theirs_minor: int
    differences: int


def compare(*, since: datetime, payments: Payments, terms: Terms, now: datetime) -> Comparison:
    """Compare the orders paid since a moment with what the company says was paid.

    A payment that we did not hear of is settled; one for no order of ours is kept as an event to
    look at; an order that was never paid, or of another sum, is marked. Raises Unclear or Refused.
    """
    paid = {each.session_id: each for each in payments.paid_pages(since - LONGEST_PAGE)}
    intents = payments.refunded_since(since)
    found = sum(
        _hear(each, payments=payments, terms=terms, now=now) for each in paid.values() if each.key
    )
    for intent in intents:
        _hear_refunds(intent, payments=payments, terms=terms, now=now)
    ours = theirs = 0
    orders = _paid_orders(since, payments.account)
    for order in orders:
        facts = next((paid[p.session_id] for p in order.pages if p.session_id in paid), None)
        ours += order.total_minor or 0
        if facts is None:
            facts = _look_again(order, payments)
        theirs += facts.total_minor if facts is not None else 0
        if facts is None or facts.total_minor != order.total_minor:
            found += 1
            _mark(order, facts, now=now)
    return Comparison(len(orders), ours, theirs, found)


def _hear(facts: PageFacts, *, payments: Payments, terms: Terms, now: datetime) -> int:
    """Settle a payment that we did not hear of; count one that belongs to no order."""
    page = db.session.scalar(
        select(PaymentPage)
        .where(
            (PaymentPage.session_id == facts.session_id)
            | (PaymentPage.idempotency_key == facts.key)
        )
        .options(selectinload(PaymentPage.order))
    )
    if page is not None:
        if page.order.paid_at is None:
            purchase.settle(facts.session_id, payments=payments, terms=terms, now=now)
        return 0
    amount = money_words(facts.total_minor, facts.currency)
    with db.writing():
        db.insert_once(
            PaymentEvent,
            "id",
            values={
                "id": f"found:{facts.session_id}",
                "type": FOUND,
                "session_id": facts.session_id,
                "received_at": now,
                "error": f"{amount} was paid, and no order here knows this payment page.",
            },
        )
    return 1


def _hear_refunds(intent: str, *, payments: Payments, terms: Terms, now: datetime) -> None:
    known = db.session.scalar(select(Order.id).where(Order.payment_intent == intent))
    if known is not None:
        refunds.settle(intent, payments=payments, now=now, shop_url=terms.shop_url)


def _paid_orders(since: datetime, account: str) -> list[Order]:
    chosen = (
        select(Order)
        .where(Order.paid_at >= since, Order.account == account)
        .options(selectinload(Order.pages))
        .order_by(Order.id)
    )
    orders = list(db.session.scalars(chosen))
    db.session.rollback()
    return orders


def _look_again(order: Order, payments: Payments) -> PageFacts | None:
    """Ask for an order's own pages: it may have been paid while the list was read."""
    for page in order.pages:
        if page.session_id is not None:
            facts = payments.look_up(page.session_id)
            if facts is not None and facts.is_paid:
                return facts
    return None


def _mark(order: Order, facts: PageFacts | None, *, now: datetime) -> None:
    if facts is None:
        why = NO_PAYMENT
    else:
        there = money_words(facts.total_minor, facts.currency)
        why = f"The payment company says that {there} was paid for this order."
    with db.writing():
        marks.put(order, "parked", why, now=now)
