"""Collections: which products each of them shows, and what staff may change about them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, bindparam, func, literal, select

from storefront.catalogue import searching
from storefront.catalogue.editing import Moved
from storefront.catalogue.handles import COLLECTIONS, Refused
from storefront.catalogue.models import (
    Collection,
    CollectionPlace,
    FormerCollectionHandle,
    Product,
    ProductBrace,
)
from storefront.catalogue.selection import Selection
from storefront.db import db
from storefront.remembered import remembered
from storefront.staff.paging import Page, page_of

RULES = {  # how products come into a collection, in words
    "hand": "Products that I choose",
    "tag": "All with a tag",
    "type": "All of a type",
    "brace": "All that fit a brace",
    "hands": "All that one or two hands close",
}
MOST_CHOSEN = 500
MOST_LINKED = 40

NO_VALUE = "Please write which one."
NO_HANDS = "Please write 1 or 2."


class CollectionRow(NamedTuple):
    """A collection as its page shows it."""

    id: int
    handle: str
    title: str
    description: str
    rule: str
    rule_value: str


class Link(NamedTuple):
    """A collection as another page links to it."""

    handle: str
    title: str


_VALUE: BindParameter[Any] = bindparam("value")
_ID: BindParameter[Any] = bindparam("collection_id")
_IN_PLACE = (CollectionPlace.product_id == Product.id) & (CollectionPlace.collection_id == _ID)
_PLACE = select(CollectionPlace.position).where(_IN_PLACE).scalar_subquery()
_TAGS = literal(",") + func.replace(func.lower(Product.tags), ", ", ",") + ","
_LISTED = (Product.position, Product.id)
_SELECTIONS = {
    "hand": Selection(_PLACE, where=select(CollectionPlace.product_id).where(_IN_PLACE).exists()),
    "tag": Selection(*_LISTED, where=_TAGS.like(_VALUE, escape="/")),
    "type": Selection(*_LISTED, where=func.lower(Product.product_type) == _VALUE),
    "brace": Selection(
        *_LISTED,
        where=select(ProductBrace.product_id)
        .where(ProductBrace.product_id == Product.id, func.lower(ProductBrace.brace) == _VALUE)
        .exists(),
    ),
    "hands": Selection(*_LISTED, where=Product.hands == _VALUE),
}
_IN_STOCK_FIRST = {rule: found.in_stock_first() for rule, found in _SELECTIONS.items()}
_PUBLISHED = select(*(getattr(Collection, name) for name in CollectionRow._fields)).where(
    Collection.published
)
_ONE = _PUBLISHED.where(Collection.handle == bindparam("handle"))
_HAD = select(FormerCollectionHandle.owner_id).where(
    FormerCollectionHandle.handle == bindparam("handle")
)
_LED_TO = _PUBLISHED.where(
    (Collection.handle == bindparam("handle")) | (Collection.id == _HAD.scalar_subquery())
)
_LINKS = (
    select(Collection.handle, Collection.title)
    .where(Collection.published)
    .order_by(Collection.position, Collection.id)
    .limit(MOST_LINKED)
)


def collection(handle: str) -> CollectionRow | None:
    """Return a published collection, or None."""
    row = db.rows(_ONE, {"handle": handle}).one_or_none()
    return None if row is None else CollectionRow._make(row)


def led_to(handle: str) -> CollectionRow | None:
    """Return the published collection that has or had this handle, or None."""
    row = db.rows(_LED_TO, {"handle": handle}).one_or_none()
    return None if row is None else CollectionRow._make(row)


@remembered
def links() -> list[Link]:
    """Return the published collections in order."""
    return [Link._make(row) for row in db.rows(_LINKS, {})]


def addresses() -> list[tuple[str, date]]:
    """Return the address of each published collection, and the day of its last change."""
    rows = db.session.execute(
        select(Collection.handle, Collection.updated_at)
        .where(Collection.published)
        .order_by(Collection.position, Collection.id)
    )
    return [(f"/collections/{handle}", at.date()) for handle, at in rows]


def selection(of: CollectionRow, *, in_stock_first: bool = False) -> Selection:
    """Return the products of a collection, in its order."""
    selections = _IN_STOCK_FIRST if in_stock_first else _SELECTIONS
    value = of.rule_value.strip().lower()
    if of.rule == "hand":
        return selections["hand"].given(collection_id=of.id)
    if of.rule == "tag":
        plain = value.replace("/", "//").replace("%", "/%").replace("_", "/_")
        return selections["tag"].given(value=f"%,{plain},%")
    return selections[of.rule].given(value=int(value) if of.rule == "hands" else value)


def for_staff(handle: str) -> Collection | None:
    """Return a collection that has or had this handle, also one that is not published."""
    found: Collection | None = db.session.scalar(COLLECTIONS.leads_to(handle))
    return found


def listed_for_staff(page: int) -> Page[Collection]:
    """Return one page of all collections, in the shop's order."""
    return page_of(select(Collection).order_by(Collection.position, Collection.id), page)


def chosen_handles(of: Collection) -> list[str]:
    """Return the handles of the products that were put into a collection, in order."""
    return list(
        db.session.scalars(
            select(Product.handle)
            .join(CollectionPlace, CollectionPlace.product_id == Product.id)
            .where(CollectionPlace.collection_id == of.id)
            .order_by(CollectionPlace.position)
        )
    )


def create(facts: Mapping[str, Any], *, products: Sequence[str], now: datetime) -> Collection:
    """Add a collection. Raises Refused."""
    made = Collection(updated_at=now)
    _write(made, facts, products)
    db.session.add(made)
    COLLECTIONS.keep(made, old="")
    searching.note_collection(made)
    return made


def change(
    collection_id: int,
    facts: Mapping[str, Any],
    *,
    products: Sequence[str],
    based_on: str,
    now: datetime,
) -> None:
    """Change a collection; an old handle leads to it for ever. Raises Moved, or Refused."""
    changed = db.session.scalars(
        select(Collection)
        .where(Collection.id == collection_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)  # what was read before the lock is old
    ).one()
    if changed.updated_at.isoformat() != based_on:
        raise Moved
    old = changed.handle
    for place in changed.places:
        db.session.delete(place)
    db.session.flush()
    db.session.expire(changed, ["places"])
    _write(changed, facts, products)
    changed.updated_at = now
    COLLECTIONS.keep(changed, old)
    searching.note_collection(changed)


def _write(to: Collection, facts: Mapping[str, Any], products: Sequence[str]) -> None:
    _refuse_rule(facts)
    ids = _ids_of(products)
    handle = COLLECTIONS.chosen(facts["handle"], facts["title"], to.id or 0)
    for name, value in {**facts, "handle": handle}.items():
        setattr(to, name, value)
    to.places = [
        CollectionPlace(product_id=product_id, position=place)
        for place, product_id in enumerate(ids)
    ]


def _refuse_rule(facts: Mapping[str, Any]) -> None:
    value = facts["rule_value"].strip()
    if facts["rule"] != "hand" and not value:
        raise Refused("rule_value", NO_VALUE)
    if facts["rule"] == "hands" and value not in {"1", "2"}:
        raise Refused("rule_value", NO_HANDS)


def _ids_of(handles: Sequence[str]) -> list[int]:
    """Return the ids of products by their handles, in this order. Raises Refused."""
    if len(handles) > MOST_CHOSEN:
        raise Refused("products", f"A collection may have {MOST_CHOSEN} products by hand.")
    rows = select(Product.handle, Product.id).where(Product.handle.in_(handles))
    ids = {handle: number for handle, number in db.session.execute(rows)}  # noqa: C416 - typed
    for handle in handles:
        if handle not in ids:
            raise Refused("products", f"No product has the handle “{handle}”.")
    return [ids[handle] for handle in handles]
