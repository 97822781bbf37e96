"""Which products a shopper may see, in an order; with the statements that read them."""

from copy import copy
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Integer,
    Select,
    bindparam,
    case,
    func,
    literal_column,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute

from storefront.catalogue.models import Product, Variant
from storefront.db import db


class Selection:
    """Products that a shopper may see, in an order; with the statements that read them."""

    def __init__(
        self,
        *order: ColumnElement[Any] | InstrumentedAttribute[Any],
        where: ColumnElement[bool] | None = None,
    ) -> None:
        self.order, self._where = order, where
        on_sale = select(Variant.id).where(Variant.product_id == Product.id, Variant.published)
        ids: Select[int] = select(Product.id).where(Product.published, on_sale.exists())
        if where is not None:
            ids = ids.where(where)
        self.products, self.whole = ids, ids.order_by(*order)
        self.count = select(func.count()).select_from(ids.subquery())
        self.page = self.whole.limit(bindparam("limit", type_=Integer)).offset(
            bindparam("offset", type_=Integer)
        )
        self.values: dict[str, Any] = {}

    def in_stock_first(self) -> "Selection":
        """Return the same products, those first that can be bought."""
        last = case((_CAN_BUY, literal_column("0")), else_=literal_column("1"))
        return Selection(last, *self.order, where=self._where)

    def narrowed(self, condition: ColumnElement[bool], *order: Any) -> "Selection":
        """Return those of the products that meet a condition too, in another order."""
        both = condition if self._where is None else self._where & condition
        return Selection(*order, where=both).given(**self.values)

    def given(self, **values: Any) -> "Selection":
        """Return the same selection for these values of its parameters."""
        narrowed = copy(self)
        narrowed.values = values
        return narrowed

    def ids(self, *, limit: int, offset: int) -> list[int]:
        """Return the ids of a part of the selection, in its order."""
        return list(db.rows(self.page, {**self.values, "limit": limit, "offset": offset}).scalars())


_CAN_BUY = (
    select(Variant.id)
    .where(
        Variant.product_id == Product.id,
        Variant.published,
        (Variant.free_pairs > 0) | ~Variant.counted,
    )
    .exists()
)

LISTED = Selection(Product.position, Product.id)
LATEST = Selection(Product.created_at.desc(), Product.position, Product.id).in_stock_first()


def count(selection: Selection) -> int:
    """Return how many products a selection holds."""
    return int(db.rows(selection.count, selection.values).scalar_one())


def handles(selection: Selection) -> list[str]:
    """Return the handles of a selection's products, a hundred at most."""
    named = select(Product.handle).where(Product.id.in_(selection.products)).limit(100)
    return list(db.rows(named, selection.values).scalars())
