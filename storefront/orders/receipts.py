"""Receipts and credit notes: their numbers without gaps, and rows that add up to what was paid."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import update

from storefront.db import db
from storefront.orders.models import Counter, Order

RECEIPT, CREDIT_NOTE = "receipt", "credit note"


@dataclass(frozen=True)
class Row:
    """One row of a receipt; the amounts of all rows add up to the total, in minor units."""

    words: str
    amount_minor: int


def next_number(kind: str) -> int:
    """Return the next number of a kind, inside `db.writing()`: it is used if that is committed.

    Whoever else wants one waits until then, so take it last.
    """
    db.insert_once(Counter, "kind", values={"kind": kind, "last": 0})
    following = update(Counter).where(Counter.kind == kind).values(last=Counter.last + 1)
    return db.session.scalars(following.returning(Counter.last)).one()


def rows(order: Order) -> Sequence[Row]:
    """Return the rows of a paid order's receipt."""
    found = [Row(f"{line.quantity} × {line.name}", line.total_minor) for line in order.lines]
    if order.discount_minor:
        found.append(Row("Discount", -order.discount_minor))
    found.append(Row(f"Delivery: {order.delivery_name}", order.delivery_minor))
    if order.tax != "included" and order.tax_minor:
        found.append(Row(order.tax_name or "Tax", order.tax_minor))
    return found


def tax_words(order: Order) -> str:
    """Return what is said of a tax that the total includes: "VAT 19.5 %"; '' for any other."""
    if order.tax != "included":
        return ""
    return f"{order.tax_name} {Decimal(order.tax_rate_millis) / 1000:f} %"
