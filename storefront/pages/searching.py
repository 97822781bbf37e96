"""What is found of the pages of words: those that are published."""

from collections.abc import Iterator

from sqlalchemy import select

from storefront.catalogue.braces import ALL_SAID
from storefront.db import db
from storefront.pages.models import ABOUT, Page
from storefront.search import index
from storefront.search.index import Entry

PLACES = (
    Entry(
        "page", "/orders/lookup", "/orders/lookup", "Find your order",
        "order tracking parcel lost mail email receipt status", "We email you a link to it.",
    ),
    Entry(
        "page", "/fit", "/fit", "Fit finder",
        "which size measure width swelling swollen brace afo one hand",
        "Which shoes suit your measures, brace, swelling and hands.",
    ),
    Entry(
        "page", "/fit/braces", "/fit/braces", "Which brace is which?",
        "brace afo smo ankle foot orthosis kind name tell apart look like",
        "Kinds of ankle brace and how to tell them by looking.", ALL_SAID,
    ),
    Entry(
        "page", "/accessibility", "/accessibility", "Display settings and accessibility",
        "large text contrast dark screen reader", "Larger text, more contrast, calmer pages.",
    ),
)  # fmt: skip

WORDS = {  # what people ask of a page
    "shipping": "free cost how much policy",
    "returns": "free cost policy",
    "privacy": "policy",
}


def entries() -> Iterator[Entry]:
    """Yield all published pages, and those that are not pages of words."""
    yield from PLACES
    yield from map(_entry, db.session.scalars(select(Page).where(Page.published)))


def note(slug: str) -> None:
    """Let a page be found as it is now, if readers may see it; inside `db.writing()`."""
    db.session.flush()
    page = db.session.scalars(select(Page).where(Page.slug == slug)).one()
    if page.published:
        index.put(_entry(page))
    else:
        index.remove(("page", page.slug))


def _entry(page: Page) -> Entry:
    slug, about = page.slug, ABOUT.get(page.slug, "")
    words = f"{slug} {WORDS.get(slug, '')}"
    return Entry("page", slug, f"/pages/{slug}", page.title, words, about, page.body)
