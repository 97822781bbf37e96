"""Disputes: a shopper's bank took money back; the order says so, and staff are told."""

from datetime import datetime

from sqlalchemy import select

from storefront.checkout import letters
from storefront.checkout.events import note_event
from storefront.checkout.payments import DisputeFacts, Event
from storefront.db import db
from storefront.orders.models import Dispute, Order


def note(event: Event, dispute: DisputeFacts, *, now: datetime, shop_url: str) -> Order | None:
    """Write what an event says of a dispute; one that is decided is not opened again.

    Returns the order, None where the payment is not of this shop.
    """
    with db.writing():
        order = db.session.scalar(
            select(Order)
            .where(Order.payment_intent == event.payment_intent)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        if order is not None:
            _write(order, dispute, now=now, shop_url=shop_url)
        note_event(event, order_id=order.id if order else None, applied_at=now, now=now)
        return order


def _write(order: Order, facts: DisputeFacts, *, now: datetime, shop_url: str) -> None:
    known = db.session.scalar(select(Dispute).where(Dispute.dispute_id == facts.dispute_id))
    if known is None:
        known = Dispute(
            order_id=order.id,
            dispute_id=facts.dispute_id,
            amount_minor=facts.amount_minor,
            reason=facts.reason,
            status=facts.status,
            at=now,
        )
        db.session.add(known)
    elif known.ended_at is not None:
        return
    known.status = facts.status
    if facts.has_ended:
        known.ended_at = now
    db.session.flush()
    letters.dispute(order, known, shop_url=shop_url, now=now)
