"""The search page: what was found, with today's price and stock, and never nothing at all."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from flask import Blueprint, abort, current_app, jsonify, request
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront.catalogue import collections
from storefront.catalogue.cards import Card, cards_of
from storefront.catalogue.filters import Asked, address, of_variants
from storefront.catalogue.models import Product
from storefront.catalogue.selection import Selection
from storefront.catalogue.views import all_choices, today
from storefront.clock import utcnow
from storefront.search import index
from storefront.search.index import Hit
from storefront.search.synonyms import CHEAP, OTHERS, SHOES, words_of

PAGE_SIZE = 20
MOST_TYPED = 120  # characters
MOST_SUGGESTED = 6
KINDS = {"product": "Shoe", "article": "Article", "page": "Page", "coach": "Coach"}
MANY = {"product": "shoes", "article": "articles", "page": "pages", "coach": "coaches"}

ZIP = re.compile(r"\b[0-9]{5}\b")
NO_SIZE = re.compile(r"\bsize ([0-9]{1,2}(?:\.5)?)(?![0-9.])", re.IGNORECASE)
NUMBER = re.compile(r"(?<![0-9.])[0-9]{1,2}(?:\.5)?(?![0-9.])")

blueprint = Blueprint("finding", __name__)


class Result(NamedTuple):
    """A hit with the words for its kind, and the card of a product, which tells of a size alone
    where one was typed and the product is made in it.
    """

    hit: Hit
    kind: str
    card: Card | None
    is_sized: bool = False


@blueprint.get("/search")
def show() -> ResponseReturnValue:
    typed = _typed()
    found = index.find(typed, now=utcnow())
    kind = request.args.get("kind", "")
    hits = [hit for hit in found.hits if hit.kind == kind]
    if not hits:  # all are shown where none is of this kind
        kind, hits = "", list(found.hits)
    pages = max(1, -(-len(hits) // PAGE_SIZE))
    page = request.args.get("page", "1")
    if page not in map(str, range(1, pages + 1)):
        abort(404)
    first = (int(page) - 1) * PAGE_SIZE
    zip_code = ZIP.search(typed)
    asked, told_of = _sized(typed)
    results = _results(hits[first : first + PAGE_SIZE], asked)
    words = frozenset(words_of(found.taken_for or typed))
    return render(
        "storefront/pages/search.html",
        typed=typed,
        found=found,
        counted=_counted(found.hits),
        said=_counted([hit for hit in found.hits if not hit.lacks]),
        kind=kind,
        whole=[result for result in results if not result.hit.lacks],
        part=[result for result in results if result.hit.lacks],
        links=collections.links(),
        zip_code=zip_code[0] if zip_code else "",
        sizes=[
            (size, address("/collections/all", Asked(size=(size,), available=True)))
            for size in asked.size
        ],
        told_of=told_of,
        no_size=NO_SIZE.findall(typed) if not asked.size else [],
        is_for_shoes=not SHOES.isdisjoint(words),
        is_for_price=not CHEAP.isdisjoint(words) or "$" in typed,
        page=int(page),
        pages=pages,
    )


@blueprint.get("/search/suggestions")
def suggest() -> ResponseReturnValue:
    """Answer with the first few pages whose words begin like what is being typed."""
    hits = index.find(_typed(), now=utcnow(), begun=True).hits[:MOST_SUGGESTED]
    return jsonify(
        [{"title": hit.title, "kind": KINDS[hit.kind], "address": hit.address} for hit in hits]
    )


def _typed() -> str:
    return " ".join(request.args.get("q", "")[:MOST_TYPED].split())


def _sized(typed: str) -> tuple[Asked, str]:
    """Return the sizes and, with these, the width that were typed, and the same in words."""
    numbers = set(NUMBER.findall(typed))
    if not numbers:
        return Asked(), ""
    named = set(words_of(typed))
    unwanted = [
        others
        for one, others in OTHERS.items()
        if not named.isdisjoint(one) and named.isdisjoint(others)
    ]
    there = all_choices(None)
    sizes = [
        size
        for size in there["size"]
        if size.words in numbers
        and all(set(words_of(size.group)).isdisjoint(each) for each in unwanted)
    ]
    if not sizes:
        return Asked(), ""
    said = f" {' '.join(words_of(typed))} "
    widths = [each.value for each in there["width"] if f" {each.value.lower()} " in said]
    width = max(widths, key=len, default="")
    asked = Asked(size=tuple(size.value for size in sizes), width=(width,) if width else ())
    words = f"size {' or '.join(dict.fromkeys(size.words for size in sizes))}"
    return asked, ", ".join(filter(None, (words, width)))


def _counted(hits: Sequence[Hit]) -> list[tuple[str, str]]:
    """Return each kind that was found, with "4 shoes", "1 article"."""
    by_kind = Counter(hit.kind for hit in hits)
    return [
        (kind, f"{by_kind[kind]} {KINDS[kind].lower() if by_kind[kind] == 1 else many}")
        for kind, many in MANY.items()
        if by_kind[kind]
    ]


def _results(hits: Sequence[Hit], asked: Asked) -> list[Result]:
    """Return hits with the cards of those that are products; one that is gone is left out."""
    ids = [int(hit.thing) for hit in hits if hit.kind == "product"]
    sized = _cards(ids, asked) if asked.of_size else {}
    cards = sized if len(sized) == len(ids) else _cards(ids, Asked()) | sized
    return [
        Result(hit, KINDS[hit.kind], cards.get(hit.address), hit.address in sized)
        for hit in hits
        if hit.kind != "product" or hit.address in cards
    ]


def _cards(ids: Sequence[int], asked: Asked) -> dict[str, Card]:
    if not ids:
        return {}
    found = cards_of(
        Selection(Product.id, where=Product.id.in_(ids)),
        today=today(),
        low=current_app.config["LOW_STOCK"],
        limit=len(ids),
        within=of_variants(asked) if asked.of_size else None,
    )
    return {f"/products/{card.handle}": card for card in found}
