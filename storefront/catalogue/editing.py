"""What staff may change about products: facts, colors, pictures, sizes. Never a count.

Each act is called inside `db.writing()` and carries the moment of the last change that its page
has shown; where the product was changed since, it raises Moved and nothing is written.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.catalogue import searching
from storefront.catalogue.handles import PRODUCTS, Refused
from storefront.catalogue.models import Color, InsideWidth, Picture, Product, ProductBrace, Variant
from storefront.catalogue.naming import LONGEST_SKU, color_slug, sku_of, slug, unlike
from storefront.db import db
from storefront.pictures import Copies

MOST_VARIANTS = 2000
MOST_COLORS = 60
MOST_PICTURES = 20

UNNAMED = "This product has a color without a name. Please name that one first."
NEEDS_NAME = "A product with several colors needs a name for each."


class Moved(Exception):
    """Somebody else changed the same thing since the page was opened. Nothing was written."""


def create(facts: Mapping[str, Any], *, braces: Iterable[str], now: datetime) -> Product:
    """Add a product with one color that has no name yet, and no sizes. Raises Refused."""
    product = Product(created_at=now, updated_at=now, colors=[Color()])
    handle = PRODUCTS.chosen(facts["handle"], facts["title"])
    _set(product, {**facts, "handle": handle})
    _fit(product, braces)
    db.session.add(product)
    PRODUCTS.keep(product, old="")
    return product  # without sizes yet, so there is nothing to find


def change(
    product_id: int,
    facts: Mapping[str, Any],
    *,
    braces: Iterable[str],
    based_on: str,
    now: datetime,
) -> None:
    """Change what is said and measured of a product; an old handle leads to it for ever.

    Raises Moved, or Refused.
    """
    product = locked(product_id, based_on)
    old = product.handle
    handle = PRODUCTS.chosen(facts["handle"], facts["title"], product.id)
    _set(product, {**facts, "handle": handle})
    _fit(product, braces)
    product.updated_at = now
    PRODUCTS.keep(product, old)
    searching.note(product)


def add_color(product_id: int, facts: Mapping[str, Any], *, based_on: str, now: datetime) -> Color:
    """Add a color after the others. Raises Moved, or Refused."""
    product = locked(product_id, based_on)
    if len(product.colors) >= MOST_COLORS:
        raise Refused("name", f"A product may have {MOST_COLORS} colors.")
    color = Color(position=len(product.colors))
    product.colors.append(color)
    _set_color(product, color, facts)
    product.updated_at = now
    db.session.flush()
    return color


def change_color(
    product_id: int,
    color_id: int,
    facts: Mapping[str, Any],
    *,
    place: int,
    based_on: str,
    now: datetime,
) -> None:
    """Rename a color, change its swatches, put it at a place, counted from 1.

    Raises Moved, or Refused.
    """
    product = locked(product_id, based_on)
    color = next(color for color in product.colors if color.id == color_id)
    _set_color(product, color, facts)
    others = [other for other in product.colors if other is not color]
    others.insert(place - 1, color)
    for position, each in enumerate(others):
        each.position = position
    product.updated_at = now
    searching.note(product)


def add_picture(
    product_id: int, color_id: int, copies: Copies, *, alt: str, based_on: str, now: datetime
) -> None:
    """Put a picture behind the others of a color. Raises Moved, or Refused."""
    product = locked(product_id, based_on)
    color = next(color for color in product.colors if color.id == color_id)
    if len(color.pictures) >= MOST_PICTURES:
        raise Refused("file", f"A color may have {MOST_PICTURES} pictures.")
    color.pictures.append(
        Picture(
            key=copies.key,
            alt=alt,
            width=copies.width,
            height=copies.height,
            position=len(color.pictures),
        )
    )
    product.updated_at = now


def change_picture(
    product_id: int,
    color_id: int,
    picture_id: int,
    *,
    alt: str,
    step: int,
    based_on: str,
    now: datetime,
) -> None:
    """Change a picture's words and move it so many places, back or forth. Raises Moved."""
    product = locked(product_id, based_on)
    color = next(color for color in product.colors if color.id == color_id)
    picture = next(picture for picture in color.pictures if picture.id == picture_id)
    picture.alt = alt
    if step:
        order = [other for other in color.pictures if other is not picture]
        order.insert(max(0, picture.position + step), picture)
        _renumber(order)
    product.updated_at = now


def remove_picture(
    product_id: int, color_id: int, picture_id: int, *, based_on: str, now: datetime
) -> None:
    """Take a picture off a color; the file stays, since kept pages show it. Raises Moved."""
    product = locked(product_id, based_on)
    color = next(color for color in product.colors if color.id == color_id)
    picture = next(picture for picture in color.pictures if picture.id == picture_id)
    db.session.delete(picture)
    db.session.flush()
    _renumber([other for other in color.pictures if other is not picture])
    product.updated_at = now


def make_sizes(
    product_id: int,
    *,
    sizes: Sequence[str],
    widths: Sequence[str],
    color_ids: Iterable[int],
    price_minor: int,
    single_minor: int | None,
    based_on: str,
    now: datetime,
) -> list[Variant]:
    """Make the sizes in each width that the chosen colors lack, and order all as they are given.

    Sizes and widths that are not given any more stay, behind the others. Prices are minor units
    of a pair and of one shoe. Returns the new ones. Raises Moved, or Refused.
    """
    product = locked(product_id, based_on)
    sizes, widths = list(dict.fromkeys(sizes)) or [""], list(dict.fromkeys(widths)) or [""]
    there = {(v.color_id, v.size, v.width) for v in product.variants}
    chosen = [color for color in product.colors if color.id in set(color_ids)]
    lacking = [
        (color, size, width)
        for color in chosen
        for size in sizes
        for width in widths
        if (color.id, size, width) not in there
    ]
    if len(there) + len(lacking) > MOST_VARIANTS:
        raise Refused("sizes", f"A product may have {MOST_VARIANTS:,} sizes in all its colors.")
    taken = _skus_like(product.handle)
    new = []
    for color, size, width in lacking:
        wanted = sku_of(product.handle, color.name, size, width)
        sku = unlike(wanted, taken, LONGEST_SKU)
        taken.add(sku)
        variant = Variant(
            sku=sku,
            color=color,
            size=size,
            width=width,
            price_minor=price_minor,
            single_minor=single_minor,
        )
        new.append(variant)
    product.variants.extend(new)
    _rank(product, "size", sizes)
    _rank(product, "width", widths)
    product.updated_at = now
    searching.note(product)
    return new


def change_variant(
    product_id: int, variant_id: int, facts: Mapping[str, Any], *, based_on: str, now: datetime
) -> None:
    """Change one size: its sku, names, prices and dates, and whether it is on sale.

    It is never deleted: orders, the ledger and the carts of shoppers name it. Raises Moved, or
    Refused.
    """
    product = locked(product_id, based_on)
    variant = next(variant for variant in product.variants if variant.id == variant_id)
    if db.session.scalar(
        select(Variant.id).where(Variant.sku == facts["sku"], Variant.id != variant_id)
    ):
        raise Refused("sku", "Another size of the shop has this sku.")
    for other in product.variants:
        same = (other.color_id, other.size, other.width)
        if other is not variant and same == (variant.color_id, facts["size"], facts["width"]):
            raise Refused("size", f"There is such a size in this color already: {other.sku}.")
    if not facts["counted"] and (variant.on_hand_left or variant.on_hand_right):
        raise Refused("counted", "Some are counted as on hand. Please count them down to 0 first.")
    _set(variant, facts)
    product.updated_at = now
    searching.note(product)


def measure_inside(
    product_id: int,
    measured: Mapping[tuple[str, str], int | None],
    *,
    based_on: str,
    now: datetime,
) -> None:
    """Write down the width inside, in millimeters, by size and width; None: not measured.

    Raises Moved.
    """
    product = locked(product_id, based_on)
    there = {(row.size, row.width): row for row in product.inside}
    for (size, width), mm in measured.items():
        row = there.get((size, width))
        if row and mm is None:
            product.inside.remove(row)
        elif row and mm is not None:
            row.inside_mm = mm
        elif mm is not None:
            product.inside.append(InsideWidth(size=size, width=width, inside_mm=mm))
    product.updated_at = now


def locked(product_id: int, based_on: str) -> Product:
    """Read a product whole and lock it, its variants first and in id order as an import does.

    Raises Moved where it was changed since `based_on`.
    """
    db.session.execute(
        select(Variant.id)
        .where(Variant.product_id == product_id)
        .order_by(Variant.id)
        .with_for_update(key_share=True)
    )
    product = db.session.scalars(
        select(Product)
        .where(Product.id == product_id)
        .with_for_update(of=Product, key_share=True)
        .execution_options(populate_existing=True)  # what was read before the lock is old
        .options(
            selectinload(Product.braces),
            selectinload(Product.inside),
            selectinload(Product.colors).selectinload(Color.pictures),
            selectinload(Product.variants),
        )
    ).one()
    if product.updated_at.isoformat() != based_on:
        raise Moved
    return product


def _set(thing: Any, facts: Mapping[str, Any]) -> None:
    for name, value in facts.items():
        setattr(thing, name, value)


def _fit(product: Product, braces: Iterable[str]) -> None:
    wanted = set(braces)
    for row in product.braces:
        if row.brace not in wanted:
            db.session.delete(row)
    for brace in sorted(wanted - {row.brace for row in product.braces}):
        product.braces.append(ProductBrace(brace=brace))


def _set_color(product: Product, color: Color, facts: Mapping[str, Any]) -> None:
    others = [other for other in product.colors if other is not color]
    name = facts["name"]
    if not name and others:
        raise Refused("name", NEEDS_NAME)
    if any(not other.name for other in others):
        raise Refused("name", UNNAMED)
    if any(other.name.lower() == name.lower() for other in others):
        raise Refused("name", "This product has a color of that name already.")
    if name != color.name:
        color.slug = color_slug(name, {other.slug for other in others})
    _set(color, facts)


def _renumber(pictures: Sequence[Picture]) -> None:
    """Number pictures from 0; no two may have the same number even for a moment."""
    for place, picture in enumerate(pictures):
        picture.position = -1 - place
    db.session.flush()
    for place, picture in enumerate(pictures):
        picture.position = place
    db.session.flush()


def _skus_like(handle: str) -> set[str]:
    start = slug(handle)[:58]
    return set(
        db.session.scalars(
            select(Variant.sku).where(Variant.sku.startswith(start, autoescape=True))
        )
    )


def _rank(product: Product, axis: str, order: Sequence[str]) -> None:
    """Rank all variants by the order given; what is not in it keeps its own order behind."""
    old = sorted(product.variants, key=lambda v: getattr(v, f"{axis}_rank") or 0)
    ranks = {
        value: rank
        for rank, value in enumerate(dict.fromkeys([*order, *(getattr(v, axis) for v in old)]))
    }
    for variant in product.variants:
        setattr(variant, f"{axis}_rank", ranks[getattr(variant, axis)])
