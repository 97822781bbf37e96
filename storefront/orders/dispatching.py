"""Sending an order: once, and only when it is paid."""

from datetime import datetime
from typing import NoReturn

from sqlalchemy import Exists, exists, select, update

from storefront.db import db
from storefront.mail import outbox
from storefront.orders.models import Dispatch, Order, OrderMark
from storefront.orders.packing import HAS_SHOES, to_pack


class AlreadyDispatched(Exception):
    """The order is on its way; nothing was changed."""

    def __init__(self, sent: Dispatch) -> None:
        super().__init__("the order is dispatched already")
        self.sent = sent


class NotPaid(Exception):
    """Only a paid order is sent, and this one is not; nothing was changed."""

    def __init__(self, state: str) -> None:
        super().__init__(f"the order is {state}")
        self.state = state


class NothingToSend(Exception):
    """All of the order was given back; nothing was changed."""


class NotSent(Exception):
    """The order is not sent yet; nothing was changed."""


class StillOwed(Exception):
    """The order is paid, but its shoes were sold to others; nothing was changed."""


def dispatch(
    order_id: int,
    *,
    by: str,
    carrier: str,
    tracking: str,
    order_address: str,
    return_until: str = "",
    now: datetime,
) -> None:
    """Note that a paid order was sent, and queue the mail that says so; in `db.writing()`.

    `return_until` is the last day, in words, to ask for a return; empty where none is taken.
    Raises AlreadyDispatched, StillOwed, NothingToSend or NotPaid.
    """
    # Whoever gives money back has this lock too, so what they gave back is seen below.
    db.session.execute(select(Order.id).where(Order.id == order_id).with_for_update())
    sent = db.session.execute(
        update(Order)
        .where(Order.id == order_id, Order.state == "paid", ~_owed(order_id), HAS_SHOES)
        .values(state="dispatched")
        .returning(Order.id)
        .execution_options(synchronize_session=False)
    ).first()
    if sent is None:
        _refuse(order_id)
    db.session.add(Dispatch(order_id=order_id, by=by, at=now, carrier=carrier, tracking=tracking))
    order = db.session.get_one(Order, order_id, populate_existing=True)
    if order.email:
        outbox.queue(
            cause=f"order-dispatched:{order.number}",
            recipient=order.email,
            template="order_dispatched",
            facts={
                "number": order.number,
                "lines": [f"{each.words} × {each.line.name}" for each in to_pack(order)],
                "carrier": carrier,
                "tracking": tracking,
                "order_address": order_address,
                "return_until": return_until,
            },
            now=now,
        )


def follow(
    order_id: int, *, carrier: str, tracking: str, order_address: str, now: datetime
) -> None:
    """Note how an order that was sent can be followed, and queue the mail that says so.

    Each number is mailed once. Call it inside `db.writing()`. Raises NotSent.
    """
    noted = db.session.execute(
        update(Dispatch)
        .where(Dispatch.order_id == order_id)
        .values(carrier=carrier, tracking=tracking)
        .returning(Dispatch.id)
        .execution_options(synchronize_session=False)
    ).first()
    if noted is None:
        raise NotSent
    order = db.session.get_one(Order, order_id)
    if order.email and tracking:
        outbox.queue(
            cause=f"order-tracking:{order.number}:{tracking}",
            recipient=order.email,
            template="order_tracking",
            facts={
                "number": order.number,
                "carrier": carrier,
                "tracking": tracking,
                "order_address": order_address,
            },
            now=now,
        )


def _refuse(order_id: int) -> NoReturn:
    sent = db.session.scalar(select(Dispatch).where(Dispatch.order_id == order_id))
    if sent is not None:
        raise AlreadyDispatched(sent)
    if db.session.scalar(select(_owed(order_id))):
        raise StillOwed
    state = db.session.scalars(select(Order.state).where(Order.id == order_id)).one()
    if state == "paid":
        raise NothingToSend
    raise NotPaid(state)


def _owed(order_id: int) -> Exists:
    """Whether the order's shoes were sold to others before its money came."""
    return exists().where(
        OrderMark.order_id == order_id, OrderMark.kind == "owed", OrderMark.ended_at.is_(None)
    )
