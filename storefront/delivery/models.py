"""Where the shop sends to: zones of countries, and the methods of each."""

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.db import Base


class Zone(Base):
    """Countries that are served by the same methods."""

    __tablename__ = "delivery_zones"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(80), unique=True)

    countries: Mapped[list["ZoneCountry"]] = relationship(order_by="ZoneCountry.country")
    methods: Mapped[list["Method"]] = relationship(
        back_populates="zone", order_by="Method.position"
    )


class ZoneCountry(Base):
    """A country (ISO 3166-1, two letters); it lies in one zone only."""

    __tablename__ = "delivery_countries"

    country: Mapped[str] = mapped_column(String(2), primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("delivery_zones.id"))


class Method(Base):
    """One way to send. Prices are minor units; days are working days, None where not promised."""

    __tablename__ = "delivery_methods"
    __table_args__ = (
        CheckConstraint("price_minor BETWEEN 0 AND 99999999", name="price_minor"),
        CheckConstraint("free_from_minor >= 0", name="free_from_minor"),
        CheckConstraint("least_days BETWEEN 0 AND most_days", name="days"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    zone_id: Mapped[int] = mapped_column(ForeignKey("delivery_zones.id"))
    position: Mapped[int] = mapped_column(default=0)
    name: Mapped[str] = mapped_column(String(80))
    price_minor: Mapped[int]
    free_from_minor: Mapped[int | None]
    least_days: Mapped[int | None]
    most_days: Mapped[int | None]

    zone: Mapped[Zone] = relationship(back_populates="methods")
