"""What staff may read of payments: events, what is held for whom, and sums."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import selectinload

from storefront.checkout.models import PaymentEvent
from storefront.db import db
from storefront.orders.models import FIRST_NUMBER, LIVE, Order, PaymentPage, Refund
from storefront.staff.paging import Page, page_of

OVERDUE = timedelta(minutes=5)


@dataclass(frozen=True)
class Sums:
    """What orders brought and what was given back in a time, in minor units of one currency."""

    currency: str
    orders: int
    paid_minor: int
    refunds: int
    refunded_minor: int


def sums(since: datetime) -> Sequence[Sums]:
    """Return the sums since a moment, one for each currency that orders were paid in."""
    paid = db.session.execute(
        select(Order.currency, func.count(Order.id), func.sum(Order.total_minor))
        .where(Order.paid_at >= since)
        .group_by(Order.currency)
    )
    refunded = db.session.execute(
        select(Order.currency, func.count(Refund.id), func.sum(Refund.amount_minor))
        .join(Refund.order)
        .where(Refund.at >= since, Refund.status.in_(("pending", "succeeded")))
        .group_by(Order.currency)
    )
    orders = {currency: (n, int(minor or 0)) for currency, n, minor in paid}
    refunds = {currency: (n, int(minor)) for currency, n, minor in refunded}
    return [
        Sums(currency, *orders.get(currency, (0, 0)), *refunds.get(currency, (0, 0)))
        for currency in sorted(orders.keys() | refunds.keys())
    ]


def events(*, failed: bool = False, page: int = 1) -> Page[PaymentEvent]:
    """Return one page of the events, newest first: all, or those that wait for their effect."""
    listed = select(PaymentEvent)
    if failed:
        listed = listed.where(PaymentEvent.applied_at.is_(None))
    return page_of(listed.order_by(PaymentEvent.received_at.desc(), PaymentEvent.id), page)


def event(event_id: str) -> PaymentEvent | None:
    return db.session.get(PaymentEvent, event_id)


def failed_events() -> int:
    """Return how many events have not had their effect."""
    waiting = select(func.count(PaymentEvent.id)).where(PaymentEvent.applied_at.is_(None))
    return db.session.scalar(waiting) or 0


def last_event_at() -> datetime | None:
    """Return when the payment company was last heard, None if never."""
    sent = PaymentEvent.id.not_like("found:%")  # the others were found by comparing the books
    return db.session.scalar(select(func.max(PaymentEvent.received_at)).where(sent))


def was_paid(mode: str) -> bool:
    """Return whether an order was ever paid under a key of this mode: test or live."""
    paid = select(Order.id).where(Order.mode == mode, Order.paid_at.is_not(None)).limit(1)
    return db.session.scalar(paid) is not None


def overdue_pages(account: str, *, now: datetime) -> Select[int]:
    """Count the payment pages that ended five minutes ago, and that nobody looked at since."""
    return (
        select(func.count(PaymentPage.id))
        .join(PaymentPage.order)
        .where(
            Order.state == "pending",
            Order.account == account,
            PaymentPage.status == "open",
            PaymentPage.expires_at <= now - OVERDUE,
            PaymentPage.looked_at <= now - OVERDUE,
        )
    )


def number_of(order_id: int | None) -> int | None:
    """Return what people call an order, by its key."""
    return order_id + FIRST_NUMBER - 1 if order_id is not None else None


def waiting_orders(*, page: int = 1) -> Page[Order]:
    """Return one page of the orders that hold shoes and are not paid, oldest first."""
    pending = (
        select(Order)
        .where(Order.state == "pending")
        .options(selectinload(Order.lines), selectinload(Order.pages), selectinload(Order.marks))
    )
    return page_of(pending.order_by(Order.id), page)


def strangers(account: str) -> int:
    """Return how many pending orders were made under another key."""
    of_others = select(func.count(Order.id)).where(
        Order.state == "pending", Order.account != account
    )
    return db.session.scalar(of_others) or 0


def page_to_close(page_id: int) -> PaymentPage | None:
    """Return a payment page that somebody may still pay on."""
    return db.session.scalar(
        select(PaymentPage).where(PaymentPage.id == page_id, PaymentPage.status.in_(LIVE))
    )
