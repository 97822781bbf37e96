"""What orders by phone keep of a person, and how long. Payment events keep nothing of anybody."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from storefront import person
from storefront.checkout.models import PhoneCart
from storefront.checkout.phone import KEPT
from storefront.db import db
from storefront.orders.models import Order
from storefront.person import Erasing, Term


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return what was put together for an address on the phone."""
    kept = select(PhoneCart).where(person.is_of(PhoneCart.email, email)).order_by(PhoneCart.at)
    return [
        {"at": cart.at, "country": cart.country, "lines": cart.lines}
        for cart in db.session.scalars(kept)
    ]


def erase(asked: Erasing) -> None:
    """Delete what was put together on the phone, but where it waits for payment."""
    waiting = select(Order.cart_id).where(Order.state == "pending")
    deleted = db.session.execute(
        delete(PhoneCart)
        .where(person.is_of(PhoneCart.email, asked.email), PhoneCart.cart_id.not_in(waiting))
        .returning(PhoneCart.cart_id)
    ).all()
    if deleted:
        asked.changes["Orders by phone deleted"] += len(deleted)


def terms() -> Iterator[Term]:
    """Say how long what was put together on the phone is kept."""
    yield Term("What we put together for you on the phone", f"{KEPT.days} days", forget)


def forget(now: datetime) -> int:
    """Delete what was put together on the phone long enough ago."""
    old = delete(PhoneCart).where(PhoneCart.at < now - KEPT)
    with db.writing():
        return len(db.session.execute(old.returning(PhoneCart.cart_id)).all())
