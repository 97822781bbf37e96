"""Coach locations: where a person can try shoes with help."""

from datetime import date

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from storefront.db import Base


class Coach(Base):
    """A place with a coach. `access` holds one plain fact a line."""

    __tablename__ = "coaches"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(255))
    street: Mapped[str] = mapped_column(String(255))
    city: Mapped[str] = mapped_column(String(255))
    state: Mapped[str] = mapped_column(String(80))
    postal_code: Mapped[str] = mapped_column(String(20))
    phone: Mapped[str] = mapped_column(String(40))
    hours: Mapped[str] = mapped_column(String(255))
    access: Mapped[str] = mapped_column(Text)
    about: Mapped[str] = mapped_column(Text)
    interest: Mapped[str] = mapped_column(Text)
    last_checked: Mapped[date]
