"""What the payment company sends: events, each checked, kept, and settled once."""

import logging
from datetime import datetime

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest

from storefront import guard
from storefront.checkout import disputes, purchase, refunds
from storefront.checkout.events import is_applied, note_event
from storefront.checkout.payments import BadEvent, Event
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db

log = logging.getLogger(__name__)

blueprint = Blueprint("webhook", __name__)


@blueprint.post("/webhooks/stripe")
@guard.exempt
def receive() -> ResponseReturnValue:
    """Answer 200 once the event has had its effect, 500 to have it sent again, 400 to a forger."""
    try:
        event = payments().read_event(
            request.get_data(), request.headers.get("Stripe-Signature", "")
        )
    except BadEvent:
        raise BadRequest("This event is not signed by the payment company.") from None
    if is_applied(event.id):
        return "", 200
    now = utcnow()
    try:
        hear(event, now=now)
    except Exception as error:  # whatever it is, the event is kept and asked for again
        log.exception("event %s failed", event.id)
        with db.writing():
            note_event(event, now=now, error=f"{type(error).__name__}: {error}")
        return "", 500
    return "", 200


def hear(event: Event, *, now: datetime) -> None:
    """Let an event have its effect, and keep it, in one transaction."""
    ours = terms()
    if event.not_ours:
        with db.writing():
            note_event(event, now=now, applied_at=now, error=event.not_ours)
    elif event.session_id is not None:
        purchase.settle(event.session_id, payments=payments(), terms=ours, now=now, event=event)
    elif event.dispute is not None:
        disputes.note(event, event.dispute, now=now, shop_url=ours.shop_url)
    elif event.payment_intent is not None:
        refunds.settle(
            event.payment_intent, payments=payments(), now=now, shop_url=ours.shop_url, event=event
        )
    else:
        with db.writing():
            note_event(event, now=now, applied_at=now)
