"""Products as cards: what a list tells of each, by two queries for any number."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Executable,
    String,
    bindparam,
    case,
    cast,
    func,
    select,
)

from storefront.catalogue import braces, glance
from storefront.catalogue.availability import Availability, availability, availability_of
from storefront.catalogue.colors import everyday_names
from storefront.catalogue.models import Color, Picture, Product, ProductBrace, Variant
from storefront.catalogue.queries import PictureRow, Stock
from storefront.catalogue.selection import Selection
from storefront.db import db

PAGE_SIZE = 24
PRICES = 100_000_000  # more than any price
WIDTHS = 8  # digits of a rank of widths, so that ranks sort as text


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
    asked: tuple[tuple[str, str], ...] = ()  # what leads on to the page: a size, a brace

    @property
    def shown(self) -> ColorCard:
        """The color that the card opens with: one asked for, else the first that can be bought."""
        if self.asked_for:
            return self.colors[0]
        return next((c for c in self.colors if c.availability.can_buy), self.colors[0])

    def in_color(self, words: Collection[str]) -> "Card":
        """Return it opened with a color of whose name one of these words is, else with one that is
        called so in everyday words, if it has one.
        """
        asked = [each.slug for each in self.colors if set(each.slug.split("-")) & set(words)]
        asked = asked or [c.slug for c in self.colors if set(everyday_names(c.swatch)) & set(words)]
        if not asked:
            return self
        return self._replace(colors=_asked_first(self.colors, asked), asked_for=True)

    def without_colors(self, words: Collection[str]) -> "Card | None":
        """Return it without the colors that people call so; None if none is left."""
        left = tuple(c for c in self.colors if set(everyday_names(c.swatch)).isdisjoint(words))
        return self._replace(colors=left) if left else None

    def address(self, color: ColorCard, came_from: str = "") -> str:
        """Return the address of the product in one color, with the article that leads there."""
        given = {"variant": color.sku} if color.sku else {"color": color.slug}
        known = {"size", "width"} if color.sku else set()
        given |= {name: value for name, value in self.asked if name not in known}
        given["from"] = came_from
        query = urlencode({name: value for name, value in given.items() if value})
        there = "#feet" if "singly" in given else ""
        return f"/products/{self.handle}" + (f"?{query}" if query else "") + there


def _statement(within: ColumnElement[bool] | None = None) -> Executable:
    """Write the statement that reads the cards of products, color by color.

    `within` narrows the sizes of which a card tells.
    """
    coming = case((Variant.restock_on >= bindparam("today", type_=Date), Variant.restock_on))
    # The lowest price, and of those that have it the highest compare-at, as one number.
    lowest = Variant.price_minor * PRICES - func.coalesce(Variant.compare_at_minor, 0)
    width = cast(Variant.width_rank + 10 ** (WIDTHS - 1), String) + Variant.width  # sorts by rank
    sizes = Variant.product_id.in_(_IDS) & (Variant.published if within is None else within)
    takes = (
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
            func.count(Variant.single_minor).label("singly"),
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
            takes.label("braces"),
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
_CARDS = _statement()  # written once: that takes as long as running it


def cards_of(
    selection: Selection,
    *,
    today: date,
    low: int,
    limit: int = PAGE_SIZE,
    offset: int = 0,
    within: ColumnElement[bool] | None = None,
    colors: Collection[str] = (),
    asked: tuple[tuple[str, str], ...] = (),
    scale: Sequence[str] = (),
) -> list[Card]:
    """Return the cards of a part of a selection, in its order, by two queries.

    With `within`, a condition on sizes, a card tells of these sizes alone. It opens with one of
    `colors`, slugs, where it has one. It leads to the page with what was `asked`, names and values
    of its address; with a size among them it chooses none itself. `scale` are the shop's widths,
    the narrowest first: with them a card leaves out braces for which the widths that it tells of
    are too narrow (rule 3 of docs/fit-rules.md).
    """
    ids = selection.ids(limit=limit, offset=offset)
    if not ids:
        return []
    by_product: dict[int, list[Any]] = {product_id: [] for product_id in ids}
    statement = _CARDS if within is None else _statement(within)
    for row in db.rows(statement, {"today": today, "ids": ids}).all():
        by_product[row.id].append(row)
    return [
        _card(rows, today, low, within is not None, colors=colors, asked=asked, scale=scale)
        for rows in by_product.values()
        if rows
    ]


def _card(
    rows: Sequence[Any],
    today: date,
    low: int,
    is_narrowed: bool,
    *,
    colors: Collection[str],
    asked: tuple[tuple[str, str], ...],
    scale: Sequence[str],
) -> Card:
    lowest = min(row.lowest for row in rows)
    price_minor = -(-lowest // PRICES)
    told_of = availability if is_narrowed else _of_all_sizes
    widest = max(row.widest for row in rows)[WIDTHS:]
    takes = sorted((rows[0].braces or "").splitlines(), key=str.lower)
    too_narrow_for = braces.too_narrow_for(widest, takes, scale)
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
            sku=row.sku if is_narrowed and row.sizes == 1 and "size" not in dict(asked) else "",
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
            widest,
            rows[0].closure,
            rows[0].hands,
            [brace for brace in takes if brace not in too_narrow_for],
            singly=any(row.singly for row in rows),
        ),
        asked_for=bool(colors),
        asked=asked,
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
