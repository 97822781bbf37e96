"""What may be read of the pages of words."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select

from storefront.db import db
from storefront.pages.models import PAGES, Page

REQUIRED = ("terms", "shipping", "returns", "privacy", "contact")
_PUBLISHED = select(Page.slug, Page.title).where(Page.published)


def page(slug: str) -> Page | None:
    """Return a page, whether readers see it or not."""
    return db.session.scalar(select(Page).where(Page.slug == slug))


def pages() -> Mapping[str, Page]:
    """Return the pages that were begun, by slug."""
    return {page.slug: page for page in db.session.scalars(select(Page))}


def published() -> list[tuple[str, str]]:
    """Return slug and title of what readers see, in the order of the footer."""
    titles = dict(db.session.execute(_PUBLISHED).all())
    return [(slug, titles[slug]) for slug in PAGES if slug in titles]


def unpublished(required: Sequence[str] = REQUIRED) -> list[str]:
    """Return which of the pages that a shop must have readers cannot see, by slug."""
    seen = {slug for slug, _ in published()}
    return [slug for slug in required if slug not in seen]
