"""Finding an order again: its address goes by mail to whoever gave that mail address."""

from datetime import datetime

from sqlalchemy import func, select

from storefront.db import db
from storefront.mail import outbox
from storefront.orders.models import FIRST_NUMBER, Order

ONCE_IN = 10 * 60  # seconds; asking again sooner sends no second mail


def send(number: int, email: str, *, shop_url: str, now: datetime) -> None:
    """Queue a mail with an order's address, if number and mail address are its own.

    Nothing tells the caller whether they are. Call it inside `db.writing()`.
    """
    order = db.session.scalar(
        select(Order).where(
            Order.id == number - FIRST_NUMBER + 1,
            Order.email != "",
            func.lower(Order.email) == email.lower(),
        )
    )
    if order is not None:
        outbox.queue(
            cause=f"order-lookup:{number}:{int(now.timestamp()) // ONCE_IN}",
            recipient=order.email,
            template="order_lookup",
            facts={
                "number": number,
                "order_address": f"{shop_url}/orders/{order.reference}",
            },
            now=now,
        )
