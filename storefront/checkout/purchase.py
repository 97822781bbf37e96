"""The purchase: from a cart to a paid order, in steps that each are one short transaction.

    begin (check the cart, write the order, hold the shoes) → open the page at the payment company
    → attach its address.  Later, from the return page, an event or the sweeper: settle, that is
    look up at the company → apply.  In between, extend: a new page for the same order and hold.

Every step may be repeated, and the process may die between any two of them.
"""

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import exists, select, update
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
from storefront.delivery.queries import Quote
from storefront.orders import marks, of_cart, receipts, taxes
from storefront.orders.models import LIVE, Order, OrderLine, PaymentPage
from storefront.stock import ledger

TRIES = 3
WIDTHS = {column.key: getattr(column.type, "length", None) for column in Order.__table__.columns}
NEARLY_OVER = timedelta(minutes=2)
MOST_PAGES = 24  # of one order: the first, and one for each time that it was given more time

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Terms:
    """The shop's settings that a purchase needs; `tax` and its rate as in orders.models.Order.

    `sells`: a shop that is not open yet takes no real money, whoever puts the order together.
    """

    currency: str
    hold_minutes: int
    low_stock: int
    shop_url: str
    zone: ZoneInfo
    mode: str
    tax: str = "none"
    tax_name: str = ""
    tax_rate_millis: int = 0
    promotion_codes: bool = False
    sells: bool = True


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


class CannotExtend(Exception):
    """The order cannot be given more time; the sentence is for the shopper."""


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
    if not terms.sells:
        raise CannotBuy(["The shop is not open yet, so nothing can be paid for."])
    for _ in range(TRIES):
        try:
            page_id = begin(cart, account=payments.account, terms=terms, now=now)
        except OldOrderWaits as old:
            close_old(old.order_id, payments=payments, terms=terms, now=now)
        except IntegrityError:
            log.info("another request of cart %s was first", cart.id)
        else:
            return open_and_attach(page_id, payments=payments, terms=terms, now=now)
    raise CannotBuy(["The cart was changed in another window. Please look at it and try again."])


def begin(cart: Cart, *, account: str, terms: Terms, now: datetime) -> int:
    """Check the cart, write its order and hold the shoes; return the payment page's id.

    The same cart again returns the page that is there. Raises CannotBuy, AlreadyPaid or
    OldOrderWaits; the last only for a cart that can be bought, so that a failed try keeps what
    the older order holds.
    """
    with db.writing():
        chosen = basket(cart, today=day_of(now, terms.zone), low=terms.low_stock)
        contents = contents_of(chosen, terms.currency)
        if chosen.waiting is not None:
            page = chosen.waiting.page
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
            raise _gone(chosen, short.variant_id) from None
        page = _page(order, chosen, terms, now)
        db.session.add(page)
        db.session.flush()
        return page.id


def extend(order_id: int, *, payments: Payments, terms: Terms, now: datetime) -> None:
    """Give a waiting order more time: a new payment page takes the place of the old one.

    The shoes stay held throughout. Raises CannotExtend, AlreadyPaid, Refused or Unclear; after
    Unclear the same call goes on where it stopped.
    """
    with db.writing():
        order = db.session.get_one(Order, order_id, populate_existing=True, with_for_update=True)
        if order.paid_at is not None or marks.any_open(order):
            raise AlreadyPaid(order.reference)
        if order.state != "pending":
            raise CannotExtend("This order has ended, so its time cannot be made longer.")
        if order.account != payments.account:
            raise CannotExtend("This order cannot be given more time. Please write to us.")
        latest = order.pages[-1]
        if latest.status != "opening":
            if len(order.pages) >= MOST_PAGES:
                raise CannotExtend("This order has been given more time as often as it can be.")
            latest = _next_page(latest, terms, now)
            db.session.add(latest)
            db.session.flush()
        page_id = latest.id
    open_and_attach(page_id, payments=payments, terms=terms, now=now)


def open_and_attach(page_id: int, *, payments: Payments, terms: Terms, now: datetime) -> str:
    """Open the page at the payment company, unless it is open, and return its address.

    Older pages of the order are closed first, so that nobody can pay on two.
    """
    page = _page_now(page_id)
    if page is not None:
        _close_pages(page.order_id, but=page_id, payments=payments, terms=terms, now=now)
        page = _page_now(page_id)
    if page is not None and page.order.paid_at is not None:
        raise AlreadyPaid(page.order.reference)
    if page is None or page.status not in LIVE:
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
            .where(PaymentPage.id == page_id, PaymentPage.status.in_(LIVE))
            .values(session_id=session_id, address=address, status="open")
            .returning(PaymentPage.id)
        )
    if attached is None:
        raise Unclear("the page has ended meanwhile")


def close_old(order_id: int, *, payments: Payments, terms: Terms, now: datetime) -> None:
    """Close the payment pages of an order whose cart has changed, which ends it.

    Raises AlreadyPaid where the shopper had paid on one, Unclear where the company is silent.
    """
    _close_pages(order_id, payments=payments, terms=terms, now=now)


def _close_pages(
    order_id: int, *, but: int = 0, payments: Payments, terms: Terms, now: datetime
) -> None:
    """Close an order's live pages but one. Raises AlreadyPaid, or Unclear where one stays open."""
    live = select(PaymentPage.id).where(
        PaymentPage.order_id == order_id, PaymentPage.status.in_(LIVE), PaymentPage.id != but
    )
    for page_id in db.session.scalars(live.order_by(PaymentPage.attempt)).all():
        order = close(page_id, payments=payments, terms=terms, now=now)
        if order is not None and (order.paid_at is not None or marks.any_open(order)):
            raise AlreadyPaid(order.reference)
    if db.session.scalar(live.limit(1)) is not None:
        raise Unclear("an older payment page of the order is still open")


def close(page_id: int, *, payments: Payments, terms: Terms, now: datetime) -> Order | None:
    """End a page at the company, whether or not we know its id, and settle its order."""
    page = _page_now(page_id)
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
                marks.put(page.order, "parked", "Made under another key of the company.", now=now)
            elif facts is None:
                _lapse(page, why="unknown", now=now)
            elif facts.is_paid:
                _pay(page, facts, terms=terms, now=now)
            elif facts.status == "complete" and facts.has_failed:
                _lapse(page, why="failed", now=now)
            elif facts.status == "complete" and page.order.state == "pending":
                marks.put(page.order, "processing", "The payment is still on its way.", now=now)
            elif facts.status == "expired":
                _lapse(page, why="expired", now=now)
        if event is not None:
            note_event(event, order_id=page.order_id if page else None, applied_at=now, now=now)
        return page.order if page else None


def lapse(page_id: int, *, why: str, now: datetime) -> Order | None:
    """End an order for which no payment page can be alive, and give its shoes back."""
    with db.writing():
        page = _page_now(page_id)
        if page is None:
            return None
        _lapse(page, why=why, now=now)
        return page.order


def _page_now(page_id: int) -> PaymentPage | None:
    """Read a page and its order afresh."""
    return db.session.scalar(
        select(PaymentPage)
        .where(PaymentPage.id == page_id)
        .options(joinedload(PaymentPage.order))
        .execution_options(populate_existing=True)
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
        marks.put(order, "parked", wrong, now=now)
        return
    assert facts.delivery is not None
    delivery = page.parameters["deliveries"][facts.delivery]
    paid = db.session.scalar(
        update(Order)
        .where(Order.id == order.id, Order.state.in_(("pending", "lapsed")))
        .values(
            state="paid",
            paid_at=now,
            ended_at=None,
            discount_minor=facts.discount_minor,
            delivery_name=delivery["name"],
            delivery_minor=facts.delivery_minor,
            total_minor=facts.total_minor,
            payment_intent=facts.payment_intent,
            **{name: value[: WIDTHS[name]] for name, value in facts.person.items()},
        )
        .returning(Order.id)
    )
    if paid is None:
        _note_paid_again(page, now=now)
        return
    page.status = "complete"
    marks.end(order, now=now)
    db.session.flush()
    db.session.refresh(order)
    taxes.keep(order, taxes.of_parts(order, told_minor=facts.tax_minor, told=facts.taxes))
    try:
        with db.session.begin_nested():
            ledger.sell(order, now=now)
        owed = False
    except ledger.NotEnough:
        marks.put(order, "owed", "Paid after its time had ended, and the shoes were sold.", now=now)
        owed = True
    order.receipt_number = receipts.next_number(receipts.RECEIPT)
    letters.order_paid(order, owed=owed, shop_url=terms.shop_url, zone=terms.zone, now=now)


def _note_paid_again(page: PaymentPage, *, now: datetime) -> None:
    """Tell staff where a second page of an order was paid; the first page again is no news."""
    if page.status == "complete":
        return
    page.status = "complete"
    why = "A second payment page of this order was paid too. Give that money back."
    marks.put(page.order, "parked", why, now=now)


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
    if facts.taxes and len(facts.taxes) != len(order.lines) + 1:
        return f"Lines taxed: {len(facts.taxes) - 1}, ordered: {len(order.lines)}."
    if facts.total_minor != total:
        return f"The total paid ({facts.total_minor}) is not the sum of its parts ({total})."
    return ""


def _lapse(page: PaymentPage, *, why: str, now: datetime) -> None:
    """Note that a page is dead; with the last one ends its order, and its shoes are given back."""
    page.status = "refused" if why == "refused" else "expired"
    # Whoever gives the order more time has this lock too, so their page is seen below.
    db.session.execute(select(Order.id).where(Order.id == page.order_id).with_for_update())
    another = exists().where(PaymentPage.order_id == page.order_id, PaymentPage.status.in_(LIVE))
    lapsed = db.session.scalar(
        update(Order)
        .where(Order.id == page.order_id, Order.state == "pending", ~another)
        .values(state="lapsed", ended_at=now)
        .returning(Order.id)
    )
    if lapsed is not None:
        ledger.release(page.order_id, why=why, now=now)
        marks.end(page.order, now=now)
        db.session.refresh(page.order)


def _refuse_problems(chosen: Basket) -> None:
    if not chosen.lines:
        raise CannotBuy(["Your cart is empty."])
    blocking = [
        (f"{line.name}: {problem.sentence}", line.sides is not None)
        for line in chosen.lines
        for problem in line.problems
        if problem.blocks
    ]
    if blocking:
        raise CannotBuy([sentence for sentence, _ in blocking], gone=any(g for _, g in blocking))
    if not chosen.deliveries:
        raise CannotBuy(["Please choose a country that we send to."])


def _gone(chosen: Basket, variant_id: int) -> CannotBuy:
    name = next(x.name for x in chosen.lines if variant_id in (x.line.left, x.line.right))
    return CannotBuy([f"{name} was just bought by somebody else. Nothing was charged."], gone=True)


def contents_of(chosen: Basket, currency: str) -> str:
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
        tax=terms.tax,
        tax_name=terms.tax_name,
        tax_rate_millis=terms.tax_rate_millis,
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
                title=x.sides.first.product.title,
                color=x.sides.color,
                size=x.sides.labelled_size,
                width=x.sides.width,
                came_from=x.line.came_from,
            )
            for position, x in enumerate(chosen.lines)
            if x.sides is not None
        ],
    )


def page_request(
    *,
    number: int,
    reference: str,
    lines: list[PageLine],
    country: str,
    deliveries: Sequence[Quote],
    email: str,
    ends: datetime,
    terms: Terms,
) -> PageRequest:
    """Return what is asked for at an order's first payment page, under a new key."""
    return PageRequest(
        key=new_secret(),
        number=number,
        currency=terms.currency,
        lines=lines,
        country=country,
        deliveries=[
            PageDelivery(q.name, q.price_minor, q.least_days, q.most_days) for q in deliveries
        ],
        email=email,
        expires_at=in_seconds(ends),
        success_url=f"{terms.shop_url}/checkout/return?session_id={{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{terms.shop_url}/orders/{reference}",
        note=_kept_until(ends, terms),
        automatic_tax=terms.tax == "stripe",
        promotion_codes=terms.promotion_codes,
    )


def with_more_time(request: PageRequest, ends: datetime, terms: Terms) -> PageRequest:
    """Return the request of the page that follows one: the same but for its key and its end."""
    return replace(
        request, key=new_secret(), expires_at=in_seconds(ends), note=_kept_until(ends, terms)
    )


def end_of_page(terms: Terms, now: datetime) -> datetime:
    """Return when a payment page that is opened now ends."""
    return (now + timedelta(minutes=terms.hold_minutes)).replace(microsecond=0)


def _page(order: Order, chosen: Basket, terms: Terms, now: datetime) -> PaymentPage:
    ends = end_of_page(terms, now)
    request = page_request(
        number=order.number,
        reference=order.reference,
        lines=[PageLine(x.name, x.unit_minor, x.line.quantity) for x in chosen.lines],
        country=order.country,
        deliveries=chosen.deliveries,
        email=order.email,
        ends=ends,
        terms=terms,
    )
    return _page_row(order.id, 1, request, ends, now)


def _next_page(page: PaymentPage, terms: Terms, now: datetime) -> PaymentPage:
    ends = end_of_page(terms, now)
    request = with_more_time(PageRequest.from_data(page.parameters), ends, terms)
    return _page_row(page.order_id, page.attempt + 1, request, ends, now)


def _page_row(
    order_id: int, attempt: int, request: PageRequest, ends: datetime, now: datetime
) -> PaymentPage:
    return PaymentPage(
        order_id=order_id,
        attempt=attempt,
        idempotency_key=request.key,
        expires_at=ends,
        parameters=request.as_data(),
        created_at=now,
        looked_at=now,
    )


def _kept_until(ends: datetime, terms: Terms) -> str:
    return (
        f"Your shoes are kept for you until {time_words(ends, terms.zone)}."
        " Do you need longer? Go back to the shop: they stay kept, and there you can ask for more"
        " time."
    )
