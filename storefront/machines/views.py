"""What machines read: the map of the site, what they may not visit, and the product feed."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from flask import Blueprint, Response, current_app, stream_with_context
from flask import render_template as render

from storefront.catalogue import queries
from storefront.catalogue.views import today
from storefront.machines import feed, structured
from storefront.settings.shop import shop

Entry = tuple[str, date | None]

MOST_ENTRIES = 50_000  # in one map: https://www.sitemaps.org/protocol.html
BATCH = 100  # products read at once
CLOSED = ("/cart", "/checkout", "/orders", "/p/", "/staff", "/preferences", "/search", "/notices")

# What rooms lend: addresses that a search engine may show, each with the day of its last change.
entries: list[Callable[[], Iterable[Entry]]] = []

blueprint = Blueprint("machines", __name__)


@blueprint.get("/sitemap.xml")
def sitemap() -> Response:
    """List what a search engine may show; nothing while the shop is not open."""
    found: list[Entry] = []
    if shop().is_open:
        found = [("/", None), *(entry for room in entries for entry in room())]
    page = render("storefront/machines/sitemap.xml", entries=found[:MOST_ENTRIES])
    return Response(page, mimetype="application/xml")


@blueprint.get("/robots.txt")
def robots() -> Response:
    closed = "".join(f"Disallow: {place}\n" for place in CLOSED)
    map_of_site = f"Sitemap: {shop().url}/sitemap.xml\n"
    return Response(f"User-agent: *\n{closed}\n{map_of_site}", mimetype="text/plain")


@blueprint.get("/feeds/merchant.xml")
def merchant() -> Response:
    """Answer with every size on sale, as Google Merchant Center reads it."""
    return Response(stream_with_context(_feed()), mimetype="application/xml")


def _feed() -> Iterator[str]:
    by, day, low = structured.seller(), today(), current_app.config["LOW_STOCK"]
    yield render("storefront/machines/merchant_head.xml")
    page = 1
    while shop().is_open and (products := queries.products_page(limit=BATCH, page=page)):
        for whole in products:
            yield render(
                "storefront/machines/merchant_items.xml",
                product=whole.product,
                items=feed.items(whole, by=by, today=day, low=low),
            )
        page += 1
    yield "</channel>\n</rss>\n"
