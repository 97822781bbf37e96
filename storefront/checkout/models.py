"""What the payment company told us, and what staff put together on the phone."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.db import Base


class PaymentEvent(Base):
    """An event under the company's own id. Only what is needed to look the facts up is kept."""

    __tablename__ = "payment_events"
    __table_args__ = (Index("ix_payment_events_received", "received_at"),)

    id: Mapped[str] = mapped_column(String(255), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    session_id: Mapped[str | None] = mapped_column(String(255))
    payment_intent: Mapped[str | None] = mapped_column(String(255))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    received_at: Mapped[datetime]
    applied_at: Mapped[datetime | None]
    error: Mapped[str] = mapped_column(Text, default="")


class PhoneCart(Base):
    """What a shopper on the phone has chosen, kept here as a browser keeps a cart.

    Its order has the same `cart_id`. `lines` are those of cart.models.Line, as lists.
    """

    __tablename__ = "phone_carts"

    cart_id: Mapped[str] = mapped_column(String(22), primary_key=True)
    lines: Mapped[list[Any]] = mapped_column(JSON, default=list)
    country: Mapped[str] = mapped_column(String(2), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    by: Mapped[str] = mapped_column(String(255))
    at: Mapped[datetime]
