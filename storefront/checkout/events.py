"""Payment events as they are kept: under their id, with what became of them."""

from datetime import datetime

from sqlalchemy import select, update

from storefront.checkout.models import PaymentEvent
from storefront.checkout.payments import Event
from storefront.db import db


def is_applied(event_id: str) -> bool:
    """Return whether this event has had its effect."""
    return bool(
        db.session.scalar(
            select(PaymentEvent.id).where(
                PaymentEvent.id == event_id, PaymentEvent.applied_at.is_not(None)
            )
        )
    )


def note_event(
    event: Event,
    *,
    now: datetime,
    order_id: int | None = None,
    applied_at: datetime | None = None,
    error: str = "",
) -> None:
    """Keep an event, or what became of it at this delivery; inside `db.writing()`.

    An event that has had its effect is never turned back into one that failed.
    """
    facts = {"order_id": order_id, "applied_at": applied_at, "error": error}
    kept = db.insert_once(
        PaymentEvent,
        "id",
        values={
            "id": event.id,
            "type": event.type,
            "session_id": event.session_id,
            "payment_intent": event.payment_intent,
            "received_at": now,
            **facts,
        },
    )
    if not kept:
        db.session.execute(
            update(PaymentEvent)
            .where(PaymentEvent.id == event.id, PaymentEvent.applied_at.is_(None))
            .values(**facts)
        )
