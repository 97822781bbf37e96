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
from storefront.catalogue.views import today
from storefront.clock import utcnow
from storefront.pages import typed_sizes
from storefront.search import index
from storefront.search.index import Hit
from storefront.search.synonyms import CHEAP, SHOES, words_of

PAGE_SIZE = 20
MOST_TYPED = 120  # characters
MOST_SUGGESTED = 6
KINDS = {"product": "Shoe", "article": "Article", "page": "Page", "coach": "Coach"}
MANY = {"product": "shoes", "article": "articles", "page": "pages", "coach": "coaches"}

ZIP = re.compile(r"\b[0-9]{5}\b")

blueprint = Blueprint("finding", __name__)


class Result(NamedTuple):
    """A hit with the words for its kind, and the card of a product.

    `is_sized` says whether it is made in the size that was typed, and so told of in it; None where
    none was.
    """

    hit: Hit
    kind: str
    card: Card | None
    is_sized: bool | None = None

    @property
    def is_whole(self) -> bool:
        """Whether it is all that was asked."""
        return not self.hit.lacks and self.is_sized is not False


@blueprint.get("/search")
def show() -> ResponseReturnValue:
    typed = _typed()
    sizes = typed_sizes.read(typed)
    found = index.find(sizes.rest, now=utcnow())
    everything = sorted(_results(found.hits, sizes.asked), key=lambda each: not each.is_whole)
    kind = request.args.get("kind", "")
    results = [each for each in everything if each.hit.kind == kind]
    if not results:  # all are shown where none is of this kind
        kind, results = "", everything
    pages = max(1, -(-len(results) // PAGE_SIZE))
    page = request.args.get("page", "1")
    if page not in map(str, range(1, pages + 1)):
        abort(404)
    first = (int(page) - 1) * PAGE_SIZE
    zip_code = ZIP.search(typed)
    words = frozenset(words_of(found.taken_for or typed))
    return render(
        "storefront/pages/search.html",
        typed=typed,
        found=found,
        counted=_counted(everything),
        said=_counted([each for each in everything if each.is_whole]),
        kind=kind,
        results=results[first : first + PAGE_SIZE],
        links=collections.links(),
        zip_code=zip_code[0] if zip_code else "",
        sizes=[
            (size, address("/collections/all", Asked(size=(size,), available=True)))
            for size in sizes.asked.size
        ],
        told_of=sizes.words,
        missing=sizes.missing,
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


def _counted(results: Sequence[Result]) -> list[tuple[str, str]]:
    """Return each kind that was found, with "4 shoes", "1 article"."""
    by_kind = Counter(each.hit.kind for each in results)
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
        Result(
            hit,
            KINDS[hit.kind],
            cards.get(hit.address),
            hit.address in sized if hit.kind == "product" and asked.of_size else None,
        )
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
