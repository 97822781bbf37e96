"""How a page comes to say what it says: begun from a draft, saved, published once it is whole."""

import re
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from storefront.db import db
from storefront.pages import searching
from storefront.pages.models import Page

BLOCKS = re.compile("delivery|returns|keeping")
GAP = re.compile(r"\[your [^\[\]\n]+\](?![(\[])")  # what comes before "(" or "[" is a link


class CannotPublish(Exception):
    """A page has gaps, so readers may not see it; nothing was changed."""

    def __init__(self, gaps: Sequence[str]) -> None:
        super().__init__("the page has gaps")
        self.gaps = gaps


class PageMoved(Exception):
    """Somebody has saved the page meanwhile; nothing was changed."""

    def __init__(self, page: Page) -> None:
        super().__init__("the page was saved meanwhile")
        self.page = page


def gaps(body: str, *, delivers: bool, takes_back: bool) -> list[str]:
    """Return what a text still lacks, as it says itself or by a block that would show nothing.

    `delivers`: there are delivery zones. `takes_back`: the terms of returns are set.
    """
    lacking = list(dict.fromkeys(GAP.findall(body)))
    for block, there in (("[delivery]", delivers), ("[returns]", takes_back)):
        if block in body and not there:
            lacking.append(f"{block}, which has nothing to show yet")
    return lacking


def save(
    slug: str,
    *,
    title: str,
    body: str,
    published: bool | None,
    based_on: str,
    delivers: bool,
    takes_back: bool,
    by: str,
    now: datetime,
) -> None:
    """Save a page; `published` is None where that stays as it is.

    `based_on` is the stamp of the page that was read, '' where there was none. Raises PageMoved,
    and CannotPublish where readers would see a gap.
    """
    values = {"title": title, "body": body, "updated_at": now, "updated_by": by}
    page = _locked(slug)
    if stamp(page) != based_on:
        raise PageMoved(page or Page(slug=slug, **values))
    if published is None:
        published = page is not None and page.published
    if published and (lacking := gaps(body, delivers=delivers, takes_back=takes_back)):
        raise CannotPublish(lacking)
    if page is None:
        if not db.insert_once(
            Page, "slug", values={"slug": slug, "published": published, **values}
        ):
            raise PageMoved(_locked(slug) or Page(slug=slug, **values))
    elif (page.title, page.body, page.published) != (title, body, published):
        page.title, page.body, page.published = title, body, published
        page.updated_at, page.updated_by = now, by
    searching.note(slug)


def stamp(page: Page | None) -> str:
    """Return what tells one saved state of a page from another."""
    return page.updated_at.isoformat() if page else ""


def _locked(slug: str) -> Page | None:
    return db.session.scalar(select(Page).where(Page.slug == slug).with_for_update())
