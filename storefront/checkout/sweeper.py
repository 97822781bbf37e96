"""The sweeper: settles what nobody told us about, each minute or by `flask checkout sweep`."""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import select, update

from storefront.checkout.payments import Payments, Refused, Unclear
from storefront.checkout.purchase import AlreadyPaid, Terms, close, open_and_attach, settle
from storefront.db import db
from storefront.orders.models import Order, PaymentPage

LOST_AFTER = timedelta(minutes=3)
QUIET_AFTER = timedelta(minutes=1)
AT_ONCE = 200  # pages looked at in one sweep
MOST_SILENT = 2  # answers in a row that did not come

log = logging.getLogger(__name__)


def sweep(*, payments: Payments, terms: Terms, now: datetime) -> int:
    """Settle what nobody told us about; return how many pages were settled.

    Pages past their end are settled; a page without an id after three minutes is asked for again
    under its key, closed, and settled; one that was to give more time is opened after all. Where
    no events are heard, open pages are looked at too. A company that is silent twice in a row is
    asked again at the next sweep.
    """
    swept = silent = 0
    for page_id, session_id in _to_sweep(payments, now):
        _note_look(page_id, now=now)
        try:
            _look_after(page_id, session_id, payments=payments, terms=terms, now=now)
        except Unclear as error:
            log.warning("payment page %s is not settled yet: %s", page_id, error)
            silent += 1
            if silent == MOST_SILENT:
                break
        except Exception:  # one page must not keep the others back
            log.exception("payment page %s cannot be settled", page_id)
        else:
            swept, silent = swept + 1, 0
    return swept


def _look_after(
    page_id: int, session_id: str | None, *, payments: Payments, terms: Terms, now: datetime
) -> None:
    if session_id is not None:
        settle(session_id, payments=payments, terms=terms, now=now)
    elif db.session.scalar(select(PaymentPage.attempt).where(PaymentPage.id == page_id)) == 1:
        close(page_id, payments=payments, terms=terms, now=now)
    else:  # its shopper was told that the shoes are kept, and finds the new page on the order's
        with suppress(AlreadyPaid, Refused):
            open_and_attach(page_id, payments=payments, terms=terms, now=now)


def _to_sweep(payments: Payments, now: datetime) -> list[tuple[int, str | None]]:
    overdue = PaymentPage.expires_at <= now
    if not payments.hears_events:
        overdue |= PaymentPage.created_at <= now - QUIET_AFTER
    lost = (PaymentPage.status == "opening") & (PaymentPage.created_at <= now - LOST_AFTER)
    due = (
        select(PaymentPage.id, PaymentPage.session_id)
        .join(PaymentPage.order)
        .where(
            Order.state == "pending",
            Order.account == payments.account,
            ((PaymentPage.status == "open") & overdue) | lost,
        )
        .order_by(PaymentPage.looked_at, PaymentPage.id)
        .limit(AT_ONCE)
    )
    return [(page_id, session_id) for page_id, session_id in db.session.execute(due)]


def _note_look(page_id: int, *, now: datetime) -> None:
    """Put a page behind the others, so that one that is never settled keeps none of them back."""
    with db.writing():
        db.session.execute(
            update(PaymentPage).where(PaymentPage.id == page_id).values(looked_at=now)
        )
