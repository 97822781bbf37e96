"""A read catalogue into the shop: the new is added, what differs is changed, nothing is removed."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from time import sleep
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.catalogue import searching
from storefront.catalogue.models import Color, FormerHandle, Product, Variant
from storefront.catalogue.naming import color_slug
from storefront.db import db, new_secret
from storefront.exchange.shopify import Catalogue, ProductRows, VariantRow
from storefront.stock import ledger
from storefront.stock.ledger import Shoes

IN_ONE_QUERY = 1000  # skus asked for at once
IN_ONE_WRITE = 500  # variants, unless one product has more
BREATH = 0.15  # seconds between two writes; who waits for SQLite's lock looks every 0.1

Owners = dict[str, tuple[str, str, str, str]]  # by sku: handle, color, size, width


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


def refuse_former_handles(catalogue: Catalogue) -> None:
    """Move products whose handle leads to a renamed product to the file's wrong rows."""
    handles = list(catalogue.products)
    for start in range(0, len(handles), IN_ONE_QUERY):
        chosen = FormerHandle.handle.in_(handles[start : start + IN_ONE_QUERY])
        for old, present in db.session.execute(
            select(FormerHandle.handle, Product.handle)
            .join(Product, FormerHandle.owner_id == Product.id)
            .where(chosen)
        ):
            row = next((variant.row for variant in catalogue.products.pop(old).variants), 0)
            reason = f"{old!r} was renamed to {present!r}; please write that one"
            catalogue.errors.append((row, f"Handle: {reason}"))
    catalogue.errors.sort()


def refuse_taken_skus(catalogue: Catalogue) -> None:
    """Move rows whose sku belongs to another variant of the shop to the file's wrong rows.

    Skus may change places inside a product, where the file has the rows of both.
    """
    skus = [row.sku for product in catalogue.products.values() for row in product.variants]
    owners: Owners = {}
    for start in range(0, len(skus), IN_ONE_QUERY):
        for sku, handle, color, size, width in db.session.execute(
            select(Variant.sku, Product.handle, Color.name, Variant.size, Variant.width)
            .join(Variant.product)
            .join(Variant.color)
            .where(Variant.sku.in_(skus[start : start + IN_ONE_QUERY]))
        ):
            owners[sku] = (handle, color, size, width)
    while wrong := _taken(catalogue, owners):  # a row left out gives its own sku up no more
        for product, row, reason in wrong:
            catalogue.errors.append((row.row, f"Variant SKU: {row.sku!r} {reason}"))
            product.variants.remove(row)
            if not product.variants:
                del catalogue.products[product.handle]
    catalogue.errors.sort()


def _taken(catalogue: Catalogue, owners: Owners) -> list[tuple[ProductRows, VariantRow, str]]:
    wrong = []
    for product in catalogue.products.values():
        here = {(product.handle, row.color, row.size, row.width) for row in product.variants}
        for row in product.variants:
            owner = owners.get(row.sku)
            if owner is None or owner in here:
                continue
            handle, *options = owner
            if handle != product.handle:
                reason = f"belongs to another product already: {handle!r}"
            else:
                name = " / ".join(filter(None, options))
                reason = f"belongs to {name!r} of this product, which the file does not have"
            wrong.append((product, row, reason))
    return wrong


def take(
    catalogue: Catalogue,
    *,
    by: str,
    now: datetime,
    apply: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> Changes:
    """Import in short transactions and return the changes; a dry run rolls each of them back.

    A variant is known by handle and option values. Its stock is set when it is new, never later.
    An import that is broken off leaves whole products; the next one takes the rest.
    """
    changes, done = Changes(), 0
    for batch in _batches(catalogue):
        if done and db.engine.dialect.name == "sqlite":
            sleep(BREATH)
        try:
            with db.writing():
                _take_batch(batch, changes, by=by, now=now)
                if not apply:
                    raise _DryRun
        except _DryRun:
            pass
        db.session.expunge_all()
        for _ in batch:
            done += 1
            progress(done)
    return changes


def _batches(catalogue: Catalogue) -> Iterator[list[tuple[int, ProductRows]]]:
    """Yield products with their places in the file, about IN_ONE_WRITE variants at a time."""
    batch: list[tuple[int, ProductRows]] = []
    variants = 0
    for place, rows in enumerate(catalogue.products.values()):
        if batch and variants + len(rows.variants) > IN_ONE_WRITE:
            yield batch
            batch, variants = [], 0
        batch.append((place, rows))
        variants += len(rows.variants)
    if batch:
        yield batch


def _take_batch(
    batch: list[tuple[int, ProductRows]], changes: Changes, *, by: str, now: datetime
) -> None:
    products = _locked([rows.handle for _, rows in batch])
    with db.session.no_autoflush:
        counted = [
            new
            for place, rows in batch
            for new in _take_product(products.get(rows.handle), rows, changes, place=place, now=now)
        ]
        changed = _changed_products()
        db.session.flush()
        for variant, pairs in counted:
            ledger.count(
                variant.id,
                Shoes(pairs, pairs),
                based_on=Shoes(0, 0),
                note="First count, from the product file",
                by=by,
                now=now,
            )
    searching.note(*changed)


def _changed_products() -> set[Product]:
    """Return the products of which something is about to be written."""
    written = [*db.session.new, *filter(db.session.is_modified, db.session.dirty)]
    return {
        thing if isinstance(thing, Product) else thing.product
        for thing in written
        if isinstance(thing, Product | Color | Variant)
    }


def _locked(handles: list[str]) -> dict[str, Product]:
    """Read products whole and lock their variants, in id order as every purchase does.

    The lock is FOR NO KEY UPDATE: an order line may refer to a locked variant meanwhile.
    """
    chosen = Product.handle.in_(handles)
    db.session.execute(
        select(Variant.id)
        .join(Variant.product)
        .where(chosen)
        .order_by(Variant.id)
        .with_for_update(of=Variant, key_share=True)
    )
    products = db.session.scalars(
        select(Product)
        .where(chosen)
        .options(
            selectinload(Product.colors), selectinload(Product.variants).joinedload(Variant.color)
        )
    )
    return {product.handle: product for product in products}


def _take_product(
    product: Product | None, rows: ProductRows, changes: Changes, *, place: int, now: datetime
) -> list[tuple[Variant, int]]:
    """Add or change one product; return its new variants that have stock, and their pairs."""
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
    _free_skus(known, rows)
    counted = []
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
        if variant is not None:
            changes.set(variant, **values)
            continue
        variant = _add_variant(product, row, values)
        changes.variants_new += 1
        if row.counted and row.pairs:
            counted.append((variant, row.pairs))
    if changes.total != before:
        product.updated_at = now
    return counted


def _free_skus(known: dict[tuple[str, str, str], Variant], rows: ProductRows) -> None:
    """Take a sku off its variant where the file gives it to another one of the product.

    No two variants may have the same sku even for a moment; the file has a new one for the first.
    """
    wanted = {row.sku: (row.color, row.size, row.width) for row in rows.variants}
    moving = [variant for at, variant in known.items() if wanted.get(variant.sku, at) != at]
    for variant in moving:
        variant.sku = new_secret()
    if moving:
        db.session.flush()


def _add_variant(product: Product, row: VariantRow, values: dict[str, Any]) -> Variant:
    color = next((color for color in product.colors if color.name == row.color), None)
    if color is None:
        color = Color(name=row.color, slug=color_slug(row.color, {c.slug for c in product.colors}))
        color.position = len(product.colors)
        product.colors.append(color)
    variant = Variant(color=color, size=row.size, width=row.width, **values)
    product.variants.append(variant)
    return variant


def _ranks(values: list[str]) -> dict[str, int]:
    """Rank values in the order in which the file has them."""
    return {value: rank for rank, value in enumerate(dict.fromkeys(values))}
