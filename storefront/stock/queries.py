"""What may be read of the stock: its list, one variant, its ledger and its holds."""

from collections.abc import Sequence

from sqlalchemy import Select, select, union
from sqlalchemy.orm import joinedload

from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.orders.models import OrderLine
from storefront.staff.paging import Page, page_of
from storefront.stock.models import Hold, Movement


def variants(*, q: str = "", product: str = "", page: int = 1) -> Page[Variant]:
    """Return one page of the variants whose sku or title holds `q`, grouped by product."""
    listed = select(Variant).options(joinedload(Variant.product), joinedload(Variant.color))
    if q:
        listed = listed.where(Variant.id.in_(_found(q)))
    if product:
        listed = listed.where(
            Variant.product_id == select(Product.id).filter_by(handle=product).scalar_subquery()
        )
    return page_of(
        listed.order_by(
            Variant.product_id,
            Variant.color_id,
            Variant.width_rank,
            Variant.size_rank,
            Variant.id,
        ),
        page,
    )


def _found(q: str) -> Select[int]:
    """Select ids by sku and by title apart, so that each side reads its own small index."""
    by_sku = select(Variant.id).where(Variant.sku.icontains(q, autoescape=True))
    by_title = (
        select(Variant.id).join(Variant.product).where(Product.title.icontains(q, autoescape=True))
    )
    found = union(by_sku, by_title).subquery()
    return select(found.c.id)


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
        .options(joinedload(Movement.order_line).joinedload(OrderLine.order))
        .order_by(Movement.id.desc()),
        page,
    )


def live_holds(variant_id: int) -> Sequence[Hold]:
    """Return what is held of a variant now, with its orders, oldest first."""
    return db.session.scalars(
        select(Hold)
        .where(Hold.variant_id == variant_id, Hold.ended_at.is_(None))
        .options(joinedload(Hold.order_line).joinedload(OrderLine.order))
        .order_by(Hold.id)
    ).all()
