"""Notices: who wishes to be told when a size is back."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.catalogue.models import Variant
from storefront.db import Base

LIVE_STATES = ("pending", "waiting")
LIVE = text("state IN ('pending', 'waiting')")  # for one address and size there is one such notice


class Notice(Base):
    """That somebody wishes to be told, once, when one size is back.

    `secret` is the address of its own page. A pending one is not confirmed yet; one that is told
    has had its mail; whoever has left is known no more: `email` is ''.
    """

    __tablename__ = "notices"
    __table_args__ = (
        CheckConstraint("state IN ('pending', 'waiting', 'told', 'left')", name="state"),
        CheckConstraint("email <> '' OR state IN ('told', 'left')", name="email"),
        Index(
            "uq_notices_live",
            "email",
            "variant_id",
            unique=True,
            sqlite_where=LIVE,
            postgresql_where=LIVE,
        ),
        Index("ix_notices_state", "state", "variant_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    secret: Mapped[str] = mapped_column(String(22), unique=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    email: Mapped[str] = mapped_column(String(254))
    state: Mapped[str] = mapped_column(String(20), default="pending")
    asked_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]

    variant: Mapped[Variant] = relationship()
