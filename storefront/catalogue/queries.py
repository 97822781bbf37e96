"""What may be read of the catalogue, in few queries however much is in it.

Pages are read as plain rows, not as objects of the session: a product has a hundred sizes, and the
statements are written once, when the module is loaded, because writing one takes as long as
running it.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Executable,
    Integer,
    Select,
    String,
    bindparam,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.orm import InstrumentedAttribute, contains_eager, joinedload, selectinload

from storefront.catalogue import glance
from storefront.catalogue.availability import Availability, availability, availability_of
from storefront.catalogue.handles import PRODUCTS
from storefront.catalogue.models import Color, Picture, Product, ProductBrace, Variant
from storefront.db import db
from storefront.staff.paging import Page, page_of

PAGE_SIZE = 24
MOST_SEARCHED = 80  # characters
PRICES = 100_000_000  # more than any price
WIDTHS = 8  # digits of a rank of widths, so that ranks sort as text


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
    shoe, None where it is not sold singly.
    """

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


class ColorCard(NamedTuple):
    """One color on a card: its swatch, its picture and what is told about its stock."""

    slug: str
    name: str
    swatch: str
    second_swatch: str
    picture: PictureRow | None
    availability: Availability
    sku: str = ""  # of the one size of which the card tells


class Card(NamedTuple):
    """What a product card shows. Prices are minor units of a pair.

    `compare_at_minor` is the earlier price of a size that costs `price_minor` now. `asked_for`: the
    first color is one that was asked for.
    """

    handle: str
    title: str
    price_minor: int
    highest_minor: int
    compare_at_minor: int | None
    colors: tuple[ColorCard, ...]
    glance: str = ""
    asked_for: bool = False

    @property
    def shown(self) -> ColorCard:
        """The color that the card opens with: one asked for, else the first that can be bought."""
        if self.asked_for:
            return self.colors[0]
        return next((c for c in self.colors if c.availability.can_buy), self.colors[0])

    def address(self, color: ColorCard, came_from: str = "") -> str:
        """Return the address of the product in one color, with the article that leads there."""
        given = {"variant": color.sku, "color": "" if color.sku else color.slug, "from": came_from}
        query = urlencode({name: value for name, value in given.items() if value})
        return f"/products/{self.handle}" + (f"?{query}" if query else "")


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


def _cards_of(within: ColumnElement[bool] | None = None) -> Executable:
    """Write the statement that reads the cards of products, color by color.

    `within` narrows the sizes of which a card tells.
    """
    coming = case((Variant.restock_on >= bindparam("today", type_=Date), Variant.restock_on))
    # The lowest price, and of those that have it the highest compare-at, as one number.
    lowest = Variant.price_minor * PRICES - func.coalesce(Variant.compare_at_minor, 0)
    width = cast(Variant.width_rank + 10 ** (WIDTHS - 1), String) + Variant.width  # sorts by rank
    sizes = Variant.product_id.in_(_IDS) & (Variant.published if within is None else within)
    braces = (
        select(func.aggregate_strings(ProductBrace.brace, "\n"))
        .where(ProductBrace.product_id == Product.id)
        .correlate(Product)
        .scalar_subquery()
    )
    stock = (
        select(
            Variant.color_id,
            func.min(case((Variant.counted, 1), else_=0)).label("counted"),
            func.sum(case((Variant.counted, Variant.free_pairs), else_=0)).label("free"),
            func.min(coming).label("restock_on"),
            func.min(lowest).label("lowest"),
            func.max(Variant.price_minor).label("highest"),
            func.count(Variant.id).label("sizes"),
            func.min(Variant.sku).label("sku"),
            func.max(Variant.size).label("size"),
            func.min(width).label("narrowest"),
            func.max(width).label("widest"),
        )
        .where(sizes)
        .group_by(Variant.color_id)
        .subquery()
    )
    return (
        select(
            Product.id,
            Product.handle,
            Product.title,
            Product.size_label,
            Product.size_system,
            Product.closure,
            Product.hands,
            braces.label("braces"),
            Color.slug,
            Color.name,
            Color.swatch,
            Color.second_swatch,
            Picture.key,
            Picture.alt,
            Picture.width,
            Picture.height,
            stock,
        )
        .join_from(Product, Color, Color.product_id == Product.id)
        .join(stock, stock.c.color_id == Color.id)
        .outerjoin(Picture, (Picture.color_id == Color.id) & (Picture.position == 0))
        .where(Product.id.in_(_IDS))
        .order_by(Color.position, Color.id)
    )


_IDS: BindParameter[Any] = bindparam("ids", expanding=True)
_CARDS = _cards_of()
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


_BRACE_NAMES = (
    select(ProductBrace.brace)
    .join(Product, Product.id == ProductBrace.product_id)
    .where(Product.published)
    .distinct()
    .order_by(ProductBrace.brace)
)


def brace_names() -> tuple[str, ...]:
    """Return every kind of brace that one of the shop's shoes takes."""
    return tuple(db.rows(_BRACE_NAMES, {}).scalars())


def count(selection: Selection) -> int:
    """Return how many products a selection holds."""
    return int(db.rows(selection.count, selection.values).scalar_one())


def handles(selection: Selection) -> list[str]:
    """Return the handles of a selection's products, a hundred at most."""
    named = select(Product.handle).where(Product.id.in_(selection.products)).limit(100)
    return list(db.rows(named, selection.values).scalars())


def cards(
    selection: Selection,
    *,
    today: date,
    low: int,
    limit: int = PAGE_SIZE,
    offset: int = 0,
    within: ColumnElement[bool] | None = None,
    colors: Collection[str] = (),
) -> list[Card]:
    """Return the cards of a part of a selection, in its order, by two queries.

    With `within`, a condition on sizes, a card tells of these sizes alone. It opens with one of
    `colors`, slugs, where it has one.
    """
    ids = selection.ids(limit=limit, offset=offset)
    if not ids:
        return []
    by_product: dict[int, list[Any]] = {product_id: [] for product_id in ids}
    statement = _CARDS if within is None else _cards_of(within)
    for row in db.rows(statement, {"today": today, "ids": ids}).all():
        by_product[row.id].append(row)
    return [
        _card(rows, today, low, is_narrowed=within is not None, colors=colors)
        for rows in by_product.values()
        if rows
    ]


def _card(
    rows: Sequence[Any], today: date, low: int, *, is_narrowed: bool, colors: Collection[str]
) -> Card:
    lowest = min(row.lowest for row in rows)
    price_minor = -(-lowest // PRICES)
    told_of = availability if is_narrowed else _of_all_sizes
    cards = tuple(
        ColorCard(
            slug=row.slug,
            name=row.name,
            swatch=row.swatch,
            second_swatch=row.second_swatch,
            picture=PictureRow(row.key, row.alt, row.width, row.height) if row.key else None,
            availability=told_of(
                Stock(bool(row.counted), int(row.free), row.restock_on), today=today, low=low
            ),
            sku=row.sku if is_narrowed and row.sizes == 1 else "",
        )
        for row in rows
    )
    return Card(
        handle=rows[0].handle,
        title=rows[0].title,
        price_minor=price_minor,
        highest_minor=max(row.highest for row in rows),
        compare_at_minor=price_minor * PRICES - lowest or None,
        colors=_asked_first(cards, colors) if colors else cards,
        glance=glance.of_card(
            glance.called(rows[0].size_label, rows[0].size_system) if rows[0].size else "",
            min(row.narrowest for row in rows)[WIDTHS:],
            max(row.widest for row in rows)[WIDTHS:],
            rows[0].closure,
            rows[0].hands,
            sorted((rows[0].braces or "").splitlines(), key=str.lower),
        ),
        asked_for=bool(colors),
    )


def _asked_first(cards: Iterable[ColorCard], colors: Collection[str]) -> tuple[ColorCard, ...]:
    """Return colors with those first that were asked for, and of these such as can be bought."""
    return tuple(
        sorted(
            cards,
            key=lambda card: (
                card.slug not in colors,
                card.slug in colors and not card.availability.can_buy,
            ),
        )
    )


def _of_all_sizes(stock: Stock, *, today: date, low: int) -> Availability:
    return availability_of([stock], today=today, low=low)


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
