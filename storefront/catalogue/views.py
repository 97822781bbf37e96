"""What a shopper sees of the catalogue: listing, product page, and the same as data."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, jsonify, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront import prose
from storefront.catalogue import braces, choosing, collections, filters, glance, queries, systems
from storefront.catalogue.availability import (
    Availability,
    availability,
    availability_of,
    availability_of_sides,
)
from storefront.catalogue.cards import PAGE_SIZE, cards_of
from storefront.catalogue.choosing import Choice
from storefront.catalogue.collections import CollectionRow
from storefront.catalogue.filters import Asked
from storefront.catalogue.handles import COLLECTIONS, PRODUCTS
from storefront.catalogue.queries import ColorRow, SizeRow, Stock, WholeProduct
from storefront.catalogue.selection import LISTED, Selection, count
from storefront.clock import day_of, utcnow
from storefront.money import major
from storefront.remembered import remembered
from storefront.settings.shop import shop

MOST_PER_PAGE = 250  # as in Shopify's public products.json

# What the address of a product carries into the cart: the article that led here, and the line that
# is to be replaced, of so many pairs.
CARRIED = ("from", "instead", "pairs")
FIT_SYSTEMS = ("US women's size", "US men's size")  # that the fit finder knows

blueprint = Blueprint("catalogue", __name__)
blueprint.add_app_template_filter(systems.millimeters)


kinds = remembered(queries.kinds)


class Shown(NamedTuple):
    """What a product's page shows: one color, its sizes, and which of them is chosen."""

    whole: WholeProduct
    color: ColorRow
    choices: Sequence[Choice]
    chosen: SizeRow | None


Part = Callable[[Shown], str]
parts: list[Part] = []  # what rooms above show below the sizes


def today() -> date:
    """Return the shop's day."""
    return day_of(utcnow(), shop().zone)


@blueprint.get("/products")
def old_listing() -> ResponseReturnValue:
    return redirect(url_for("catalogue.listing"), 301)


@blueprint.get("/collections/all")
def listing() -> ResponseReturnValue:
    return _listing(LISTED, None)


@blueprint.get("/collections/<handle>")
def collection(handle: str) -> ResponseReturnValue:
    found = collections.collection(handle)
    if found is None:
        return _to_present("catalogue.collection", COLLECTIONS.former_owner(handle))
    return _listing(collections.selection(found), found)


def _listing(of: Selection, collection: CollectionRow | None) -> ResponseReturnValue:
    asked, sort, problems = filters.read(request.args.to_dict(flat=False))
    by_rule = collection.rule_value if collection and collection.rule == "brace" else ""
    over, scale = asked.fits or tuple(filter(None, (by_rule,))), kinds().widths
    brace = over[0] if over else ""
    steps = braces.steps_for(brace)
    asked = replace(asked, room=braces.with_room(over, scale))
    met = filters.selection(of, asked, sort)
    total = count(met)
    given_up: list[str] = []
    if not total and asked != Asked() and (nearest := filters.closest(of, asked)):
        shown, given_up = nearest
        met = filters.selection(of, shown, sort)
    else:
        shown = asked
    page = _whole("page", 1, 100_000)
    pages = max(1, -(-total // PAGE_SIZE))
    if page > pages:
        abort(404)
    leads_on = {
        "size": shown.size[0] if len(shown.size) == 1 and not shown.width else "",
        "width": shown.width[0] if len(shown.width) == 1 else "",
        "brace": brace,
        "singly": "1" if shown.singly else "",
    }
    cards = cards_of(
        met,
        today=today(),
        low=current_app.config["LOW_STOCK"],
        offset=(page - 1) * PAGE_SIZE,
        within=filters.of_variants(shown.of_kinds_but("available")) if shown.of_size else None,
        colors=shown.color,
        asked=tuple((name, value) for name, value in leads_on.items() if value),
        scale=scale,
    )
    path = f"/collections/{collection.handle if collection else 'all'}"
    choices = _choices(of, collection, asked)
    sized = [size for size in choices["size"] if size.chosen]
    return render(
        "storefront/catalogue/listing.html",
        cards=cards,
        total=total,
        page=page,
        pages=pages,
        collection=collection,
        links=collections.links(),
        path=path,
        asked=asked,
        sort=sort,
        sorts=tuple((name, words) for name, (words, _) in filters.SORTS.items()),
        problems=problems,
        given_up=given_up,
        as_long=_as_long(asked.size) if "size" in given_up else [],
        told_of=_told_of(shown),
        choices=tuple((kind, tuple(all_of)) for kind, all_of in choices.items()),
        same_length=list(filters.same_length(choices["size"])),
        half_away=filters.half_a_size_away(choices["size"]),
        widths_over=braces.widths_by_usual(steps, scale) if steps else [],
        wider=asked.of_kinds_but("width"),
        fit=_fit_address(brace, asked, sized) if steps else "",
        braces=braces.told_apart(kinds().braces),
        address=partial(filters.address, path),
    )


def _as_long(sizes: Sequence[str]) -> list[tuple[str, str]]:
    """Return each size of a known system with those of the others that are as long, in words."""
    found = []
    for asked in sizes:
        label, _, size = asked.rpartition(" ")
        for row in systems.table([size], label):
            found.append((asked, ", ".join(f"{name} {other}" for name, other in row.others)))
    return found


def _told_of(shown: Asked) -> str:
    """Return the sizes of which the cards tell, in words."""
    sizes = shown.size[0] if len(shown.size) == 1 else "these sizes" if shown.size else ""
    widths = shown.width or (shown.room if sizes else ())
    width = " or ".join(widths) or ("all widths" if sizes and len(kinds().widths) > 1 else "")
    return ", ".join(filter(None, (sizes, width)))


def _fit_address(brace: str, asked: Asked, sized: Sequence[filters.Choice]) -> str:
    """Return where the fit finder works out the width over a brace, with what else was asked."""
    told = {"brace": brace, "hands": "1" if asked.hands == (1,) else ""}
    if len(sized) == 1 and sized[0].group in FIT_SYSTEMS:
        told |= {"size": sized[0].words, "system": sized[0].group.removesuffix(" size")}
    return f"/fit?{urlencode({name: value for name, value in told.items() if value})}"


def _choices(
    of: Selection, collection: CollectionRow | None, asked: Asked
) -> dict[str, list[filters.Choice]]:
    """Return all that can be chosen, also what leaves nothing with what is asked."""
    everything = all_choices(collection)
    if asked == Asked():
        return everything
    left = filters.choices(of, asked, over=braces.by_room(kinds().braces, kinds().widths))
    return {kind: filters.counted(all_of, left[kind], asked) for kind, all_of in everything.items()}


@remembered
def all_choices(collection: CollectionRow | None) -> dict[str, list[filters.Choice]]:
    """Return what can be chosen of a collection, or of all shoes, where nothing is asked."""
    of = collections.selection(collection) if collection else LISTED
    return filters.choices(of, Asked(), over={(): kinds().braces})


def _to_present(endpoint: str, handle: str | None) -> ResponseReturnValue:
    """Lead from a former handle to the present one, for ever; 404 where there is none."""
    if handle is None:
        abort(404)
    query = request.query_string.decode("ascii", "ignore")
    return redirect(url_for(endpoint, handle=handle) + (f"?{query}" if query else ""), 301)


@blueprint.get("/products/<handle>")
def show(handle: str) -> ResponseReturnValue:
    whole = queries.product(handle)
    if whole is None:
        return _to_present("catalogue.show", PRODUCTS.former_owner(handle))
    return page(whole, request.args.get("variant"))


def page(whole: WholeProduct, sku: str | None, *, parts: Sequence[Part] = parts) -> str:
    """Show a product with one size selected, or none.

    `parts` stand in place of those that the rooms above always show.
    """
    teller = Teller(today(), current_app.config["LOW_STOCK"])
    colors = tuple((color, teller.of_color(whole.sizes_of(color))) for color in whole.colors)
    variant = next((size for size in whole.sizes if size.sku == sku), None)
    color, color_told = _shown_color(colors, variant)
    sizes = whole.sizes_of(color)
    choices = [Choice(size, teller.of_size(size)) for size in sizes]
    widths = choosing.by_width(choices)
    width = variant.width if variant else request.args.get("width")
    brace, scale = request.args.get("brace", ""), kinds().widths
    steps = braces.steps_for(brace) if brace in whole.braces else 0
    size = "" if variant else choosing.named_size(whole, request.args.get("size", ""))
    shown_width = choosing.shown_width(widths, width, size, too_narrow=scale[:steps])
    asked_for = choosing.asked_size(
        whole, color, widths, shown_width, size, with_width=width is not None
    )
    chosen = variant or asked_for.chosen or (sizes[0] if len(sizes) == 1 else None)
    asked = [chosen] if chosen else sizes
    price_minor = min(each.price_minor for each in asked)
    width_names = _width_names(whole)
    over = braces.over_brace(brace, whole.braces, scale, width_names, shown_width[0].variant.width)
    shown = Shown(whole, color, choices, chosen)
    carried = tuple((name, v[:80]) for name in CARRIED if (v := request.args.get(name, "")))
    kept = {
        "width": shown_width[0].variant.width if chosen or width is not None else "",
        "size": chosen.size if chosen else size,
        "brace": brace[:80],
        "singly": "1" if request.args.get("singly") == "1" else "",
    }
    return render(
        "storefront/catalogue/show.html",
        whole=whole,
        today=teller.today,
        low=teller.low,
        product=whole.product,
        color=color,
        colors=colors,
        widths=widths,
        shown_width=shown_width,
        replaced=choosing.replaced(whole, request.args.get("instead", "")),
        pairs=next((n for n in range(2, 7) if ("pairs", str(n)) in carried), 1),
        chosen=chosen,
        parts=[part(shown) for part in parts],
        color_told=color_told,
        told=teller.of_size(chosen) if chosen else color_told,
        is_expected=any(size.restock_on and size.restock_on >= teller.today for size in asked),
        others=[other for other, told in colors if told.can_buy],
        glance=glance.of_page(
            glance.called(whole.product.size_label, whole.product.size_system),
            tuple(dict.fromkeys(size.size for size in whole.sizes if size.size)),
            width_names,
            whole.product.closure,
            whole.product.hands,
            whole.braces,
            singly=any(size.single_minor is not None for size in whole.sizes),
        ),
        price_minor=price_minor,
        compare_at_minor=max(
            size.compare_at_minor or 0 for size in asked if size.price_minor == price_minor
        ),
        price_from=any(size.price_minor > price_minor for size in asked),
        feet=_feet(sizes, teller),
        feet_differ=request.args.get("singly") == "1",
        prices_differ=len({(size.price_minor, size.compare_at_minor) for size in sizes}) > 1,
        carried=carried,
        kept=(*((name, value) for name, value in kept.items() if value), *carried),
        size_told=asked_for.told,
        inside=choosing.inside_of_each(whole),
        in_two_sizes=filters.address(
            "/collections/all", Asked(fits=tuple(filter(None, (over.own,))), singly=True)
        ),
        insides=tuple(choosing.inside([c.variant for c in each], kept["size"]) for each in widths),
        over=over,
        not_tried=[each for each in kinds().braces if each not in whole.braces],
        facts=measured(whole),
        size_rows=systems.table((size.size for size in whole.sizes if size.size), _system(whole)),
        width_names=width_names,
        braces=braces.told_apart(kinds().braces),
    )


@blueprint.get("/products/<handle>.json")
def show_json(handle: str) -> ResponseReturnValue:
    whole = queries.product(handle)
    if whole is None:
        return _to_present("catalogue.show_json", PRODUCTS.former_owner(handle))
    return jsonify(product=as_data(whole))


@blueprint.get("/products.json")
def listing_json() -> Response:
    limit, page = _whole("limit", 50, MOST_PER_PAGE), _whole("page", 1, 100_000)
    return jsonify(products=[as_data(p) for p in queries.products_page(limit=limit, page=page)])


@dataclass(frozen=True)
class Teller:
    """Says what is there, as of one day."""

    today: date
    low: int

    def of_size(self, size: SizeRow) -> Availability:
        return availability(size, today=self.today, low=self.low)

    def of_side(self, size: SizeRow, free: int) -> Availability:
        stock = Stock(size.counted, free, size.restock_on)
        return availability_of_sides(stock, today=self.today, low=self.low)

    def of_color(self, sizes: Sequence[SizeRow]) -> Availability:
        return availability_of(sizes, today=self.today, low=self.low)


def _whole(name: str, default: int, most: int) -> int:
    """Return a positive number from the address, the default where there is none; else 404."""
    text = request.args.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 8 and 1 <= int(text) <= most):
        abort(404)
    return int(text)


def _shown_color(
    colors: Sequence[tuple[ColorRow, Availability]], variant: SizeRow | None
) -> tuple[ColorRow, Availability]:
    """The color asked for by address, else the first that can be bought, else the first."""
    for color, told in colors:
        if color.id == variant.color_id if variant else color.slug == request.args.get("color"):
            return color, told
    return next(((color, told) for color, told in colors if told.can_buy), colors[0])


def _system(whole: WholeProduct) -> str:
    return f"{whole.product.size_label} {whole.product.size_system}"


def _width_names(whole: WholeProduct) -> tuple[str, ...]:
    by_rank = sorted(whole.sizes, key=lambda size: size.width_rank)
    return tuple(dict.fromkeys(size.width for size in by_rank if size.width))


def _feet(sizes: Sequence[SizeRow], teller: Teller) -> tuple[tuple[str, tuple[Choice, ...]], ...]:
    """Return what each foot may have by itself; empty where nothing is sold singly."""
    singly = [size for size in sizes if size.single_minor is not None]
    if not singly:
        return ()
    left = tuple(Choice(size, teller.of_side(size, size.free_left)) for size in singly)
    right = tuple(Choice(size, teller.of_side(size, size.free_right)) for size in singly)
    return (("left", left), ("right", right))


def measured(whole: WholeProduct) -> tuple[tuple[str, str], ...]:
    """Return the measured facts in words, '' for one that was not measured; none if none was."""
    product = whole.product
    hands = {1: "One hand", 2: "Two hands"}
    insole = {True: "Yes", False: "No"}
    facts = (
        ("Weight of one shoe", _told(systems.grams, product.weight_g)),
        ("Heel-to-toe drop", _told(systems.millimeters, product.drop_mm)),
        ("Depth inside, insole out", _told(systems.millimeters, product.depth_mm)),
        ("Width inside at the ball, insole out", _inside(whole)),
        ("Width of the opening", _told(systems.millimeters, product.opening_mm)),
        ("Closure", (product.closure or "").capitalize()),
        ("Hands needed to close", hands.get(product.hands or 0, "")),
        (
            "Insole comes out",
            "" if product.removable_insole is None else insole[product.removable_insole],
        ),
        ("Heel counter (the cup behind the heel)", (product.heel_counter or "").capitalize()),
        ("Sole", product.sole or ""),
        ("Fits these braces", ", ".join(whole.braces)),
    )
    return facts if any(value for _, value in facts) else ()


def _inside(whole: WholeProduct) -> str:
    of_each = {
        width: choosing.inside(size for size in whole.sizes if size.width == width)
        for width in _width_names(whole) or ("",)
    }
    told = (f"{width}: {words}".removeprefix(": ") for width, words in of_each.items() if words)
    return "; ".join(told).replace(" wide inside", "")


def _told(words: Callable[[int], str], value: int | None) -> str:
    return "" if value is None else words(value)


def as_data(whole: WholeProduct) -> dict[str, Any]:
    """Return a product in the shape of Shopify's public products.json."""
    product = whole.product
    names = {color.id: color.name for color in whole.colors}
    teller = Teller(today(), current_app.config["LOW_STOCK"])
    pictures = [
        {
            "src": f"{shop().url}/media/{picture.key}",
            "alt": picture.alt,
            "width": picture.width,
            "height": picture.height,
            "variant_ids": [size.sku for size in whole.sizes_of(color)],
        }
        for color in whole.colors
        for picture in color.pictures
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
        "options": _options(whole),
        "images": pictures,
        "variants": [_variant(s, names[s.color_id], teller.of_size(s)) for s in whole.sizes],
    }


def _variant(size: SizeRow, color: str, told: Availability) -> dict[str, Any]:
    return {
        "sku": size.sku,
        "title": " / ".join(filter(None, (color, size.size, size.width))),
        "option1": color or None,
        "option2": size.size or None,
        "option3": size.width or None,
        "price": _price(size.price_minor),
        "compare_at_price": _price(size.compare_at_minor),
        "barcode": size.barcode or None,
        "grams": size.weight_g,
        "available": told.can_buy,
        "inventory_quantity": told.pairs,
        "availability": told.words,
    }


def _price(minor: int | None) -> str | None:
    return None if minor is None else str(major(minor, shop().currency))


def _options(whole: WholeProduct) -> list[dict[str, Any]]:
    """The axes that the product really has, with their values in order."""
    by_width = sorted(whole.sizes, key=lambda size: size.width_rank)
    axes = {
        "Color": [color.name for color in whole.colors],
        whole.product.size_label: [size.size for size in whole.sizes],
        whole.product.width_label: [size.width for size in by_width],
    }
    return [
        {"name": name, "values": list(dict.fromkeys(values))}
        for name, values in axes.items()
        if any(values)
    ]
