"""What may be read of the catalogue, in few queries however much is in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from storefront.catalogue.availability import Availability, availability_of
from storefront.catalogue.models import Color, Picture, Product, Variant
from storefront.db import db

PAGE_SIZE = 24


@dataclass(frozen=True)
class Stock:
    """Free pairs as a query adds them up."""

    counted: bool
    free_pairs: int
    restock_on: date | None


@dataclass(frozen=True)
class ColorCard:
    """One color on a card: its swatch, its picture and what is told about its stock."""

    slug: str
    name: str
    swatch: str
    second_swatch: str
    picture_key: str | None
    alt: str
    width: int
    height: int
    availability: Availability


@dataclass(frozen=True)
class Card:
    """What a product card shows. Prices are minor units of a pair."""

    handle: str
    title: str
    price_minor: int
    highest_minor: int
    compare_at_minor: int | None
    colors: Sequence[ColorCard]

    @property
    def shown(self) -> ColorCard:
        """The color that the card opens with: the first that can be bought, else the first."""
        return next((c for c in self.colors if c.availability.can_buy), self.colors[0])


def listed() -> Select[int]:
    """Select the ids of products that a shopper may see, in the shop's order."""
    on_sale = select(Variant.id).where(Variant.product_id == Product.id, Variant.published)
    return (
        select(Product.id)
        .where(Product.published, on_sale.exists())
        .order_by(Product.position, Product.id)
    )


def latest() -> Select[int]:
    """Select the ids of products that can be bought now, newest first, then the others."""
    can_buy = (
        select(Variant.id)
        .where(
            Variant.product_id == Product.id,
            Variant.published,
            (Variant.free_pairs > 0) | ~Variant.counted,
        )
        .exists()
    )
    return (
        listed()
        .order_by(None)
        .order_by(case((can_buy, 0), else_=1), Product.created_at.desc(), Product.position)
    )


def count(products: Select[int]) -> int:
    """Return how many products a selection holds."""
    ids = products.order_by(None).subquery()
    return db.session.scalar(select(func.count()).select_from(ids)) or 0


def cards(
    products: Select[int], *, today: date, low: int, limit: int = PAGE_SIZE, offset: int = 0
) -> list[Card]:
    """Return the cards of a selection of products, in its order, by one query."""
    chosen = (
        products.add_columns(
            func.row_number().over(order_by=products._order_by_clauses).label("rank")
        )
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    free = case((Variant.counted, Variant.free_pairs), else_=0)
    coming = case((Variant.restock_on >= today, Variant.restock_on))
    rows = db.session.execute(
        select(
            Product.handle,
            Product.title,
            Color.slug,
            Color.name,
            Color.swatch,
            Color.second_swatch,
            Picture.key,
            Picture.alt,
            Picture.width,
            Picture.height,
            func.min(case((Variant.counted, 1), else_=0)).label("counted"),
            func.sum(free).label("free"),
            func.min(coming).label("restock_on"),
            func.min(Variant.price_minor).label("lowest"),
            func.max(Variant.price_minor).label("highest"),
            func.max(Variant.compare_at_minor).label("compare_at"),
        )
        .join_from(chosen, Product, Product.id == chosen.c.id)
        .join(Color, Color.product_id == Product.id)
        .join(Variant, (Variant.color_id == Color.id) & Variant.published)
        .outerjoin(Picture, (Picture.color_id == Color.id) & (Picture.position == 0))
        .group_by(chosen.c.rank, Product.id, Color.id, Picture.id)
        .order_by(chosen.c.rank, Color.position, Color.id)
    )
    by_product: dict[str, list[tuple[ColorCard, int, int, int | None, str]]] = {}
    for row in rows:
        stock = Stock(bool(row.counted), int(row.free), row.restock_on)
        color = ColorCard(
            slug=row.slug,
            name=row.name,
            swatch=row.swatch,
            second_swatch=row.second_swatch,
            picture_key=row.key,
            alt=row.alt or "",
            width=row.width or 0,
            height=row.height or 0,
            availability=availability_of([stock], today=today, low=low),
        )
        by_product.setdefault(row.handle, []).append(
            (color, row.lowest, row.highest, row.compare_at, row.title)
        )
    return [
        Card(
            handle=handle,
            title=colors[0][4],
            price_minor=min(lowest for _, lowest, _, _, _ in colors),
            highest_minor=max(highest for _, _, highest, _, _ in colors),
            compare_at_minor=max(
                (before for _, _, _, before, _ in colors if before is not None), default=None
            ),
            colors=[color for color, *_ in colors],
        )
        for handle, colors in by_product.items()
    ]


def product(handle: str) -> Product | None:
    """Return a published product with its colors, pictures, braces and published variants."""
    return db.session.scalar(_whole_products().where(Product.handle == handle).limit(1))


def products_page(*, limit: int, page: int) -> Sequence[Product]:
    """Return one page of whole products in the shop's order."""
    ids = listed().limit(limit).offset((page - 1) * limit).subquery()
    return db.session.scalars(
        _whole_products()
        .where(Product.id.in_(select(ids.c.id)))
        .order_by(Product.position, Product.id)
    ).all()


def _whole_products() -> Select[Product]:
    return (
        select(Product)
        .where(Product.published)
        .options(
            selectinload(Product.colors).selectinload(Color.pictures),
            selectinload(Product.variants.and_(Variant.published)),
            selectinload(Product.braces),
        )
    )


def variants_by_id(ids: set[int]) -> dict[int, Variant]:
    """Return variants with their product and color, also such as are not sold any more."""
    rows = db.session.scalars(
        select(Variant)
        .where(Variant.id.in_(ids))
        .options(joinedload(Variant.product), joinedload(Variant.color))
    )
    return {variant.id: variant for variant in rows}


def variant_on_sale(sku: str) -> Variant | None:
    """Return a variant that may be put into a cart, or None."""
    return db.session.scalar(
        select(Variant)
        .join(Variant.product)
        .where(Variant.sku == sku, Variant.published, Product.published)
        .options(contains_eager(Variant.product), joinedload(Variant.color))
    )
