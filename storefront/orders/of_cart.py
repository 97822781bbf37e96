"""The orders that came from one cart: the one that waits, and the one that was paid."""

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.db import db
from storefront.orders.models import Order


def pending(cart_id: str) -> Order | None:
    """Return the cart's order that waits for payment, with lines and payment pages."""
    return db.session.scalar(
        select(Order)
        .where(Order.cart_id == cart_id, Order.state == "pending")
        .options(selectinload(Order.lines), selectinload(Order.pages))
    )


def bought(cart_id: str) -> Order | None:
    """Return the newest order of the cart that was paid, with its lines."""
    return db.session.scalar(
        select(Order)
        .where(Order.cart_id == cart_id, Order.paid_at.is_not(None))
        .options(selectinload(Order.lines))
        .order_by(Order.id.desc())
        .limit(1)
    )
