"""Ending a waiting order that the shop cannot settle by itself: an owner does, with a reason."""

from datetime import datetime

from sqlalchemy import select, update

from storefront.db import db
from storefront.orders import marks
from storefront.orders.models import LIVE, Order, PaymentPage
from storefront.stock import ledger


class CannotEnd(Exception):
    """The order is not one that a person may end; the sentence is for staff."""


def is_stuck(order: Order, account: str) -> bool:
    """Return whether a waiting order needs a person: made under another key, or parked."""
    parked = any(mark.kind == "parked" and mark.ended_at is None for mark in order.marks)
    return order.state == "pending" and (order.account != account or parked)


def end(order_id: int, *, reason: str, account: str, by: str, now: datetime) -> None:
    """End a waiting order and give its shoes free. Raises CannotEnd; then nothing changed."""
    with db.writing():
        order = db.session.get_one(Order, order_id, populate_existing=True, with_for_update=True)
        if not is_stuck(order, account):
            raise CannotEnd(f"Order {order.number} is settled by the shop itself.")
        # Where it is parked under our own key its page is paid, so nobody can pay on it again.
        alive = [page for page in order.pages if page.status in LIVE and page.expires_at > now]
        if order.account != account and alive:
            raise CannotEnd(
                f"The payment page of order {order.number} may still be paid on. Please end the"
                " order once its time is over."
            )
        pages = select(PaymentPage.id).where(PaymentPage.order_id == order_id)
        db.session.execute(
            update(PaymentPage)
            .where(PaymentPage.id.in_(pages), PaymentPage.status.in_(LIVE))
            .values(status="expired")
        )
        order.state, order.ended_at = "lapsed", now
        ledger.release(order_id, why="ended", now=now)
        marks.end(order, now=now)
        marks.put(order, "ended", f"{reason} ({by})", now=now)
