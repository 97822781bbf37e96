"""What staff may read of the orders: their list, and one order whole."""

from collections.abc import Mapping

from sqlalchemy import exists, func, select, union
from sqlalchemy.orm import aliased, joinedload, selectinload

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.orders.models import FIRST_NUMBER, Dispute, Order, OrderMark, Refund
from storefront.orders.packing import HAS_SHOES
from storefront.staff.paging import Page, page_of

_TO_SEND = (Order.state == "paid") & HAS_SHOES
_LATER = aliased(Refund)
# What waits for a person; a payment that is processing waits for the bank.
_ASKING = union(
    select(OrderMark.order_id).where(
        OrderMark.ended_at.is_(None), OrderMark.kind.in_(("owed", "parked"))
    ),
    select(Dispute.order_id).where(Dispute.ended_at.is_(None)),
    select(Refund.order_id).where(
        Refund.status.in_(("failed", "refused")),
        ~exists().where(_LATER.order_id == Refund.order_id, _LATER.id > Refund.id),
    ),
)


def orders(*, state: str = "", page: int = 1) -> Page[Order]:
    """Return one page of the orders, newest first: all, or those in a state.

    "asking" are those with an open question, "to-send" those of which shoes are to be packed, the
    oldest first.
    """
    listed = select(Order).options(selectinload(Order.lines), selectinload(Order.marks))
    if state == "asking":
        listed = listed.where(Order.id.in_(_ASKING))
    elif state == "to-send":
        listed = listed.where(_TO_SEND)
    elif state:
        listed = listed.where(Order.state == state)
    return page_of(listed.order_by(Order.id if state == "to-send" else Order.id.desc()), page)


def order(number: int) -> Order | None:
    """Return the order that people call by this number, with all that hangs on it."""
    return db.session.scalar(
        select(Order)
        .where(Order.id == number - FIRST_NUMBER + 1)
        .options(
            selectinload(Order.lines),
            selectinload(Order.pages),
            selectinload(Order.marks),
            selectinload(Order.refunds).selectinload(Refund.lines),
            selectinload(Order.disputes),
            joinedload(Order.dispatch),
        )
    )


def skus(shown: Order) -> Mapping[int, str]:
    """Return the sku of each variant that an order's lines name, by the variant's id."""
    ids = {line.left_variant_id for line in shown.lines}
    ids |= {line.right_variant_id for line in shown.lines}
    rows = db.session.execute(select(Variant.id, Variant.sku).where(Variant.id.in_(ids - {None})))
    return dict(iter(rows))


def to_send() -> int:
    """Return how many orders are paid, with shoes that are not on their way yet."""
    return db.session.scalar(select(func.count(Order.id)).where(_TO_SEND)) or 0


def asking() -> int:
    """Return how many orders have a mark that staff must see to."""
    return db.session.scalar(select(func.count()).select_from(_ASKING.subquery())) or 0
