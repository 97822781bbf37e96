"""What orders keep of a person: exported, and emptied once the law and the order let us.

Of an order that was paid the accountant needs number, lines, sums and tax for years. These stay,
with country and state, for which the tax was; name, street, town, phone and mail address go.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, or_, select, update

from storefront import person
from storefront.clock import day_of, day_words
from storefront.db import db
from storefront.mail import outbox
from storefront.mail.models import Letter
from storefront.orders.models import FIRST_NUMBER, LIVE, Dispatch, Order, PaymentPage
from storefront.orders.packing import to_pack
from storefront.person import Erasing, Term
from storefront.settings.shop import shop

FIELDS = ("email", "name", "line1", "line2", "city", "postal_code", "phone")
UNPAID = timedelta(days=90)
AT_ONCE = 500  # orders in one transaction; the others follow an hour later
SAID = ("discount_minor", "delivery_name", "delivery_minor", "tax_minor", "total_minor")

needed_by: list[Callable[[Order], str]] = []  # rooms above: why an order is not over, or ''
emptied_too: list[Callable[[Collection[int]], None]] = []  # rooms above: what hangs on such orders


def export(email: str) -> Sequence[Mapping[str, Any]]:
    """Return the orders of an address, whole; amounts are minor units of their currency."""
    return [
        {
            "number": order.number,
            "state": order.state,
            "made_at": order.created_at,
            "paid_at": order.paid_at,
            "receipt_number": order.receipt_number,
            **{name: getattr(order, name) for name in (*FIELDS, "region", "country")},
            "taken_by_phone": bool(order.taken_by),
            "payment": order.payment_intent,
            "payment_pages": [page.session_id for page in order.pages if page.session_id],
            "currency": order.currency,
            "lines": [
                {"shoes": line.name, "quantity": line.quantity, "each_minor": line.unit_minor}
                for line in order.lines
            ],
            "subtotal_minor": order.subtotal_minor,
            **{name: getattr(order, name) for name in SAID},
            "refunds": [
                {"at": refund.at, "amount_minor": refund.amount_minor, "state": refund.status}
                for refund in order.refunds
            ],
            "sent_at": order.dispatch.at if order.dispatch else None,
            "tracking": order.dispatch.tracking if order.dispatch else "",
        }
        for order in db.session.scalars(_of(email))
    ]


def _of(email: str) -> Select[Order]:
    return select(Order).where(person.is_of(Order.email, email)).order_by(Order.id)


def erase(asked: Erasing) -> None:
    """Empty the orders of an address, but those that are not over, of which it is said why."""
    over = []
    for order in db.session.scalars(_of(asked.email).with_for_update()):
        why = needed(order, now=asked.now)
        if why:
            asked.orders.add(order.number)
            asked.stays.append(f"Order {order.number} {why}.")
        else:
            over.append(order.id)
    if over:
        asked.changes["Orders emptied"] += empty(over)


def needed(order: Order, *, now: datetime) -> str:
    """Return why the person of an order is still needed, as words after its number; '' if not."""
    ours = shop()
    sent = order.dispatch
    last = day_of(sent.at, ours.zone) + timedelta(days=ours.return_days) if sent else None
    if order.state == "pending":
        return "waits for payment"
    if order.state == "paid" and to_pack(order):
        return "is paid, and not sent yet"
    if any(mark.ended_at is None for mark in order.marks):
        return "has an open question"
    if any(refund.status in ("asking", "pending") for refund in order.refunds):
        return "has money on its way back"
    if any(dispute.ended_at is None for dispute in order.disputes):
        return "is disputed"
    if order.state == "dispatched" and last and ours.return_days and last >= day_of(now, ours.zone):
        return f"can be sent back until {day_words(last)}"
    return next(filter(None, (ask(order) for ask in needed_by)), "")


def empty(order_ids: Collection[int]) -> int:
    """Empty orders of their person, with the mails about them; return how many there were.

    Inside `db.writing()`, for orders whose person is not needed.
    """
    db.session.execute(
        update(Order).where(Order.id.in_(order_ids)).values(dict.fromkeys(FIELDS, ""))
    )
    db.session.execute(update(Dispatch).where(Dispatch.order_id.in_(order_ids)).values(tracking=""))
    pages = select(PaymentPage).where(
        PaymentPage.order_id.in_(order_ids), PaymentPage.status.not_in(LIVE)
    )
    for page in db.session.scalars(pages):
        page.address, page.parameters = "", {**page.parameters, "email": ""}
    numbers = [order_id + FIRST_NUMBER - 1 for order_id in order_ids]
    outbox.forget(Letter.facts["number"].as_integer().in_(numbers))
    for also in emptied_too:
        also(order_ids)
    return len(order_ids)


def terms() -> Iterator[Term]:
    """Say how long an order knows its person."""
    ours = shop()
    years = ours.order_years

    def of_old_years(now: datetime) -> int:
        first = datetime(day_of(now, ours.zone).year - years, 1, 1, tzinfo=ours.zone)
        return _forget(Order.paid_at < first, now=now)

    yield Term(
        "An order that was paid: number, shoes, sums, tax, country and state",
        "as long as the shop is there: they are its books",
    )
    yield Term(
        "The name, street, phone number and email address of an order that was paid",
        f"{years} {'year' if years == 1 else 'years'} after the year in which it was paid",
        of_old_years,
    )
    yield Term(
        "The email address of an order that was not paid",
        f"{UNPAID.days} days",
        lambda now: _forget(Order.paid_at.is_(None), Order.created_at <= now - UNPAID, now=now),
    )


def _forget(*which: ColumnElement[bool], now: datetime) -> int:
    """Empty those of these orders that still know their person, and do not need them."""
    known = or_(*(getattr(Order, name) != "" for name in FIELDS))
    old = select(Order).where(known, *which).order_by(Order.id).limit(AT_ONCE).with_for_update()
    with db.writing():
        orders = db.session.scalars(old).all()
        over = [order.id for order in orders if not needed(order, now=now)]
        return empty(over) if over else 0
