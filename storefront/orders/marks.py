"""Marks: what staff must know of an order, each kind once, ended when it is decided."""

from datetime import datetime

from sqlalchemy import select, update

from storefront.db import db
from storefront.orders.models import Order, OrderMark


def put(order: Order, kind: str, why: str, *, now: datetime) -> None:
    """Mark an order; one that has this mark keeps the first. Inside `db.writing()`."""
    values = {"order_id": order.id, "kind": kind, "why": why, "at": now}
    if kind == "ended":
        values["ended_at"] = now
    db.insert_once(OrderMark, "order_id", "kind", values=values)


def end(order: Order, *, now: datetime) -> None:
    """End what is open about an order, now that it is decided. Inside `db.writing()`."""
    db.session.execute(
        update(OrderMark)
        .where(OrderMark.order_id == order.id, OrderMark.ended_at.is_(None))
        .values(ended_at=now)
    )


def any_open(order: Order) -> bool:
    """Return whether something about an order is not decided yet."""
    open_marks = select(OrderMark.id).where(
        OrderMark.order_id == order.id, OrderMark.ended_at.is_(None)
    )
    return db.session.scalar(open_marks.limit(1)) is not None
