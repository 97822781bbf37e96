"""What is found of the coaches: every place."""

from collections.abc import Iterator

from sqlalchemy import select

from storefront.coaches.models import Coach
from storefront.db import db
from storefront.search import index
from storefront.search.index import Entry


def entries() -> Iterator[Entry]:
    """Yield all places."""
    return map(_entry, db.session.scalars(select(Coach)))


def note(slug: str) -> None:
    """Let a place be found as it is now; inside `db.writing()`."""
    chosen = select(Coach).where(Coach.slug == slug).execution_options(populate_existing=True)
    index.put(_entry(db.session.scalars(chosen).one()))


def _entry(coach: Coach) -> Entry:
    return Entry(
        kind="coach",
        thing=str(coach.id),
        address=f"/coaches/{coach.slug}",
        title=f"{coach.name}, {coach.city}",
        keywords=f"coach {coach.city} {coach.state} {coach.postal_code}",
        summary=f"A coach in {coach.city}, {coach.state}.",
        body=f"{coach.about} {coach.access} {coach.hours}",
    )
