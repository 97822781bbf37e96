"""The outbox: letters that are due, written in the transaction of their cause."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.db import Base

TO_STAFF = "staff"
FORGOTTEN = ""


class Letter(Base):
    """One mail. `cause` is unique, so each cause has at most one; it makes the Message-ID too.

    `recipient` is an address, or "staff" for the shop's own; '' once it is forgotten, with what it
    said. `facts` fill the template. `resent` says how often staff have sent it once more, each time
    as another mail.
    """

    __tablename__ = "letters"
    __table_args__ = (
        CheckConstraint("attempts >= 0", name="attempts"),
        Index(
            "ix_letters_due",
            "due_at",
            sqlite_where=text("sent_at IS NULL"),
            postgresql_where=text("sent_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    cause: Mapped[str] = mapped_column(String(120), unique=True)
    recipient: Mapped[str] = mapped_column(String(320), index=True)
    template: Mapped[str] = mapped_column(String(80))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    sent_at: Mapped[datetime | None]
    resent: Mapped[int] = mapped_column(default=0, server_default="0")
