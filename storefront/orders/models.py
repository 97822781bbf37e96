"""Orders, their lines, the payment pages opened for them, and what happened to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.catalogue.models import Variant
from storefront.catalogue.sides import side_words
from storefront.countries import country_name
from storefront.db import Base

FIRST_NUMBER = 1001
LIVE = ("opening", "open")  # payment pages that somebody may still pay on
RETURN = "return"  # the reason of a refund whose note explains its amount to the shopper
COUNTING = ("asking", "pending", "succeeded")  # refunds whose money has left us, or is about to
STATES = ("pending", "paid", "dispatched", "lapsed", "cancelled")


class Order(Base):
    """What one shopper buys at once. Amounts are minor units of `currency`.

    `cart_id` has at most one pending order: the loser of a double click finds the winner's.
    `account` tells under which key of the payment company the order was made. `tax` says how tax
    is charged: not at all, within the prices at `tax_rate_millis` (thousandths of a percent), or on
    top of them by the payment company. `receipt_number` is given when it is paid, without gaps.
    One by phone tells who took it; `phone_code` is of the short link that is read out.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint(
            "state IN ('pending', 'paid', 'dispatched', 'lapsed', 'cancelled')", name="state"
        ),
        Index(
            "uq_orders_pending_cart",
            "cart_id",
            unique=True,
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_orders_state", "state", "id"),
        Index("ix_orders_payment_intent", "payment_intent"),
        Index("ix_orders_paid_at", "paid_at"),
        Index("uq_orders_receipt_number", "receipt_number", unique=True),
        Index("uq_orders_phone_code", "phone_code", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reference: Mapped[str] = mapped_column(String(22), unique=True)
    cart_id: Mapped[str] = mapped_column(String(22), index=True)
    contents: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(20), default="pending")
    mode: Mapped[str] = mapped_column(String(10))
    account: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_minor: Mapped[int]
    discount_minor: Mapped[int] = mapped_column(default=0)
    delivery_name: Mapped[str] = mapped_column(String(255), default="")
    delivery_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0)
    # Checks of columns that came later stand with their column, so that SQLite can drop both.
    tax: Mapped[str] = mapped_column(
        String(10),
        CheckConstraint("tax IN ('none', 'included', 'stripe')", name="tax"),
        default="none",
        server_default="none",
    )
    tax_name: Mapped[str] = mapped_column(String(40), default="", server_default="")
    tax_rate_millis: Mapped[int] = mapped_column(
        CheckConstraint("tax_rate_millis BETWEEN 0 AND 99999", name="tax_rate_millis"),
        default=0,
        server_default="0",
    )
    delivery_tax_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    receipt_number: Mapped[int | None]
    total_minor: Mapped[int | None]
    country: Mapped[str] = mapped_column(String(2))
    email: Mapped[str] = mapped_column(String(320), default="")
    name: Mapped[str] = mapped_column(String(255), default="")
    line1: Mapped[str] = mapped_column(String(255), default="")
    line2: Mapped[str] = mapped_column(String(255), default="")
    city: Mapped[str] = mapped_column(String(255), default="")
    region: Mapped[str] = mapped_column(String(255), default="")
    postal_code: Mapped[str] = mapped_column(String(40), default="")
    phone: Mapped[str] = mapped_column(String(40), default="")
    payment_intent: Mapped[str | None] = mapped_column(String(255))
    taken_by: Mapped[str] = mapped_column(String(255), default="", server_default="")
    phone_code: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    lines: Mapped[list["OrderLine"]] = relationship(
        back_populates="order", order_by="OrderLine.position"
    )
    pages: Mapped[list["PaymentPage"]] = relationship(
        back_populates="order", order_by="PaymentPage.attempt"
    )
    marks: Mapped[list["OrderMark"]] = relationship(order_by="OrderMark.id")
    refunds: Mapped[list["Refund"]] = relationship(back_populates="order", order_by="Refund.id")
    disputes: Mapped[list["Dispute"]] = relationship(order_by="Dispute.id")
    dispatch: Mapped["Dispatch | None"] = relationship()

    @hybrid_property
    def number(self) -> int:
        """What people call the order."""
        return self.id + FIRST_NUMBER - 1

    @property
    def address(self) -> list[str]:
        """Where it goes, line by line; only the country before the payment page has asked."""
        place = " ".join(filter(None, (self.region, self.postal_code)))
        town = ", ".join(filter(None, (self.city, place)))
        lines = (self.name, self.line1, self.line2, town, country_name(self.country))
        return list(filter(None, lines))

    @property
    def page(self) -> "PaymentPage":
        """The payment page that counts: the latest that may be paid on, else the latest."""
        live = [page for page in self.pages if page.status in LIVE]
        return (live or self.pages)[-1]


class OrderLine(Base):
    """One line as it was when the order was made: a pair has the same variant on both sides."""

    __tablename__ = "order_lines"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity BETWEEN 1 AND 12", name="quantity"),
        CheckConstraint("unit_minor >= 0", name="unit_minor"),
        CheckConstraint(
            "left_variant_id IS NOT NULL OR right_variant_id IS NOT NULL", name="sides"
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    left_variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"))
    right_variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"))
    quantity: Mapped[int]
    unit_minor: Mapped[int]
    tax_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    title: Mapped[str] = mapped_column(String(255))
    color: Mapped[str] = mapped_column(String(200))
    size: Mapped[str] = mapped_column(String(500))
    width: Mapped[str] = mapped_column(String(80))
    came_from: Mapped[str] = mapped_column(String(80), default="")

    order: Mapped[Order] = relationship(back_populates="lines")
    left_variant: Mapped[Variant | None] = relationship(foreign_keys=[left_variant_id])

    @property
    def total_minor(self) -> int:
        return self.quantity * self.unit_minor

    @property
    def choice(self) -> str:
        """Color, size, width and a single shoe's side in one phrase: "Moss, Size 9, Wide"."""
        side = side_words(
            has_left=self.left_variant_id is not None, has_right=self.right_variant_id is not None
        )
        return ", ".join(filter(None, (self.color, self.size, self.width, side)))

    @property
    def name(self) -> str:
        """Title and choice in one phrase."""
        return ", ".join(filter(None, (self.title, self.choice)))


class PaymentPage(Base):
    """A page opened at the payment company for an order.

    `parameters` and the key repeat the very same request; `expires_at` is the moment told to the
    company as the page's end, `looked_at` when the sweeper last asked for it.
    """

    __tablename__ = "payment_pages"
    __table_args__ = (
        UniqueConstraint("order_id", "attempt"),
        CheckConstraint(
            "status IN ('opening', 'open', 'complete', 'expired', 'refused')", name="status"
        ),
        Index("ix_payment_pages_status", "status", "created_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    attempt: Mapped[int] = mapped_column(default=1)
    idempotency_key: Mapped[str] = mapped_column(String(64), unique=True)
    session_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    address: Mapped[str] = mapped_column(Text, default="")
    expires_at: Mapped[datetime]
    status: Mapped[str] = mapped_column(String(20), default="opening")
    parameters: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    looked_at: Mapped[datetime]

    order: Mapped[Order] = relationship(back_populates="pages")


class Counter(Base):
    """The last number given of a kind, so that numbers have no gaps."""

    __tablename__ = "counters"
    __table_args__ = (CheckConstraint("last >= 0", name="last"),)

    kind: Mapped[str] = mapped_column(String(20), primary_key=True)
    last: Mapped[int]


class OrderMark(Base):
    """Something that staff must know of an order: owed, parked, processing, or ended by hand."""

    __tablename__ = "order_marks"
    __table_args__ = (
        UniqueConstraint("order_id", "kind"),
        CheckConstraint("kind IN ('owed', 'parked', 'processing', 'ended')", name="kind"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    kind: Mapped[str] = mapped_column(String(20))
    why: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class Dispatch(Base):
    """That an order was sent: when, by whom, and how to follow it."""

    __tablename__ = "dispatches"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]
    carrier: Mapped[str] = mapped_column(String(80), default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")


class Refund(Base):
    """Money given back of an order, in minor units; `delivery_minor` is the part for delivery.

    `tax_minor` is the tax in it; `credit_number` that of its credit note, given once it is sure.

    `key` repeats the very same request; `refund_id` is the company's name for it. A refund made
    in the company's own dashboard has no lines. `refused`: it never was; `failed`: the bank sent
    the money back.
    """

    __tablename__ = "refunds"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="amount_minor"),
        CheckConstraint("delivery_minor BETWEEN 0 AND amount_minor", name="delivery_minor"),
        CheckConstraint(
            "status IN ('asking', 'pending', 'succeeded', 'failed', 'refused')", name="status"
        ),
        Index("ix_refunds_status", "status", "id"),
        Index("ix_refunds_at", "at"),
        Index("uq_refunds_credit_number", "credit_number", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    refund_id: Mapped[str | None] = mapped_column(String(255), unique=True)
    amount_minor: Mapped[int]
    delivery_minor: Mapped[int] = mapped_column(default=0)
    tax_minor: Mapped[int] = mapped_column(default=0, server_default="0")
    credit_number: Mapped[int | None]
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[str] = mapped_column(String(20), default="asking")
    why: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]

    order: Mapped[Order] = relationship(back_populates="refunds")
    lines: Mapped[list["RefundLine"]] = relationship(order_by="RefundLine.id")

    @property
    def counts(self) -> bool:
        """Whether this money has left us, or is about to."""
        return self.status in COUNTING

    @property
    def explained(self) -> str:
        """How its amount came about, for the shopper; a note that staff wrote is not for them."""
        return self.note if self.reason == RETURN else ""


class RefundLine(Base):
    """The shoes of one order line that a refund pays back."""

    __tablename__ = "refund_lines"
    __table_args__ = (
        UniqueConstraint("refund_id", "order_line_id"),
        CheckConstraint('"left" >= 0 AND "right" >= 0 AND "left" + "right" > 0', name="shoes"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    left: Mapped[int] = mapped_column("left")
    right: Mapped[int] = mapped_column("right")


class Dispute(Base):
    """That a shopper's bank took money back. `dispute_id` is the company's name for it."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    dispute_id: Mapped[str] = mapped_column(String(255), unique=True)
    amount_minor: Mapped[int]
    reason: Mapped[str] = mapped_column(String(80), default="")
    status: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
