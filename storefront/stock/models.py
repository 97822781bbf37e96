"""Holds, and the ledger of every change of a count."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.catalogue.models import Variant
from storefront.db import Base
from storefront.orders.models import OrderLine


class Hold(Base):
    """Shoes kept for one order line. `held_*` of a variant is the sum of its live holds."""

    __tablename__ = "holds"
    __table_args__ = (
        CheckConstraint('"left" >= 0 AND "right" >= 0 AND "left" + "right" > 0', name="shoes"),
        CheckConstraint("kind IN ('payment', 'exchange')", name="kind"),
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended"),
        Index(
            "uq_holds_live",
            "order_line_id",
            "variant_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_lines.id"), index=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"), index=True)
    left: Mapped[int] = mapped_column("left")
    right: Mapped[int] = mapped_column("right")
    kind: Mapped[str] = mapped_column(String(20), default="payment")
    since: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    end_reason: Mapped[str | None] = mapped_column(String(20))

    order_line: Mapped[OrderLine] = relationship()


class Movement(Base):
    """One line of the ledger: written once, never edited. The sum of all lines is the count.

    `undoes_id` is the line that this one takes back; a line is taken back once.
    """

    __tablename__ = "movements"
    __table_args__ = (
        CheckConstraint("left_change <> 0 OR right_change <> 0", name="change"),
        CheckConstraint(
            "reason IN ('counted', 'received', 'sold', 'exchanged', 'returned', 'damaged',"
            " 'corrected')",
            name="reason",
        ),
        Index("ix_movements_variant", "variant_id", "id"),
        Index("uq_movements_undoes_id", "undoes_id", unique=True),
        *(
            Index(
                f"uq_movements_sold_{side}",
                "order_line_id",
                unique=True,
                sqlite_where=text(f"reason = 'sold' AND {side}_change <> 0"),
                postgresql_where=text(f"reason = 'sold' AND {side}_change <> 0"),
            )
            for side in ("left", "right")
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    variant_id: Mapped[int] = mapped_column(ForeignKey("variants.id"))
    left_change: Mapped[int]
    right_change: Mapped[int]
    reason: Mapped[str] = mapped_column(String(20))
    note: Mapped[str] = mapped_column(Text, default="")
    by: Mapped[str] = mapped_column(String(255))
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_lines.id"))
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("movements.id"))
    at: Mapped[datetime]
    left_after: Mapped[int]
    right_after: Mapped[int]

    variant: Mapped[Variant] = relationship()
    order_line: Mapped[OrderLine | None] = relationship()
    undoes: Mapped["Movement | None"] = relationship(
        remote_side="Movement.id", back_populates="undone_by"
    )
    undone_by: Mapped["Movement | None"] = relationship(back_populates="undoes", uselist=False)
