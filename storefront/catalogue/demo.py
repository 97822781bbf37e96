"""The demonstration shop's products, with drawn pictures in each color."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from storefront import media
from storefront.catalogue.models import (
    Collection,
    CollectionPlace,
    Color,
    InsideWidth,
    Picture,
    Product,
    ProductBrace,
    Variant,
)
from storefront.clock import utcnow
from storefront.db import db

DATA = Path(__file__).parent / "demo_data"
WIDTHS = ("Standard", "Wide", "Extra wide")


@cache
def rows() -> list[dict[str, Any]]:
    """Return the demo's products as they are written down."""
    return list(yaml.safe_load((DATA / "products.yaml").read_text("utf-8")))


def load() -> None:
    """Add the demo's products, without stock, and collections; call it inside `db.writing()`."""
    now = utcnow()
    products = [_product(position, row, now) for position, row in enumerate(rows())]
    db.session.add_all(products)
    db.session.add_all(_collections({product.handle: product for product in products}, now))


def _collections(products: dict[str, Product], now: datetime) -> Iterator[Collection]:
    """Make the collections that are written down, by a rule or with their products."""
    for position, row in enumerate(yaml.safe_load((DATA / "collections.yaml").read_text("utf-8"))):
        yield Collection(
            handle=row["handle"],
            title=row["title"],
            description=row["description"],
            position=position,
            updated_at=now,
            rule=row.get("rule", "hand"),
            rule_value=row.get("value", ""),
            places=[
                CollectionPlace(product=products[handle], position=place)
                for place, handle in enumerate(row.get("products", ()))
            ],
        )


def sku(product: str, color: str, size: str, width: str) -> str:
    """Return the demo's sku for one size: "harbor-two-strap-moss-9-wide"."""
    return "-".join((product, color, size, width.lower().replace(" ", "-")))


def _product(position: int, row: dict[str, Any], now: datetime) -> Product:
    facts = dict(row["facts"])
    product = Product(
        handle=row["handle"],
        title=row["title"],
        summary=row["summary"],
        description=row["description"],
        position=position,
        created_at=now,
        updated_at=now,
        vendor="Demonstration",
        product_type="Shoes",
        size_label=row["size_label"],
        width_label=row["width_label"],
        braces=[ProductBrace(brace=brace) for brace in facts.pop("fits")],
        inside=[
            InsideWidth(size=size, width=width, inside_mm=mm)
            for width, measured in (facts.pop("inside_mm") or {}).items()
            for size, mm in zip(row["sizes"], measured, strict=True)
            if mm
        ],
        **facts,
    )
    for place, data in enumerate(row["colors"]):
        color = _color(place, row, data)
        product.colors.append(color)
        product.variants.extend(_variants(row, data, color))
    return product


def _color(place: int, row: dict[str, Any], data: dict[str, Any]) -> Color:
    """Draw the model in one color, from all sides that there are."""
    swatch, *second = data["swatch"]
    views = [(row["drawing"], data["alt"])]
    for view in row.get("views", ()):
        views.append((view["drawing"], view["alt"].format(color=data["name"].lower())))
    return Color(
        name=data["name"],
        slug=data["slug"],
        position=place,
        swatch=swatch,
        second_swatch=second[0] if second else "",
        pictures=[
            Picture(
                key=media.put(_drawn(drawing, data["drawing"]), "svg"),
                alt=alt,
                width=800,
                height=600,
                position=position,
            )
            for position, (drawing, alt) in enumerate(views)
        ],
    )


def _drawn(drawing: str, colors: dict[str, str]) -> bytes:
    drawn = (DATA / "drawings" / drawing).read_text("utf-8")
    for name, value in colors.items():
        drawn = drawn.replace("{{" + name + "}}", value)
    return drawn.encode()


def _variants(row: dict[str, Any], data: dict[str, Any], color: Color) -> Iterator[Variant]:
    """Make the sizes and widths that exist; a null in the table is a size that is not made."""
    restock = data.get("restock_in_days") or {}
    today = utcnow().date()
    for width, pairs in data["pairs"].items():
        for rank, (size, made) in enumerate(zip(row["sizes"], pairs, strict=True)):
            if made is None:
                continue
            days = restock.get(f"{width}/{size}")
            yield Variant(
                sku=sku(row["handle"], data["slug"], size, width),
                color=color,
                size=size,
                size_rank=rank,
                width=width,
                width_rank=WIDTHS.index(width),
                price_minor=row["price_minor"],
                single_minor=row.get("single_minor"),
                compare_at_minor=row["compare_at_minor"],
                counted=row["counted"],
                restock_on=today + timedelta(days=days) if days else None,
            )
