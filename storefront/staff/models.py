"""People who work here, and their roles."""

from datetime import datetime

from flask_security import RoleMixin, UserMixin
from sqlalchemy import Column, ForeignKey, String, Table
from sqlalchemy.orm import Mapped, mapped_column, relationship

from storefront.db import Base

ROLES = ("owner", "stock", "editor", "reviewer")

staff_roles = Table(
    "staff_roles",
    Base.metadata,
    Column("staff_id", ForeignKey("staff.id"), primary_key=True),
    Column("role_id", ForeignKey("roles.id"), primary_key=True),
)


class Role(Base, RoleMixin):
    """What a member of staff may do."""

    __tablename__ = "roles"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20), unique=True)


class Member(Base, UserMixin):
    """A member of staff. `fs_uniquifier` ends all sessions when it is changed."""

    __tablename__ = "staff"

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(255), unique=True)
    name: Mapped[str] = mapped_column(String(255), default="")
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]

    roles: Mapped[list[Role]] = relationship(secondary=staff_roles, lazy="joined")  # type: ignore[assignment]

    @property
    def known_as(self) -> str:
        """How the ledger and other staff know this person."""
        return self.name or self.email
