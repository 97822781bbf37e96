"""Telling those who wait that a pair is there: one mail for each free pair, oldest first.

Whoever was told has NOTICE_HOURS to buy; until then a free pair is counted as theirs, and nobody
else is told of it. It is not held: it is there for whoever buys first.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update

from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.notices import letters
from storefront.notices.models import Notice
from storefront.orders.models import Order, OrderLine

AT_ONCE = 200  # mails of one size in one transaction; the others follow a minute later
_THERE = Variant.published & Product.published & ((Variant.free_pairs > 0) | ~Variant.counted)


def tell(*, hours: int, shop_url: str, now: datetime) -> int:
    """Queue a mail to each who is next for a free pair; return how many were queued.

    `hours`: how long whoever was told has before the next one is.
    """
    return sum(_tell(id_, hours=hours, shop_url=shop_url, now=now) for id_ in _wanted())


def _wanted() -> Sequence[int]:
    """Return the variants that somebody waits for, and that are there."""
    return db.session.scalars(
        select(Variant.id)
        .join(Variant.product)
        .where(_THERE, exists().where(Notice.variant_id == Variant.id, Notice.state == "waiting"))
        .order_by(Variant.id)
    ).all()


def _tell(variant_id: int, *, hours: int, shop_url: str, now: datetime) -> int:
    with db.writing():
        variant = _locked(variant_id)
        if variant is None:  # another process tells of it, or it is being bought just now
            return 0
        most = AT_ONCE
        if variant.counted:
            told = _told_lately(variant_id, since=now - timedelta(hours=hours))
            most = min(variant.free_pairs - told, AT_ONCE)
        chosen = _next(variant_id, most, now=now) if most > 0 else []
        for notice in chosen:
            letters.back(notice, hours=hours, shop_url=shop_url, now=now)
        return len(chosen)


def _locked(variant_id: int) -> Variant | None:
    """Return a variant that is there, which nobody else can sell or tell of until the commit."""
    return db.session.scalar(
        select(Variant)
        .join(Variant.product)
        .where(Variant.id == variant_id, _THERE)
        .with_for_update(of=Variant, key_share=True, skip_locked=True)
        .execution_options(populate_existing=True)
    )


def _told_lately(variant_id: int, *, since: datetime) -> int:
    """Count those who were told since then and have neither bought nor left."""
    bought = (
        exists()
        .where(OrderLine.left_variant_id == variant_id, OrderLine.right_variant_id == variant_id)
        .where(OrderLine.order_id == Order.id, func.lower(Order.email) == Notice.email)
        .where(Order.created_at >= Notice.ended_at, Order.state != "lapsed")
    )
    told = select(func.count(Notice.id)).where(
        Notice.variant_id == variant_id,
        Notice.state == "told",
        Notice.email != "",
        Notice.ended_at > since,
        ~bought,
    )
    return db.session.scalar(told) or 0


def _next(variant_id: int, most: int, *, now: datetime) -> Sequence[Notice]:
    """Take those who have waited longest, so many at most, from among those who wait."""
    oldest = (
        select(Notice.id)
        .where(Notice.variant_id == variant_id, Notice.state == "waiting")
        .order_by(Notice.confirmed_at, Notice.id)
        .limit(most)
    )
    return db.session.scalars(
        update(Notice)
        .where(Notice.id.in_(oldest), Notice.state == "waiting")
        .values(state="told", ended_at=now)
        .returning(Notice)
        .execution_options(populate_existing=True)
    ).all()
