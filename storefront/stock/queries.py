"""What may be read of the stock: its list, one variant, its ledger and its holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from storefront.catalogue.models import Color, Product, Variant
from storefront.db import db
from storefront.orders.models import Order, OrderLine
from storefront.staff.paging import PAGE_SIZE, Page, page_of
from storefront.stock.ledger import Shoes
from storefront.stock.models import Hold, Movement

MOST_SEARCHED = 80  # characters


class NoSuchPlace(Exception):
    """The list is to go on after a sku that the shop does not have."""


@dataclass(frozen=True)
class Listed:
    """Some variants, and the sku after which the list goes on, or None at its end."""

    rows: Sequence[Variant]
    after: str | None


# The unique key of variants begins with the first two, so the database sorts one color at a time.
LIST_ORDER = (
    Variant.product_id,
    Variant.color_id,
    Variant.width_rank,
    Variant.size_rank,
    Variant.id,
)

_ODD = Variant.on_hand_left != Variant.on_hand_right


def variants(
    *, q: str = "", product: str = "", odd: bool = False, most: int | None = None, after: str = ""
) -> Listed:
    """Return the variants after a sku of which every word of `q` is found, grouped by product.

    `odd`: only those with more left or more right shoes. `most`: only those on sale of which at
    most so many pairs are free. Raises NoSuchPlace where `after` is no
    sku of the shop.
    """
    listed = select(Variant).options(joinedload(Variant.product), joinedload(Variant.color))
    for word in dict.fromkeys(q[:MOST_SEARCHED].split()):
        listed = listed.where(_has(word))
    if product:
        listed = listed.where(
            Variant.product_id == select(Product.id).filter_by(handle=product).scalar_subquery()
        )
    if odd:
        listed = listed.where(_ODD)
    if most is not None:
        listed = listed.where(_has_at_most(most))
    if after:
        listed = listed.where(tuple_(*LIST_ORDER) > tuple_(*map(literal, _place_of(after))))
    rows = db.session.scalars(listed.order_by(*LIST_ORDER).limit(PAGE_SIZE + 1)).all()
    more = len(rows) > PAGE_SIZE
    return Listed(rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].sku if more else None)


def odd_low_out(low: int) -> tuple[int, int, int]:
    """Return how many shoes have no other one of their size, of how many sizes on sale at most
    `low` pairs are free, and how many of these are sold out.
    """
    apart = func.abs(Variant.on_hand_left - Variant.on_hand_right)
    few, none = (case((_has_at_most(pairs), 1), else_=0) for pairs in (low, 0))
    found = db.session.execute(select(func.sum(apart), func.sum(few), func.sum(none))).one()
    odd, at_most, out = (int(number or 0) for number in found)
    return odd, at_most, out


def _has_at_most(pairs: int) -> ColumnElement[bool]:
    return Variant.published & Variant.counted & (Variant.free_pairs <= pairs)


def to_pack(variant_ids: Sequence[int]) -> dict[int, Shoes]:
    """Return what was sold of these variants in orders that are not sent yet.

    It lies on the shelf, and is not in the count any more.
    """
    sold = (
        select(
            Movement.variant_id,
            -func.sum(Movement.left_change),
            -func.sum(Movement.right_change),
        )
        .join(OrderLine, OrderLine.id == Movement.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.state == "paid",
            Movement.variant_id.in_(variant_ids),
            Movement.reason.in_(("sold", "returned")),
        )
        .group_by(Movement.variant_id)
    )
    found = {
        variant_id: Shoes(int(left), int(right))
        for variant_id, left, right in db.session.execute(sold)
    }
    return {variant_id: shoes for variant_id, shoes in found.items() if shoes != Shoes(0, 0)}


def _place_of(sku: str) -> tuple[int, ...]:
    row = db.session.execute(select(*LIST_ORDER).where(Variant.sku == sku)).one_or_none()
    if row is None:
        raise NoSuchPlace
    return tuple(row)


def _has(word: str) -> ColumnElement[bool]:
    """Whether a word is in title, handle, color, sku, size or width.

    Products and colors are looked through once by themselves, not again for each variant.
    """

    def holds(column: InstrumentedAttribute[str]) -> ColumnElement[bool]:
        return column.icontains(word, autoescape=True)

    products = select(Product.id).where(or_(holds(Product.title), holds(Product.handle)))
    colors = select(Color.id).where(holds(Color.name))
    return or_(
        Variant.product_id.in_(products),
        Variant.color_id.in_(colors),
        *map(holds, (Variant.sku, Variant.size, Variant.width)),
    )


def title_of(product: str) -> str | None:
    """Return the title of the product with this handle, or None."""
    return db.session.scalar(select(Product.title).where(Product.handle == product))


def variant(sku: str) -> Variant | None:
    """Return a variant with its product and color, also one that is not sold any more."""
    return db.session.scalar(
        select(Variant)
        .where(Variant.sku == sku)
        .options(joinedload(Variant.product), joinedload(Variant.color))
    )


def ledger(variant_id: int, *, page: int = 1) -> Page[Movement]:
    """Return one page of a variant's ledger with its orders, newest first."""
    return page_of(
        select(Movement)
        .where(Movement.variant_id == variant_id)
        .options(
            joinedload(Movement.order_line).joinedload(OrderLine.order),
            joinedload(Movement.undoes),
            joinedload(Movement.undone_by),
        )
        .order_by(Movement.id.desc()),
        page,
    )


def latest(variant_id: int) -> Movement | None:
    """Return the newest line of a variant's ledger."""
    return db.session.scalar(
        select(Movement)
        .where(Movement.variant_id == variant_id)
        .order_by(Movement.id.desc())
        .limit(1)
    )


def line(variant_id: int, line_id: int) -> Movement | None:
    """Return a line of a variant's ledger."""
    return db.session.scalar(select(Movement).filter_by(id=line_id, variant_id=variant_id))


def live_holds(variant_id: int) -> Sequence[Hold]:
    """Return what is held of a variant now, with its orders, oldest first."""
    return db.session.scalars(
        select(Hold)
        .where(Hold.variant_id == variant_id, Hold.ended_at.is_(None))
        .options(joinedload(Hold.order_line).joinedload(OrderLine.order))
        .order_by(Hold.id)
    ).all()
