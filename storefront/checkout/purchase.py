"""The purchase: from a cart to a paid order, in steps that each are one short transaction.

    begin (check the cart, write the order, hold the shoes) → open the page at the payment company
    → attach its address.  Later, from the return page, an event or the sweeper: settle, that is
    look up at the company → apply.

Every step may be repeated, and the process may die between any two of them.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import joinedload

from storefront.cart.models import Cart
from storefront.cart.queries import Basket, basket
from storefront.checkout import letters
from storefront.checkout.events import note_event
from storefront.checkout.payments import (
    Event,
    PageDelivery,
    PageFacts,
    PageLine,
    PageRequest,
    Payments,
    Refused,
    Unclear,
    in_seconds,
)
from storefront.clock import day_of, time_words
from storefront.db import db, new_secret
from storefront.orders import of_cart
from storefront.orders.models import Order, OrderLine, OrderMark, PaymentPage
from storefront.stock import ledger

TRIES = 3
WIDTHS = {column.key: getattr(column.type, "length", None) for column in Order.__table__.columns}
NEARLY_OVER = timedelta(minutes=2)
LOST_AFTER = timedelta(minutes=3)
QUIET_AFTER = timedelta(minutes=1)
AT_ONCE = 200  # pages looked at in one sweep
MOST_SILENT = 2  # answers in a row that did not come

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """The shop's settings that a purchase needs."""

    currency: str
    hold_minutes: int
    low_stock: int
    shop_url: str
    zone: ZoneInfo
    mode: str


class CannotBuy(Exception):
    """The cart cannot be bought as it is; `gone` when the stock is what is missing."""

    def __init__(self, sentences: Sequence[str], *, gone: bool = False) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences
        self.gone = gone


class AlreadyPaid(Exception):
    """The cart's order was paid, or its payment is on its way; `reference` leads to it."""

    def __init__(self, reference: str) -> None:
        super().__init__("the cart's order was paid")
        self.reference = reference


class OldOrderWaits(Exception):
    """The cart changed since its order was made: the old page must be closed first."""

    def __init__(self, order_id: int) -> None:
        super().__init__("an older order of this cart waits")
        self.order_id = order_id


def start(cart: Cart, *, payments: Payments, terms: Terms, now: datetime) -> str:
    """Return the address of the payment page for a cart, holding its shoes.

    Raises CannotBuy, AlreadyPaid, Refused (nothing is held) or Unclear (it is held until the
    sweeper knows; the same cart may simply try again).
    """
    for _ in range(TRIES):
        try:
            page_id = begin(cart, account=payments.account, terms=terms, now=now)
        except OldOrderWaits as old:
            close_old(old.order_id, payments=payments, terms=terms, now=now)
        except IntegrityError:
            log.info("another request of cart %s was first", cart.id)
        else:
            return open_and_attach(page_id, payments=payments, now=now)
    raise CannotBuy(["The cart was changed in another window. Please look at it and try again."])


def begin(cart: Cart, *, account: str, terms: Terms, now: datetime) -> int:
    """Check the cart, write its order and hold the shoes; return the payment page's id.

    The same cart again returns the page that is there. Raises CannotBuy, AlreadyPaid or
    OldOrderWaits; the last only for a cart that can be bought, so that a failed try keeps what
    the older order holds.
    """
    with db.writing():
        today = day_of(now, terms.zone)
        chosen = basket(cart, today=today, low=terms.low_stock)
        contents = _contents(chosen, terms.currency)
        if chosen.waiting is not None:
            page = chosen.waiting.pages[-1]
            if chosen.waiting.contents == contents and page.expires_at >= now + NEARLY_OVER:
                return page.id
            _refuse_problems(chosen)
            raise OldOrderWaits(chosen.waiting.id)
        paid = of_cart.bought(cart.id)
        if paid is not None:
            raise AlreadyPaid(paid.reference)
        _refuse_problems(chosen)
        order = _order(chosen, contents, account, terms, now)
        db.session.add(order)
        db.session.flush()
        try:
            ledger.hold(order.lines, now=now)
        except ledger.NotEnough as short:
            raise _gone(chosen, short.variant_id, today) from None
        page = _page(order, chosen, terms, now)
        db.session.add(page)
        db.session.flush()
        return page.id


def open_and_attach(page_id: int, *, payments: Payments, now: datetime) -> str:
    """Open the page at the payment company, unless it is open, and return its address."""
    page = db.session.get(PaymentPage, page_id, populate_existing=True)
    if page is not None and page.order.paid_at is not None:
        raise AlreadyPaid(page.order.reference)
    if page is None or page.status not in {"opening", "open"}:
        raise Unclear("the page has ended meanwhile")
    if page.session_id is not None:
        return page.address
    try:
        opened = payments.open_page(PageRequest.from_data(page.parameters))
    except Refused:
        lapse(page_id, why="refused", now=now)
        raise
    attach(page_id, opened.session_id, opened.address)
    return opened.address


def attach(page_id: int, session_id: str, address: str) -> None:
    """Note under which id and address the company opened the page.

    Raises Unclear where the sweeper ended the page meanwhile.
    """
    with db.writing():
        attached = db.session.scalar(
            update(PaymentPage)
            .where(PaymentPage.id == page_id, PaymentPage.status.in_(("opening", "open")))
            .values(session_id=session_id, address=address, status="open")
            .returning(PaymentPage.id)
        )
    if attached is None:
        raise Unclear("the page has ended meanwhile")


def close_old(order_id: int, *, payments: Payments, terms: Terms, now: datetime) -> None:
    """Close the payment page of an order whose cart has changed, and settle it.

    Raises AlreadyPaid where the shopper had paid on it, Unclear where the company is silent.
    """
    order = db.session.get(Order, order_id, populate_existing=True)
    if order is None or order.state != "pending":
        return
    settled = close(order.pages[-1].id, payments=payments, terms=terms, now=now)
    if settled is not None and (settled.paid_at is not None or _open_marks(settled)):
        raise AlreadyPaid(settled.reference)


def close(page_id: int, *, payments: Payments, terms: Terms, now: datetime) -> Order | None:
    """End a page at the company, whether or not we know its id, and settle its order."""
    page = db.session.get(PaymentPage, page_id, populate_existing=True)
    if page is None:
        return None
    session_id = page.session_id
    if session_id is None:
        try:
            opened = payments.open_page(PageRequest.from_data(page.parameters))
        except Refused:
            return lapse(page_id, why="refused", now=now)
        session_id = opened.session_id
        attach(page_id, session_id, opened.address)
    payments.close_page(session_id)
    return settle(session_id, payments=payments, terms=terms, now=now)


def settle(
    session_id: str,
    *,
    payments: Payments,
    terms: Terms,
    now: datetime,
    event: Event | None = None,
) -> Order | None:
    """Ask the company what became of a page and make our order say the same.

    Idempotent; called by the return page, by events and by the sweeper. Returns the order, or
    None where the page is not of this shop. Raises Unclear or Refused; then nothing changed.
    """
    facts = payments.look_up(session_id)
    return apply(session_id, facts, account=payments.account, terms=terms, now=now, event=event)


def apply(
    session_id: str,
    facts: PageFacts | None,
    *,
    account: str,
    terms: Terms,
    now: datetime,
    event: Event | None = None,
) -> Order | None:
    """Write what a page's facts mean for its order; with the event in the same transaction.

    A company that knows no such page is believed under the key alone that made the page.
    """
    with db.writing():
        page = _page_of(session_id, facts)
        if page is not None:
            if facts is None and page.order.account != account:
                _mark(page.order, "parked", "Made under another key of the company.", now=now)
            elif facts is None:
                _lapse(page, why="unknown", now=now)
            elif facts.is_paid:
                _pay(page, facts, terms=terms, now=now)
            elif facts.status == "complete" and facts.has_failed:
                _lapse(page, why="failed", now=now)
            elif facts.status == "complete" and page.order.state == "pending":
                _mark(page.order, "processing", "The payment is still on its way.", now=now)
            elif facts.status == "expired":
                _lapse(page, why="expired", now=now)
        if event is not None:
            note_event(event, order_id=page.order_id if page else None, applied_at=now, now=now)
        return page.order if page else None


def lapse(page_id: int, *, why: str, now: datetime) -> Order | None:
    """End an order for which no payment page can be alive, and give its shoes back."""
    with db.writing():
        page = db.session.get(PaymentPage, page_id, populate_existing=True)
        if page is None:
            return None
        _lapse(page, why=why, now=now)
        return page.order


def sweep(*, payments: Payments, terms: Terms, now: datetime) -> int:
    """Settle what nobody told us about; return how many pages were settled.

    Pages past their end are settled; a page without an id after three minutes is asked for again
    under its key, closed, and settled. Where no events are heard, open pages are looked at too.
    A company that is silent twice in a row is asked again at the next sweep.
    """
    swept = silent = 0
    for page_id, session_id in _to_sweep(payments, now):
        _note_look(page_id, now=now)
        try:
            if session_id is None:
                close(page_id, payments=payments, terms=terms, now=now)
            else:
                settle(session_id, payments=payments, terms=terms, now=now)
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


def _page_of(session_id: str, facts: PageFacts | None) -> PaymentPage | None:
    """Find the page by its id or, where that was never written down, by its key."""
    known = PaymentPage.session_id == session_id
    if facts is not None and facts.key:
        known |= PaymentPage.session_id.is_(None) & (PaymentPage.idempotency_key == facts.key)
    page = db.session.scalar(
        select(PaymentPage)
        .where(known)
        .options(joinedload(PaymentPage.order).selectinload(Order.lines))
        .execution_options(populate_existing=True)
    )
    if page is not None and page.session_id is None:
        page.session_id = session_id
    return page


def _pay(page: PaymentPage, facts: PageFacts, *, terms: Terms, now: datetime) -> None:
    """Make the order paid, sell its shoes and queue the mails; once, however often it is called."""
    order = page.order
    wrong = _what_does_not_add_up(order, page, facts)
    if wrong:
        _mark(order, "parked", wrong, now=now)
        return
    offered = page.parameters["deliveries"]
    paid = db.session.scalar(
        update(Order)
        .where(Order.id == order.id, Order.state.in_(("pending", "lapsed")))
        .values(
            state="paid",
            paid_at=now,
            ended_at=None,
            discount_minor=facts.discount_minor,
            delivery_name=offered[facts.delivery]["name"] if facts.delivery is not None else "",
            delivery_minor=facts.delivery_minor,
            tax_minor=facts.tax_minor,
            total_minor=facts.total_minor,
            payment_intent=facts.payment_intent,
            **{name: value[: WIDTHS[name]] for name, value in facts.person.items()},
        )
        .returning(Order.id)
    )
    if paid is None:
        return
    page.status = "complete"
    _unmark(order, now=now)
    db.session.flush()
    db.session.refresh(order)
    try:
        with db.session.begin_nested():
            ledger.sell(order, now=now)
        owed = False
    except ledger.NotEnough:
        _mark(order, "owed", "Paid after its time had ended, and the shoes were sold.", now=now)
        owed = True
    letters.order_paid(order, owed=owed, shop_url=terms.shop_url, zone=terms.zone, now=now)


def _what_does_not_add_up(order: Order, page: PaymentPage, facts: PageFacts) -> str:
    """Return why a payment does not belong to its order, '' where all is well."""
    offered = [delivery["price_minor"] for delivery in page.parameters["deliveries"]]
    total = facts.subtotal_minor - facts.discount_minor + facts.delivery_minor + facts.tax_minor
    if facts.currency != order.currency:
        return f"Paid in {facts.currency}, ordered in {order.currency}."
    if facts.subtotal_minor != order.subtotal_minor:
        return f"Goods paid: {facts.subtotal_minor}, ordered: {order.subtotal_minor}."
    if facts.delivery is None or offered[facts.delivery] != facts.delivery_minor:
        return f"The delivery paid ({facts.delivery_minor}) is not one that was offered."
    if facts.total_minor != total:
        return f"The total paid ({facts.total_minor}) is not the sum of its parts ({total})."
    return ""


def _lapse(page: PaymentPage, *, why: str, now: datetime) -> None:
    """Note that a page is dead; with it ends its pending order, whose shoes are given back."""
    page.status = "refused" if why == "refused" else "expired"
    lapsed = db.session.scalar(
        update(Order)
        .where(Order.id == page.order_id, Order.state == "pending")
        .values(state="lapsed", ended_at=now)
        .returning(Order.id)
    )
    if lapsed is not None:
        ledger.release(page.order_id, why=why, now=now)
        _unmark(page.order, now=now)
        db.session.refresh(page.order)


def _mark(order: Order, kind: str, why: str, *, now: datetime) -> None:
    values = {"order_id": order.id, "kind": kind, "why": why, "at": now}
    db.insert_once(OrderMark, "order_id", "kind", values=values)


def _unmark(order: Order, *, now: datetime) -> None:
    """End what was open about an order's payment, now that it is decided."""
    db.session.execute(
        update(OrderMark)
        .where(OrderMark.order_id == order.id, OrderMark.ended_at.is_(None))
        .values(ended_at=now)
    )


def _open_marks(order: Order) -> bool:
    return bool(
        db.session.scalar(
            select(OrderMark.id)
            .where(OrderMark.order_id == order.id, OrderMark.ended_at.is_(None))
            .limit(1)
        )
    )


def _refuse_problems(chosen: Basket) -> None:
    if not chosen.lines:
        raise CannotBuy(["Your cart is empty."])
    blocking = [
        (f"{line.name}: {problem.sentence}", line.variant is not None)
        for line in chosen.lines
        for problem in line.problems
        if problem.blocks
    ]
    if blocking:
        raise CannotBuy([sentence for sentence, _ in blocking], gone=any(g for _, g in blocking))
    if not chosen.deliveries:
        raise CannotBuy(["Please choose a country that we send to."])


def _gone(chosen: Basket, variant_id: int, today: date) -> CannotBuy:
    name = next(x.name for x in chosen.lines if x.variant and x.variant.id == variant_id)
    return CannotBuy([f"{name} was just bought by somebody else. Nothing was charged."], gone=True)


def _contents(chosen: Basket, currency: str) -> str:
    """Return a digest of all that the payment page shows, to tell the same from a changed cart."""
    shown = [
        currency,
        chosen.cart.country,
        chosen.cart.email,
        [(x.line.left, x.line.right, x.line.quantity, x.unit_minor) for x in chosen.lines],
        [(quote.name, quote.price_minor) for quote in chosen.deliveries],
    ]
    return hashlib.sha256(json.dumps(shown).encode()).hexdigest()


def _order(chosen: Basket, contents: str, account: str, terms: Terms, now: datetime) -> Order:
    return Order(
        reference=new_secret(),
        cart_id=chosen.cart.id,
        contents=contents,
        mode=terms.mode,
        account=account,
        currency=terms.currency,
        subtotal_minor=chosen.subtotal_minor,
        country=chosen.cart.country,
        email=chosen.cart.email,
        created_at=now,
        lines=[
            OrderLine(
                position=position,
                left_variant_id=x.line.left,
                right_variant_id=x.line.right,
                quantity=x.line.quantity,
                unit_minor=x.unit_minor,
                title=x.variant.product.title,
                color=x.variant.color.name,
                size=x.variant.size,
                width=x.variant.width,
                came_from=x.line.came_from,
            )
            for position, x in enumerate(chosen.lines)
            if x.variant is not None
        ],
    )


def _page(order: Order, chosen: Basket, terms: Terms, now: datetime) -> PaymentPage:
    ends = (now + timedelta(minutes=terms.hold_minutes)).replace(microsecond=0)
    request = PageRequest(
        key=new_secret(),
        number=order.number,
        currency=terms.currency,
        lines=[PageLine(x.name, x.unit_minor, x.line.quantity) for x in chosen.lines],
        country=order.country,
        deliveries=[
            PageDelivery(q.name, q.price_minor, q.least_days, q.most_days)
            for q in chosen.deliveries
        ],
        email=order.email,
        expires_at=in_seconds(ends),
        success_url=f"{terms.shop_url}/checkout/return?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{terms.shop_url}/orders/{order.reference}",
        note=f"Your shoes are kept for you until {time_words(ends, terms.zone)}.",
    )
    return PaymentPage(
        order_id=order.id,
        idempotency_key=request.key,
        expires_at=ends,
        parameters=request.as_data(),
        created_at=now,
        looked_at=now,
    )
