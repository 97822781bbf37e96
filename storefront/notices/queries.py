"""What may be read of notices: one by its secret, and how many wait for what."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from storefront.catalogue.models import Variant
from storefront.catalogue.queries import variants_by_id
from storefront.db import db
from storefront.notices.models import Notice
from storefront.staff.paging import PAGE_SIZE, Page


class Demand(NamedTuple):
    """How many wait for one size, and since when the first of them."""

    variant: Variant
    waiting: int
    since: datetime | None


def notice(secret: str) -> Notice | None:
    """Return the notice that lives at this address, with its size."""
    return db.session.scalar(
        select(Notice)
        .where(Notice.secret == secret)
        .join(Notice.variant)
        .options(
            contains_eager(Notice.variant).options(
                joinedload(Variant.product), joinedload(Variant.color)
            )
        )
    )


_WAITING = (
    select(Notice.variant_id, func.count(), func.min(Notice.confirmed_at))
    .where(Notice.state == "waiting")
    .group_by(Notice.variant_id)
)


def wanted(*, page: int = 1) -> Page[Demand]:
    """Return one page of the sizes that somebody waits for, the most wanted first."""
    longest = func.count().desc(), func.min(Notice.confirmed_at), Notice.variant_id
    listed = _WAITING.order_by(*longest).limit(PAGE_SIZE + 1).offset((page - 1) * PAGE_SIZE)
    rows = db.session.execute(listed).all()
    variants = variants_by_id({row.variant_id for row in rows})
    demands = [Demand(variants[id_], waiting, since) for id_, waiting, since in rows]
    return Page(demands[:PAGE_SIZE], page, len(rows) > PAGE_SIZE)


def demand(variant: Variant) -> Demand | None:
    """Return how many wait for one size, None where nobody does."""
    row = db.session.execute(_WAITING.where(Notice.variant_id == variant.id)).one_or_none()
    return Demand(variant, row[1], row[2]) if row else None
