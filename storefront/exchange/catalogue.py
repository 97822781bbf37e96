"""A read catalogue into the shop: the new is added, what differs is changed, nothing is removed."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.catalogue.models import Color, Product, Variant
from storefront.db import db
from storefront.exchange.shopify import Catalogue, ProductRows, VariantRow, slug
from storefront.stock import ledger
from storefront.stock.ledger import Shoes


@dataclass
class Changes:
    """How much an import changed, or would change."""

    products_new: int = 0
    variants_new: int = 0
    fields_changed: int = 0

    @property
    def total(self) -> int:
        return self.products_new + self.variants_new + self.fields_changed

    def set(self, thing: Any, **values: Any) -> None:
        """Set attributes that differ and count them."""
        for name, value in values.items():
            if getattr(thing, name) != value:
                setattr(thing, name, value)
                self.fields_changed += 1


class _DryRun(Exception):
    """Rolls a dry run back."""


def take(
    catalogue: Catalogue,
    *,
    by: str,
    now: datetime,
    apply: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> Changes:
    """Import in one transaction and return the changes; a dry run does the same and rolls back.

    A variant is known by handle and option values. Its stock is set when it is new, never later.
    """
    changes = Changes()
    try:
        with db.writing():
            for place, rows in enumerate(catalogue.products.values()):
                _take_product(rows, changes, place=place, by=by, now=now)
                progress(place + 1)
            if not apply:
                raise _DryRun
    except _DryRun:
        pass
    return changes


def _take_product(
    rows: ProductRows, changes: Changes, *, place: int, by: str, now: datetime
) -> None:
    product = db.session.scalar(
        select(Product)
        .where(Product.handle == rows.handle)
        .options(
            selectinload(Product.colors), selectinload(Product.variants).joinedload(Variant.color)
        )
    )
    before = changes.total
    facts = {
        "title": rows.title,
        "description": rows.description,
        "vendor": rows.vendor,
        "product_type": rows.product_type,
        "tags": rows.tags,
        "published": rows.published,
        "size_label": rows.size_label,
        "width_label": rows.width_label,
    }
    if product is None:
        product = Product(
            handle=rows.handle, position=place, created_at=now, updated_at=now, **facts
        )
        db.session.add(product)
        changes.products_new += 1
    else:
        changes.set(product, **facts)
    sizes = _ranks([variant.size for variant in rows.variants])
    widths = _ranks([variant.width for variant in rows.variants])
    known = {(v.color.name, v.size, v.width): v for v in product.variants}
    for row in rows.variants:
        values = {
            "sku": row.sku,
            "size_rank": sizes[row.size],
            "width_rank": widths[row.width],
            "price_minor": row.price_minor,
            "compare_at_minor": row.compare_at_minor,
            "weight_g": row.weight_g,
            "barcode": row.barcode,
            "counted": row.counted,
        }
        variant = known.get((row.color, row.size, row.width))
        if variant is None:
            _add_variant(product, row, values, by=by, now=now)
            changes.variants_new += 1
        else:
            changes.set(variant, **values)
    if changes.total != before:
        product.updated_at = now
    db.session.flush()
    db.session.expunge_all()


def _add_variant(
    product: Product, row: VariantRow, values: dict[str, Any], *, by: str, now: datetime
) -> None:
    color = next((color for color in product.colors if color.name == row.color), None)
    if color is None:
        color = Color(name=row.color, slug=_color_slug(product, row.color))
        color.position = len(product.colors)
        product.colors.append(color)
    variant = Variant(color=color, size=row.size, width=row.width, **values)
    product.variants.append(variant)
    db.session.flush()
    if row.counted and row.pairs:
        ledger.count(
            variant.id,
            Shoes(row.pairs, row.pairs),
            based_on=Shoes(0, 0),
            note="First count, from the product file",
            by=by,
            now=now,
        )


def _color_slug(product: Product, name: str) -> str:
    """Return a slug that no other color of the product has; '' for the only color, unnamed."""
    taken = {color.slug for color in product.colors}
    wanted = slug(name)[:76] or ("color" if name else "")
    count, found = 1, wanted
    while found in taken:
        count += 1
        found = f"{wanted}-{count}"
    return found


def _ranks(values: list[str]) -> dict[str, int]:
    """Rank values in the order in which the file has them."""
    return {value: rank for rank, value in enumerate(dict.fromkeys(values))}
