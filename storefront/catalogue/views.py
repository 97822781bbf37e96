"""What a shopper sees of the catalogue: listing, product page, and the same as data."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront import prose
from storefront.catalogue import queries
from storefront.catalogue.availability import Availability, availability, availability_of
from storefront.catalogue.models import Color, Product, Variant
from storefront.clock import day_of, utcnow
from storefront.money import major

MOST_PER_PAGE = 250  # as in Shopify's public products.json

blueprint = Blueprint("catalogue", __name__)


@dataclass(frozen=True)
class Choice:
    """One size and width of the shown color: what its radio button says."""

    variant: Variant
    availability: Availability


def today() -> date:
    """Return the shop's day."""
    return day_of(utcnow(), current_app.config["SHOP_TIMEZONE"])


@blueprint.get("/products")
def old_listing() -> ResponseReturnValue:
    return redirect(url_for("catalogue.listing"), 301)


@blueprint.get("/collections/all")
def listing() -> ResponseReturnValue:
    page = _whole("page", 1, 100_000)
    total = queries.count(queries.listed())
    pages = max(1, -(-total // queries.PAGE_SIZE))
    if page > pages:
        abort(404)
    cards = queries.cards(
        queries.listed(),
        today=today(),
        low=current_app.config["LOW_STOCK"],
        offset=(page - 1) * queries.PAGE_SIZE,
    )
    return render(
        "storefront/catalogue/listing.html", cards=cards, total=total, page=page, pages=pages
    )


@blueprint.get("/products/<handle>")
def show(handle: str) -> ResponseReturnValue:
    product = queries.product(handle)
    if product is None or not product.variants:
        abort(404)
    variant = next((v for v in product.variants if v.sku == request.args.get("variant")), None)
    color = _shown_color(product, variant)
    sizes = _of(product, color)
    return render(
        "storefront/catalogue/show.html",
        product=product,
        color=color,
        colors=[(c, _told_of(product, c)) for c in product.colors if _of(product, c)],
        widths=_by_width([Choice(v, _told(v)) for v in sizes]),
        chosen=variant or (sizes[0] if len(sizes) == 1 else None),
        told=_told(variant) if variant else _told_of(product, color),
        prices=sorted({v.price_minor for v in ([variant] if variant else sizes)}),
        compare_at=max((v.compare_at_minor or 0 for v in sizes), default=0),
        came_from=request.args.get("from", "")[:80],
        description=prose.render(product.description),
        facts=measured(product),
    )


@blueprint.get("/products/<handle>.json")
def show_json(handle: str) -> Response:
    product = queries.product(handle)
    if product is None or not product.variants:
        abort(404)
    return jsonify(product=as_data(product))


@blueprint.get("/products.json")
def listing_json() -> Response:
    limit, page = _whole("limit", 50, MOST_PER_PAGE), _whole("page", 1, 100_000)
    return jsonify(products=[as_data(p) for p in queries.products_page(limit=limit, page=page)])


def _whole(name: str, default: int, most: int) -> int:
    """Return a positive number from the address, the default where there is none; else 404."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most):
        abort(404)
    return int(text)


def _shown_color(product: Product, variant: Variant | None) -> Color:
    """The color asked for by address, else the first that can be bought, else the first."""
    sold = [color for color in product.colors if _of(product, color)]
    for color in sold:
        if variant is not None and color.id == variant.color_id:
            return color
    for color in sold:
        if color.slug == request.args.get("color"):
            return color
    return next((color for color in sold if _told_of(product, color).can_buy), sold[0])


def _of(product: Product, color: Color) -> list[Variant]:
    return [variant for variant in product.variants if variant.color_id == color.id]


def _told(variant: Variant) -> Availability:
    return availability(variant, today=today(), low=current_app.config["LOW_STOCK"])


def _told_of(product: Product, color: Color) -> Availability:
    return availability_of(_of(product, color), today=today(), low=current_app.config["LOW_STOCK"])


def _by_width(choices: Sequence[Choice]) -> dict[str, list[Choice]]:
    widths: dict[str, list[Choice]] = {}
    for choice in sorted(choices, key=lambda c: (c.variant.width_rank, c.variant.size_rank)):
        widths.setdefault(choice.variant.width, []).append(choice)
    return widths


def measured(product: Product) -> list[tuple[str, str]]:
    """Return the measured facts in words, '' for one that was not measured; none if none was."""
    hands = {1: "One hand", 2: "Two hands"}
    insole = {True: "Yes", False: "No"}
    facts = [
        ("Weight of one shoe", _grams(product.weight_g)),
        ("Heel-to-toe drop", _millimeters(product.drop_mm)),
        ("Depth inside, insole out", _millimeters(product.depth_mm)),
        ("Width of the opening", _millimeters(product.opening_mm)),
        ("Closure", (product.closure or "").capitalize()),
        ("Hands needed to close", hands.get(product.hands or 0, "")),
        (
            "Insole comes out",
            "" if product.removable_insole is None else insole[product.removable_insole],
        ),
        ("Heel counter", (product.heel_counter or "").capitalize()),
        ("Sole", product.sole or ""),
        ("Fits these braces", ", ".join(row.brace for row in product.braces)),
    ]
    return facts if any(value for _, value in facts) else []


def _grams(value: int | None) -> str:
    return "" if value is None else f"{value} g ({value / 28.3495:.1f} oz)"


def _millimeters(value: int | None) -> str:
    return "" if value is None else f"{value} mm ({value / 25.4:.1f} in)"


def as_data(product: Product) -> dict[str, Any]:
    """Return a product in the shape of Shopify's public products.json."""
    colors = {color.id: color for color in product.colors}
    currency = current_app.config["CURRENCY"]

    def price(minor: int | None) -> str | None:
        return None if minor is None else str(major(minor, currency))

    pictures = [
        {
            "src": f"{current_app.config['SHOP_URL']}/media/{p.key}",
            "alt": p.alt,
            "width": p.width,
            "height": p.height,
            "variant_ids": [v.sku for v in _of(product, color)],
        }
        for color in product.colors
        for p in color.pictures
    ]
    variants = [
        {
            "sku": v.sku,
            "title": " / ".join(filter(None, (colors[v.color_id].name, v.size, v.width))),
            "option1": colors[v.color_id].name or None,
            "option2": v.size or None,
            "option3": v.width or None,
            "price": price(v.price_minor),
            "compare_at_price": price(v.compare_at_minor),
            "barcode": v.barcode or None,
            "grams": v.weight_g,
            "available": _told(v).can_buy,
            "inventory_quantity": max(0, v.free_pairs) if v.counted else None,
            "availability": _told(v).words,
        }
        for v in product.variants
    ]
    return {
        "handle": product.handle,
        "title": product.title,
        "body_html": prose.render(product.description),
        "vendor": product.vendor,
        "product_type": product.product_type,
        "tags": [tag.strip() for tag in product.tags.split(",") if tag.strip()],
        "created_at": product.created_at.isoformat(),
        "updated_at": product.updated_at.isoformat(),
        "options": _options(product),
        "images": pictures,
        "variants": variants,
    }


def _options(product: Product) -> list[dict[str, Any]]:
    """The axes that the product really has, with their values in order."""
    axes = {
        "Color": [color.name for color in product.colors],
        product.size_label: [v.size for v in product.variants],
        product.width_label: [
            v.width for v in sorted(product.variants, key=lambda v: v.width_rank)
        ],
    }
    return [
        {"name": name, "values": list(dict.fromkeys(values))}
        for name, values in axes.items()
        if any(values)
    ]
