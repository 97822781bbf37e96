"""What may be read of returns: those of an order, their list, and one of them."""

from collections.abc import Mapping, Sequence

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from storefront.catalogue.models import Color, Variant
from storefront.db import db
from storefront.orders.models import FIRST_NUMBER, Order
from storefront.returns.models import OPEN, Return, ReturnLine
from storefront.staff.paging import Page, page_of

LONGEST = 9  # digits that are looked for
_WITH_LINES = (
    joinedload(Return.refund),
    selectinload(Return.lines).joinedload(ReturnLine.order_line),
)


def of_order(order_id: int) -> Sequence[Return]:
    """Return the returns of an order, oldest first."""
    chosen = select(Return).where(Return.order_id == order_id).order_by(Return.id)
    return db.session.scalars(chosen.options(*_WITH_LINES)).all()


def numbered(number: int) -> Return | None:
    """Return the return of this number, with its lines and its order."""
    chosen = select(Return).where(Return.number == number).join(Return.order)
    return db.session.scalar(chosen.options(contains_eager(Return.order), *_WITH_LINES))


def returns(*, state: str = "", q: str = "", page: int = 1) -> Page[Return]:
    """Return one page of the returns, newest first: all, or those in a state.

    `q` is the number of a return or of an order; anything else finds nothing.
    """
    listed = select(Return).options(joinedload(Return.order), *_WITH_LINES)
    if state:
        listed = listed.where(Return.state == state)
    if q:
        number = int(q) if q.isascii() and q.isdigit() and len(q) <= LONGEST else -1
        order_id = number - FIRST_NUMBER + 1
        listed = listed.where(or_(Return.number == number, Return.order_id == order_id))
    return page_of(listed.order_by(Return.id.desc()), page)


def waiting() -> Mapping[str, int]:
    """Return how many returns are open, by state."""
    rows = db.session.execute(
        select(Return.state, func.count(Return.id))
        .where(Return.state.in_(OPEN))
        .group_by(Return.state)
    )
    return dict(iter(rows))


def sizes_for(order: Order) -> Mapping[int, Sequence[Variant]]:
    """Return the published variants of each product that an order's lines are of, by its id."""
    ids = {line.left_variant_id for line in order.lines}
    ids |= {line.right_variant_id for line in order.lines}
    products = select(Variant.product_id).where(Variant.id.in_(ids - {None}))
    rows = db.session.scalars(
        select(Variant)
        .join(Variant.color)
        .where(Variant.product_id.in_(products), Variant.published)
        .options(contains_eager(Variant.color), joinedload(Variant.product))
        .order_by(Color.position, Variant.size_rank, Variant.width_rank, Variant.id)
    ).all()
    found: dict[int, list[Variant]] = {}
    for variant in rows:
        found.setdefault(variant.product_id, []).append(variant)
    return found
