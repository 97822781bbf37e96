"""What the payment company told us."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
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
