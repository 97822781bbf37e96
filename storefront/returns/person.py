"""What returns keep of a person: with their order, and as long."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import select, update

from storefront import person
from storefront.db import db
from storefront.orders.models import Order
from storefront.returns import queries, words
from storefront.returns.models import OPEN, Return


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return what was sent back of the orders of an address."""
    of_person = select(Return).join(Return.order).where(person.is_of(Order.email, email))
    return [
        {
            "number": one.number,
            "order": one.order.number,
            "state": one.state,
            "asked_at": one.requested_at,
            "received_at": one.received_at,
            "ended_at": one.ended_at,
            "shoes": words.asked(one),
            "reasons": [line.reason for line in one.lines],
            "told": one.why,
            "note": one.note,
            "tracking": one.tracking,
        }
        for one in db.session.scalars(of_person.order_by(Return.id))
    ]


def needed(order: Order) -> str:
    """Return that something of an order is on its way back, in words after its number, or ''."""
    of_order = queries.of_order(order.id)
    return "has a return that is not settled" if any(one.state in OPEN for one in of_order) else ""


def empty(order_ids: Collection[int]) -> None:
    """Empty the returns of these orders of what was written about a person."""
    db.session.execute(
        update(Return)
        .where(Return.order_id.in_(order_ids))
        .values(why="", note="", carrier="", tracking="")
    )
