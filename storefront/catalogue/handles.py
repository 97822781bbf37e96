"""Handles: each leads to one thing for ever, also after that has got another one."""

from typing import Any

from sqlalchemy import Select, select

from storefront.catalogue.models import Collection, FormerCollectionHandle, FormerHandle, Product
from storefront.catalogue.naming import slug, unlike
from storefront.db import db

NO_HANDLE = "Please write a handle: the title has no letters from a to z and no digits."
IS_RESERVED = "This handle is an address of the shop's own. Please write another."
IS_TAKEN = "Something else has this handle already."


class Refused(Exception):
    """Something cannot be saved: the field that it is about, and the sentence."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field
        self.sentence = sentence


class Handles:
    """The handles that one kind of thing has and had."""

    def __init__(self, owner: Any, former: Any, reserved: set[str]) -> None:
        self._owner, self._former, self._reserved = owner, former, reserved

    def former_owner(self, handle: str) -> str | None:
        """Return the present handle of what had this one before, or None."""
        found: str | None = db.session.scalar(
            select(self._owner.handle)
            .join(self._former, self._former.owner_id == self._owner.id)
            .where(self._former.handle == handle)
        )
        return found

    def leads_to(self, handle: str) -> Select[Any]:
        """Return the statement that reads what has or had this handle."""
        had = select(self._former.owner_id).where(self._former.handle == handle)
        return select(self._owner).where(
            (self._owner.handle == handle) | (self._owner.id == had.scalar_subquery())
        )

    def chosen(self, handle: str, title: str, owner_id: int = 0) -> str:
        """Return the handle that was written, or one made from the title. Raises Refused."""
        others = select(self._owner.handle).where(self._owner.id != owner_id)
        if handle in self._reserved:
            raise Refused("handle", IS_RESERVED)
        if handle:
            if db.session.scalar(others.where(self._owner.handle == handle)):
                raise Refused("handle", IS_TAKEN)
            return handle
        wanted = slug(title)[:76].rstrip("-")
        if not wanted:
            raise Refused("handle", NO_HANDLE)
        former = select(self._former.handle).where(self._former.owner_id != owner_id)
        taken = {
            *db.session.scalars(others.where(self._owner.handle.startswith(wanted))),
            *db.session.scalars(former.where(self._former.handle.startswith(wanted))),
            *self._reserved,
        }
        return unlike(wanted, taken, 80)

    def keep(self, thing: Any, old: str) -> None:
        """Write a thing and remember its old handle, '' for a new one. Raises Refused.

        Whether the handle leads elsewhere is asked after it is written: by then whoever gave it
        up has committed.
        """
        db.session.flush()
        former = db.session.get(self._former, thing.handle)
        if former is not None and former.owner_id != thing.id:
            owner = db.session.get_one(self._owner, former.owner_id)
            raise Refused("handle", f"“{owner.title}” had this handle before and keeps it.")
        if former is not None:
            db.session.delete(former)
        if old and old != thing.handle:
            db.session.add(self._former(handle=old, owner_id=thing.id))
        db.session.flush()


PRODUCTS = Handles(Product, FormerHandle, {"new"})
COLLECTIONS = Handles(Collection, FormerCollectionHandle, {"all", "new"})
