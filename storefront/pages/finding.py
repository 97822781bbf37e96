"""The search page: what was found, with today's price and stock, and never nothing at all."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from flask import Blueprint, abort, current_app, jsonify, request
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront.catalogue import collections
from storefront.catalogue.cards import Card, cards_of
from storefront.catalogue.filters import Asked, address, of_variants
from storefront.catalogue.models import Product
from storefront.catalogue.selection import Selection
from storefront.catalogue.views import kinds, today
from storefront.clock import utcnow
from storefront.coaches.gazetteer import Gazetteer
from storefront.money import major
from storefront.pages import reading
from storefront.pages.reading import Read
from storefront.search import index
from storefront.search.index import Hit
from storefront.search.synonyms import CHEAP, CONDITIONS, LIGHT, SHOES, words_of
from storefront.settings.shop import shop

PAGE_SIZE = 20
MOST_TYPED = 300  # characters
MOST_SUGGESTED = 6
MOST_LACKING = 5  # results that are not all that was asked
KINDS = {"product": "Shoe", "article": "Article", "page": "Page", "coach": "Coach"}
MANY = {"product": "shoes", "article": "articles", "page": "pages", "coach": "coaches"}

ZIP = re.compile(r"(?:\bzip(?: code)? )?\b([0-9]{5})\b", re.IGNORECASE)
NEAR = re.compile(r"\bnear (?!me$)([^\W\d_][\w .,'’-]*)$", re.IGNORECASE)
OF_COACHES = re.compile(r"^(?:(?:coach|coaches|store|stores|shop|shops|in)\b ?)+", re.IGNORECASE)

blueprint = Blueprint("finding", __name__)


class Result(NamedTuple):
    """A hit with the words for its kind, and the card of a product.

    `is_sized` says whether it is made in the size that was typed, and so told of in it; None where
    none was. `is_dear`: it costs more than was asked.
    """

    hit: Hit
    kind: str
    card: Card | None
    is_sized: bool | None = None
    is_dear: bool = False

    @property
    def lacking(self) -> int:
        """How much it lacks of what was asked."""
        return len(self.hit.lacks) + (self.is_sized is False) + self.is_dear

    @property
    def address(self) -> str:
        """Where it leads, in the color and the size that it is told of."""
        return self.card.address(self.card.shown) if self.card else self.hit.address


@blueprint.get("/search")
def show() -> ResponseReturnValue:
    typed = _typed()
    zip_code, named = ZIP.search(typed), NEAR.search(typed)
    near = zip_code[1] if zip_code else named[1] if named else ""
    wanted = reading.read(ZIP.sub(" ", typed))
    found = index.find(wanted.rest, now=utcnow())
    words = frozenset(words_of(found.taken_for or typed))
    everything = _results(found.hits, wanted, words)
    whole = [each for each in everything if not each.lacking]
    near = near or ("" if whole or wanted.only_shoes else _town(typed))
    if near:  # a link leads to the coaches by distance, which no words of theirs tell
        everything = [each for each in everything if each.hit.kind != "coach"]
        whole = [each for each in whole if each.hit.kind != "coach"]
    if wanted.asked.of_size:  # who names a size wants a shoe
        whole.sort(key=lambda each: each.hit.kind != "product")
    close = sorted((each for each in everything if each.lacking), key=lambda each: each.lacking)
    everything = whole + close[:MOST_LACKING]
    kind = request.args.get("kind", "")
    results = [each for each in everything if each.hit.kind == kind]
    if not results:  # all are shown where none is of this kind
        kind, results = "", everything
    pages = max(1, -(-len(results) // PAGE_SIZE))
    page = request.args.get("page", "1")
    if page not in map(str, range(1, pages + 1)):
        abort(404)
    first = (int(page) - 1) * PAGE_SIZE
    return render(
        "storefront/pages/search.html",
        typed=typed,
        found=found,
        kinds=[kind for kind in MANY if any(each.hit.kind == kind for each in everything)],
        many=MANY,
        said=_counted([each for each in whole if kind in ("", each.hit.kind)]),
        kind=kind,
        results=results[first : first + PAGE_SIZE],
        links=collections.links(),
        near=near,
        min_depth=wanted.min_depth,
        sizes=[
            (
                ", ".join(filter(None, (size, " or ".join(wanted.asked.width)))),
                address("/collections/all", replace(wanted.asked, size=(size,), available=True)),
            )
            for size in wanted.asked.size
        ],
        told_of=wanted.words,
        all_widths=len(kinds().widths) > 1 and not wanted.asked.width,
        also_said=wanted.said,
        is_for_shoes=not SHOES.isdisjoint(words),
        is_for_condition=not CONDITIONS.isdisjoint(words),
        is_for_price=not CHEAP.isdisjoint(words) or wanted.most is not None,
        is_for_weight=not LIGHT.isdisjoint(words),
        page=int(page),
        pages=pages,
    )


@blueprint.get("/search/suggestions")
def suggest() -> ResponseReturnValue:
    """Answer with the first few pages whose words begin like what is being typed."""
    typed, now = _typed(), utcnow()
    found = index.find(typed, now=now, begun=True)
    if all(hit.lacks for hit in found.hits):  # nothing begins so: it may be mistyped
        meant = index.find(typed, now=now)
        found = meant if meant.taken_for else found
    return jsonify(
        [
            {"title": hit.title, "kind": KINDS[hit.kind], "address": hit.address}
            for hit in found.hits[:MOST_SUGGESTED]
        ]
    )


def _town(typed: str) -> str:
    """Return the town that all that was typed names, beside words for coaches; "" if none."""
    place = Gazetteer(current_app.instance_path).find(OF_COACHES.sub("", typed))
    return place.name if place else ""


def _typed() -> str:
    return " ".join(request.args.get("q", "")[:MOST_TYPED].split())


def _counted(results: Sequence[Result]) -> list[str]:
    """Return how many there are of each kind that was found: "4 shoes", "1 article"."""
    by_kind = Counter(each.hit.kind for each in results)
    return [
        f"{by_kind[kind]} {KINDS[kind].lower() if by_kind[kind] == 1 else many}"
        for kind, many in MANY.items()
        if by_kind[kind]
    ]


def _results(hits: Sequence[Hit], wanted: Read, words: frozenset[str]) -> list[Result]:
    """Return hits with the cards of those that are products; one that is gone is left out."""
    ids = [int(hit.thing) for hit in hits if hit.kind == "product"]
    is_sized = wanted.asked.of_size
    sized = _cards(ids, wanted.asked) if is_sized else {}
    cards = sized if len(sized) == len(ids) else _cards(ids, Asked()) | sized
    currency = shop().currency
    results = []
    for hit in hits:
        card = cards.get(hit.address)
        if card and wanted.unwanted:
            card = _without(card, hit, wanted.unwanted)
        if hit.kind != "product" and not wanted.only_shoes:
            results.append(Result(hit, KINDS[hit.kind], None))
        elif card:
            dear = wanted.most is not None and major(card.price_minor, currency) > wanted.most
            made = hit.address in sized if is_sized else None
            results.append(Result(hit, KINDS[hit.kind], card.in_color(words), made, dear))
    return results


def _without(card: Card, hit: Hit, unwanted: Sequence[Sequence[str]]) -> Card | None:
    """Return a card without the colors that are not wanted; None where its look is not."""
    said = f" {' '.join(words_of(f'{card.title} {hit.summary} {card.glance}'))} "
    if any(f" {phrase} " in said for look in unwanted for phrase in look):
        return None
    return card.without_colors([word for look in unwanted for word in look])


def _cards(ids: Sequence[int], asked: Asked) -> dict[str, Card]:
    if not ids:
        return {}
    found = cards_of(
        Selection(Product.id, where=Product.id.in_(ids)),
        today=today(),
        low=current_app.config["LOW_STOCK"],
        limit=len(ids),
        within=of_variants(asked) if asked.of_size else None,
        scale=kinds().widths,
    )
    return {f"/products/{card.handle}": card for card in found}
