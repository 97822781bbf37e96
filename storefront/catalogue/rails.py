"""Rails: which shoes an article shows where it says `[rail: …]`."""

import re
from dataclasses import dataclass
from datetime import date

from markupsafe import Markup

from storefront import prose
from storefront.catalogue import collections
from storefront.catalogue.cards import Card, cards_of
from storefront.catalogue.selection import LATEST, handles

BLOCKS = re.compile(r"rail: (?:latest|collection ([a-z0-9-]{1,80}))")
MOST_SHOES = 3

NOT_SHOWN = "The rail shows nothing yet: no collection that shoppers see has the handle “{}”."
ONE_ALONE = "An article shows one rail. Those after the first are left out."


@dataclass(frozen=True)
class Rail:
    """Shoes under a heading, those first that can be bought; `more` leads to all of them."""

    title: str
    more: str
    cards: tuple[Card, ...]


def rail(block: str, *, today: date, low: int) -> Rail | None:
    """Return what a block of BLOCKS shows, None where it shows nothing; by three queries."""
    title, more, shoes = "Latest adaptive footwear", "/collections/all", LATEST
    if handle := _handle(block):
        found = collections.led_to(handle)
        if found is None:
            return None
        title, more = found.title, f"/collections/{found.handle}"
        shoes = collections.selection(found, in_stock_first=True)
    cards = cards_of(shoes, today=today, low=low, limit=MOST_SHOES)
    return Rail(title, more, tuple(cards)) if cards else None


def collected(text: str) -> frozenset[str]:
    """Return the handles of the products of all collections whose rails a text asks for."""
    return frozenset(
        handle
        for named in re.findall(r"\[rail: collection ([a-z0-9-]{1,80})\]", text)
        if (found := collections.led_to(named)) is not None
        for handle in handles(collections.selection(found))
    )


def lacking(text: str) -> str:
    """Return a sentence for whoever wrote a text whose rails do not show what it says; or ''."""
    parts = prose.render_document(text, BLOCKS).parts
    blocks = [part for part in parts if not isinstance(part, Markup)]
    handle = _handle(blocks[0]) if blocks else ""
    if handle and collections.led_to(handle) is None:
        return NOT_SHOWN.format(handle)
    return ONE_ALONE if len(blocks) > 1 else ""


def _handle(block: str) -> str:
    """Return the handle of the collection that a block names, '' where it names none."""
    found = BLOCKS.fullmatch(block)
    return (found and found[1]) or ""
