"""The books of a month: what was paid and given back, in rows whose sums equal the orders.

A row is a receipt or a credit note, on the shop day on which the order was paid or the money went
back. Money that a bank sent back to us keeps its credit note, at nothing, so that no number is
missing. Not in the books: a payment that is parked or not paid, a refund that is not sure yet or
was refused, a dispute (the bank's letters are its documents), and in a live shop what was tried
out in test mode. An order that is owed was paid, so it is there.
"""

import csv
import heapq
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, exists, func, select

from storefront.clock import day_of
from storefront.db import db
from storefront.money import major
from storefront.orders.models import Dispute, Order, OrderMark, Refund
from storefront.stock.inventory_file import guarded

COLUMNS = (
    "Kind",
    "Number",
    "Date",
    "Order",
    "Country",
    "Currency",
    "Goods",
    "Discount",
    "Delivery",
    "Tax name",
    "Tax rate %",
    "Tax is",
    "Tax",
    "Net",
    "Total",
)
RECEIPT, CREDIT_NOTE, CAME_BACK = "Receipt", "Credit note", "Credit note, money came back"
TAX_IS = {"none": "", "included": "in the prices", "stripe": "on top"}
AT_A_TIME = 500  # rows
_GIVEN = Refund.credit_number.is_not(None)  # and not by state, whose index would find them all


class NotAMonth(ValueError):
    """The text is no month as 2026-10."""


@dataclass(frozen=True, order=True)
class Month:
    """A month of shop days."""

    year: int
    number: int

    @classmethod
    def read(cls, text: str) -> "Month":
        """Read a month that is written as 2026-10, of 2000 to 2099. Raises NotAMonth."""
        found = re.fullmatch(r"(20[0-9]{2})-(0[1-9]|1[0-2])", text)
        if found is None:
            raise NotAMonth("Please write a month as 2026-10.")
        return cls(int(found[1]), int(found[2]))

    @classmethod
    def of(cls, moment: datetime, zone: ZoneInfo) -> "Month":
        day = day_of(moment, zone)
        return cls(day.year, day.month)

    def __str__(self) -> str:
        return f"{self.year}-{self.number:02}"

    @property
    def before(self) -> "Month":
        return Month(self.year - (self.number == 1), (self.number - 2) % 12 + 1)

    def bounds(self, zone: ZoneInfo) -> tuple[datetime, datetime]:
        """Return the moment at which it begins in the shop's zone, and that at which it is over."""
        return (
            datetime(self.year, self.number, 1, tzinfo=zone),
            datetime(self.year + self.number // 12, self.number % 12 + 1, 1, tzinfo=zone),
        )


@dataclass(frozen=True)
class Row:
    """One receipt or credit note. Amounts are minor units; what went back is negative.

    Goods, discount, delivery and a tax on top add up to the total.
    """

    at: datetime
    kind: str
    number: int | None
    order: int
    country: str
    currency: str
    goods_minor: int
    discount_minor: int
    delivery_minor: int
    tax: str
    tax_name: str
    tax_rate_millis: int
    tax_minor: int
    total_minor: int


@dataclass(frozen=True)
class Sums:
    """A month in one currency, in minor units."""

    currency: str
    receipts: int
    paid_tax_minor: int
    paid_minor: int
    credit_notes: int
    back_tax_minor: int
    back_minor: int

    @property
    def tax_minor(self) -> int:
        return self.paid_tax_minor - self.back_tax_minor

    @property
    def total_minor(self) -> int:
        return self.paid_minor - self.back_minor


def rows(month: Month, *, mode: str, zone: ZoneInfo) -> Iterator[Row]:
    """Yield the rows of a month by time, a few at a time from the database; `mode` is the key's."""
    paid = select(*_ORDER).where(*_within(month, zone, Order.paid_at, mode))
    back = select(*_ORDER, *_REFUND).join(Refund.order)
    back = back.where(*_within(month, zone, Refund.at, mode), _GIVEN)
    return heapq.merge(
        map(_receipt, _read(paid.order_by(Order.paid_at, Order.id))),
        map(_credit_note, _read(back.order_by(Refund.at, Refund.id))),
        key=lambda row: row.at,
    )


def write(file: TextIO, listed: Iterable[Row], zone: ZoneInfo) -> int:
    """Write rows as CSV and return how many there were."""
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    count = 0
    for count, row in enumerate(listed, start=1):  # noqa: B007 - the last one is the answer
        writer.writerow(_cells(row, zone))
    return count


def sums(month: Month, *, mode: str, zone: ZoneInfo) -> Sequence[Sums]:
    """Return the sums of a month, one for each currency."""
    counts = Refund.status != "failed"
    paid = (
        select(Order.currency, func.count(), func.sum(Order.tax_minor), func.sum(Order.total_minor))
        .where(*_within(month, zone, Order.paid_at, mode))
        .group_by(Order.currency)
    )
    back = (
        select(
            Order.currency,
            func.count(),
            func.sum(Refund.tax_minor).filter(counts),
            func.sum(Refund.amount_minor).filter(counts),
        )
        .join(Refund.order)
        .where(*_within(month, zone, Refund.at, mode), _GIVEN)
        .group_by(Order.currency)
    )
    came, went = _by_currency(paid), _by_currency(back)
    return [
        Sums(currency, *came.get(currency, (0, 0, 0)), *went.get(currency, (0, 0, 0)))
        for currency in sorted(came.keys() | went.keys())
    ]


def _by_currency(statement: Any) -> dict[str, tuple[int, int, int]]:
    return {
        currency: (number, int(tax or 0), int(total or 0))
        for currency, number, tax, total in db.session.execute(statement)
    }


def first_month(zone: ZoneInfo) -> Month | None:
    """Return the month of the first order that was paid."""
    first = db.session.scalar(select(func.min(Order.paid_at)))
    return Month.of(first, zone) if first else None


def disputes(month: Month, *, mode: str, zone: ZoneInfo) -> Sequence[Any]:
    """Return order, amount and status of the disputes that began in a month."""
    listed = select(
        Order.number.label("order"), Order.currency, Dispute.amount_minor, Dispute.status
    ).join(Dispute, Dispute.order_id == Order.id)
    listed = listed.where(*_within(month, zone, Dispute.at, mode))
    return db.session.execute(listed.order_by(Dispute.at, Dispute.id)).all()


def parked(*, mode: str) -> int:
    """Return how many payments have come that nobody has decided about yet."""
    theirs = exists().where(
        Order.id == OrderMark.order_id, Order.paid_at.is_(None), Order.mode == mode
    )
    waiting = select(func.count(OrderMark.id)).where(
        OrderMark.kind == "parked", OrderMark.ended_at.is_(None), theirs
    )
    return db.session.scalar(waiting) or 0


_ORDER = (
    Order.number.label("order"),
    Order.country,
    Order.currency,
    Order.tax,
    Order.tax_name,
    Order.tax_rate_millis,
    Order.delivery_minor,
    Order.delivery_tax_minor,
    Order.paid_at,
    Order.receipt_number,
    Order.subtotal_minor,
    Order.discount_minor,
    Order.tax_minor,
    Order.total_minor,
)
_REFUND = (
    Refund.at,
    Refund.credit_number,
    Refund.status,
    Refund.amount_minor,
    Refund.delivery_minor.label("delivery_back_minor"),
    Refund.tax_minor.label("tax_back_minor"),
)


def _within(month: Month, zone: ZoneInfo, when: Any, mode: str) -> Sequence[ColumnElement[bool]]:
    begins, ends = month.bounds(zone)
    return (when >= begins, when < ends, Order.mode == mode)


def _read(statement: Any) -> Iterable[Any]:
    return db.session.execute(statement, execution_options={"yield_per": AT_A_TIME})


def _receipt(order: Any) -> Row:
    return _row(
        order,
        at=order.paid_at,
        kind=RECEIPT,
        number=order.receipt_number,
        goods_minor=order.subtotal_minor,
        discount_minor=-order.discount_minor,
        delivery_minor=order.delivery_minor,
        tax_minor=order.tax_minor,
        total_minor=order.total_minor,
    )


def _credit_note(refund: Any) -> Row:
    """Return a refund's row: its goods are less the discount; its delivery without tax on top."""
    here = refund.status != "failed"
    tax, delivery = refund.tax_back_minor, refund.delivery_back_minor
    if refund.tax == "stripe" and delivery:
        with_tax = refund.delivery_minor + refund.delivery_tax_minor
        delivery = delivery * refund.delivery_minor // with_tax
    goods = refund.amount_minor - delivery - (tax if refund.tax == "stripe" else 0)
    return _row(
        refund,
        at=refund.at,
        kind=CREDIT_NOTE if here else CAME_BACK,
        number=refund.credit_number,
        goods_minor=-goods * here,
        discount_minor=0,
        delivery_minor=-delivery * here,
        tax_minor=-tax * here,
        total_minor=-refund.amount_minor * here,
    )


def _row(order: Any, **more: Any) -> Row:
    return Row(
        order=order.order,
        country=order.country,
        currency=order.currency,
        tax=order.tax,
        tax_name="" if order.tax == "none" else order.tax_name,
        tax_rate_millis=order.tax_rate_millis,
        **more,
    )


def _cells(row: Row, zone: ZoneInfo) -> list[object]:
    """Return a row's cells: those that are words never begin like a formula."""

    def amount(minor: int) -> Decimal:
        return major(minor, row.currency)

    rate = f"{Decimal(row.tax_rate_millis) / 1000:f}" if row.tax == "included" else ""
    return [
        row.kind,
        row.number or "",
        day_of(row.at, zone).isoformat(),
        row.order,
        guarded(row.country),
        guarded(row.currency),
        amount(row.goods_minor),
        amount(row.discount_minor),
        amount(row.delivery_minor),
        guarded(row.tax_name),
        rate,
        TAX_IS[row.tax],
        amount(row.tax_minor),
        amount(row.total_minor - row.tax_minor),
        amount(row.total_minor),
    ]
