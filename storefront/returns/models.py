"""Returns: what is sent back of an order, and what became of it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.db import Base
from storefront.orders.models import Order, OrderLine, Refund

STATES = ("requested", "received", "settled", "refused", "withdrawn")
OPEN = ("requested", "received")
OUR_FAULT = "damaged"  # the reason for which the shop pays for sending back
REASONS = {
    "small": "Too small or too narrow",
    "large": "Too large or too wide",
    "uncomfortable": "Not comfortable",
    "brace": "A brace or an insole does not fit in",
    "damaged": "Arrived damaged or wrong",
    "other": "Something else",
}
CONDITIONS = {"new": "As new", "worn": "Worn", "damaged": "Damaged"}


class Return(Base):
    """What one shopper sends back of an order at once.

    `why` tells the shopper why it was refused; `note` is for staff alone. `refund_id` is the
    money that it was settled with, `carrier` and `tracking` the parcel with the new shoes.
    """

    __tablename__ = "returns"
    __table_args__ = (
        CheckConstraint(
            "state IN ('requested', 'received', 'settled', 'refused', 'withdrawn')", name="state"
        ),
        Index("ix_returns_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    state: Mapped[str] = mapped_column(String(20), default="requested")
    requested_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    received_by: Mapped[str] = mapped_column(String(255), default="")
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str] = mapped_column(String(255), default="")
    why: Mapped[str] = mapped_column(Text, default="")
    note: Mapped[str] = mapped_column(Text, default="")
    carrier: Mapped[str] = mapped_column(String(80), default="")
    tracking: Mapped[str] = mapped_column(String(80), default="")
    refund_id: Mapped[int | None] = mapped_column(ForeignKey("refunds.id"), index=True)

    order: Mapped[Order] = relationship()
    refund: Mapped[Refund | None] = relationship()
    lines: Mapped[list["ReturnLine"]] = relationship(order_by="ReturnLine.id")

    @property
    def we_pay(self) -> bool:
        """Whether the shop pays for sending back: something arrived damaged or wrong."""
        return any(line.reason == OUR_FAULT for line in self.lines)


class ReturnLine(Base):
    """The shoes of one order line that are sent back, and what is wished for them.

    `left` and `right` were asked for, `came_left` and `came_right` arrived. The new variants are
    empty where money is wished; `new_choice` says them in words. `outcome` is what was given.
    """

    __tablename__ = "return_lines"
    __table_args__ = (
        UniqueConstraint("return_id", "order_line_id"),
        CheckConstraint('"left" >= 0 AND "right" >= 0 AND "left" + "right" > 0', name="shoes"),
        CheckConstraint('came_left BETWEEN 0 AND "left"', name="came_left"),
        CheckConstraint('came_right BETWEEN 0 AND "right"', name="came_right"),
        CheckConstraint("outcome IN ('', 'money', 'exchange', 'nothing')", name="outcome"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    return_id: Mapped[int] = mapped_column(ForeignKey("returns.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    left: Mapped[int] = mapped_column("left")
    right: Mapped[int] = mapped_column("right")
    reason: Mapped[str] = mapped_column(String(20))
    new_left_variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"))
    new_right_variant_id: Mapped[int | None] = mapped_column(ForeignKey("variants.id"))
    new_choice: Mapped[str] = mapped_column(Text, default="")
    came_left: Mapped[int] = mapped_column(default=0)
    came_right: Mapped[int] = mapped_column(default=0)
    condition: Mapped[str] = mapped_column(String(20), default="")
    restocked: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(String(20), default="")

    order_line: Mapped[OrderLine] = relationship()

    @property
    def wish(self) -> str:
        """What the shopper would like: "money" or "exchange"."""
        wants_shoes = self.new_left_variant_id or self.new_right_variant_id
        return "exchange" if wants_shoes else "money"
