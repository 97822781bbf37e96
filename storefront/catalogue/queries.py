"""What may be read of the catalogue, in few queries however much is in it.

Pages are read as plain rows, not as objects of the session: a product has a hundred sizes, and the
statements are written once, when the module is loaded, because writing one takes as long as
running it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    BindParameter,
    Executable,
    and_,
    bindparam,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from storefront.catalogue.handles import PRODUCTS
from storefront.catalogue.models import (
    Color,
    InsideWidth,
    Picture,
    Product,
    ProductBrace,
    Variant,
)
from storefront.catalogue.selection import LISTED
from storefront.db import db
from storefront.staff.paging import Page, page_of

MOST_SEARCHED = 80  # characters


class Stock(NamedTuple):
    """Free pairs as a query adds them up."""

    counted: bool
    free_pairs: int
    restock_on: date | None


class ProductRow(NamedTuple):
    """A product as a page shows it."""

    id: int
    handle: str
    title: str
    summary: str
    description: str
    vendor: str
    product_type: str
    tags: str
    created_at: datetime
    updated_at: datetime
    size_label: str
    size_system: str
    width_label: str
    weight_g: int | None
    drop_mm: int | None
    depth_mm: int | None
    opening_mm: int | None
    closure: str | None
    hands: int | None
    removable_insole: bool | None
    heel_counter: str | None
    sole: str | None


class PictureRow(NamedTuple):
    """A picture as a page shows it."""

    key: str
    alt: str
    width: int
    height: int


class ColorRow(NamedTuple):
    """A color of a product with its pictures."""

    id: int
    product_id: int
    slug: str
    name: str
    swatch: str
    second_swatch: str
    pictures: tuple[PictureRow, ...]


class SizeRow(NamedTuple):
    """A variant on sale. `price_minor` is the price of a pair in minor units, `single_minor` of one
    shoe, None where it is not sold singly. `inside_mm` is its width inside, None if not measured.
    """

    id: int
    product_id: int
    color_id: int
    sku: str
    size: str
    width: str
    size_rank: int
    width_rank: int
    price_minor: int
    compare_at_minor: int | None
    barcode: str
    weight_g: int
    counted: bool
    free_pairs: int
    restock_on: date | None
    single_minor: int | None
    free_left: int
    free_right: int
    inside_mm: int | None


@dataclass(frozen=True)
class WholeProduct:
    """A product with the colors and sizes that are on sale, and the braces it takes."""

    product: ProductRow
    colors: tuple[ColorRow, ...]
    sizes: tuple[SizeRow, ...]
    braces: tuple[str, ...]

    def sizes_of(self, color: ColorRow) -> list[SizeRow]:
        """Return the sizes of one color, in order."""
        return [size for size in self.sizes if size.color_id == color.id]


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

_KINDS = union_all(
    select(Variant.width, func.min(Variant.width_rank), literal("width"))
    .join(Variant.product)
    .where(Variant.width != "", Variant.published, Product.published)
    .group_by(Variant.width),
    select(ProductBrace.brace, literal(0), literal("brace"))
    .join(Product, Product.id == ProductBrace.product_id)
    .where(Product.published)
    .group_by(ProductBrace.brace),
)


class Kinds(NamedTuple):
    """The widths of the shop's shoes, the narrowest first, and the braces that they take."""

    widths: tuple[str, ...]
    braces: tuple[str, ...]


def kinds() -> Kinds:
    """Return the shop's widths and braces, by one query."""
    found = sorted((rank, name, kind) for name, rank, kind in db.rows(_KINDS, {}))
    return Kinds(
        tuple(name for _, name, kind in found if kind == "width"),
        tuple(name for _, name, kind in found if kind == "brace"),
    )


_PRODUCT = select(*(getattr(Product, name) for name in ProductRow._fields))
_ONE = _PRODUCT.where(Product.published, Product.handle == bindparam("handle"))
_MANY = _PRODUCT.where(Product.id.in_(_IDS)).order_by(Product.position, Product.id)
_COLORS = (
    select(
        Color.id,
        Color.product_id,
        Color.slug,
        Color.name,
        Color.swatch,
        Color.second_swatch,
        Picture.key,
        Picture.alt,
        Picture.width,
        Picture.height,
    )
    .outerjoin(Picture, Picture.color_id == Color.id)
    .where(Color.product_id.in_(_IDS))
    .order_by(Color.product_id, Color.position, Color.id, Picture.position)
)
_SIZES = (
    select(
        Variant.id,
        Variant.product_id,
        Variant.color_id,
        Variant.sku,
        Variant.size,
        Variant.width,
        Variant.size_rank,
        Variant.width_rank,
        Variant.price_minor,
        Variant.compare_at_minor,
        Variant.barcode,
        Variant.weight_g,
        Variant.counted,
        Variant.free_pairs,
        Variant.restock_on,
        Variant.single_minor,
        Variant.on_hand_left - Variant.held_left,
        Variant.on_hand_right - Variant.held_right,
        InsideWidth.inside_mm,
    )
    .outerjoin(
        InsideWidth,
        and_(
            InsideWidth.product_id == Variant.product_id,
            InsideWidth.size == Variant.size,
            InsideWidth.width == Variant.width,
        ),
    )
    .where(Variant.product_id.in_(_IDS), Variant.published)
    .order_by(Variant.product_id, Variant.size_rank, Variant.width_rank, Variant.id)
)
_BRACES = (
    select(ProductBrace.product_id, ProductBrace.brace)
    .where(ProductBrace.product_id.in_(_IDS))
    .order_by(ProductBrace.brace)
)


def product(handle: str) -> WholeProduct | None:
    """Return a published product that has sizes on sale, or None."""
    return next((whole for whole in _whole(_ONE, {"handle": handle}) if whole.sizes), None)


def products_page(*, limit: int, page: int) -> list[WholeProduct]:
    """Return one page of whole products in the shop's order."""
    ids = LISTED.ids(limit=limit, offset=(page - 1) * limit)
    return _whole(_MANY, {"ids": ids})


def _whole(statement: Executable, parameters: Mapping[str, Any]) -> list[WholeProduct]:
    """Read products, and their colors, sizes and braces by one query each."""
    products = [ProductRow._make(row) for row in db.rows(statement, parameters)]
    ids = {"ids": [product.id for product in products]}
    if not products:
        return []
    sizes = [SizeRow._make(row) for row in db.rows(_SIZES, ids).all()]
    on_sale = {size.color_id for size in sizes}
    colors = [
        ColorRow._make((*color, tuple(PictureRow(*r[6:]) for r in rows if r.key is not None)))
        for color, rows in groupby(db.rows(_COLORS, ids).all(), key=lambda row: row[:6])
    ]
    braces = db.rows(_BRACES, ids).all()
    return [
        WholeProduct(
            product,
            tuple(c for c in colors if c.product_id == product.id and c.id in on_sale),
            tuple(size for size in sizes if size.product_id == product.id),
            tuple(brace for product_id, brace in braces if product_id == product.id),
        )
        for product in products
    ]


def addresses() -> list[tuple[str, date]]:
    """Return the address of each product that a shopper may see, and the day of its last change."""
    rows = db.session.execute(LISTED.whole.with_only_columns(Product.handle, Product.updated_at))
    return [(f"/products/{handle}", at.date()) for handle, at in rows]


def variants_by_id(ids: set[int]) -> dict[int, Variant]:
    """Return variants with their product and color, also such as are not sold any more."""
    rows = db.session.scalars(
        select(Variant)
        .where(Variant.id.in_(ids))
        .options(joinedload(Variant.product), joinedload(Variant.color))
    )
    return {variant.id: variant for variant in rows}


def first_pictures(color_ids: Iterable[int]) -> dict[int, PictureRow]:
    """Return the first picture of each of these colors that has one."""
    rows = db.session.execute(
        select(Picture.color_id, *(getattr(Picture, name) for name in PictureRow._fields)).where(
            Picture.color_id.in_(set(color_ids)), Picture.position == 0
        )
    )
    return {color_id: PictureRow(*row) for color_id, *row in rows}


def variant_on_sale(sku: str) -> Variant | None:
    """Return a variant that may be put into a cart, or None."""
    return db.session.scalar(
        select(Variant)
        .join(Variant.product)
        .where(Variant.sku == sku, Variant.published, Product.published)
        .options(contains_eager(Variant.product), joinedload(Variant.color))
    )


def for_staff(handle: str) -> Product | None:
    """Return a product that has or had this handle, whole, also one that is not published."""
    found: Product | None = db.session.scalar(
        PRODUCTS.leads_to(handle).options(
            selectinload(Product.braces),
            selectinload(Product.inside),
            selectinload(Product.colors).selectinload(Color.pictures),
            selectinload(Product.variants).joinedload(Variant.color),
        )
    )
    return found


def listed_for_staff(q: str, page: int) -> Page[Product]:
    """Return one page of all products of which every word of `q` is found, in the shop's order."""
    listed = select(Product)
    for word in dict.fromkeys(q[:MOST_SEARCHED].split()):
        having = select(Variant.product_id).where(Variant.sku.icontains(word, autoescape=True))
        listed = listed.where(
            or_(
                *(
                    column.icontains(word, autoescape=True)
                    for column in (Product.title, Product.handle, Product.vendor)
                ),
                Product.id.in_(having),
            )
        )
    return page_of(listed.order_by(Product.position, Product.id), page)
