"""Money given back: asked for by staff, carried out by the payment company.

    begin (check, write the refund, put shoes back into stock) → ask the company → apply.
    Later, from an event or the sweeper: settle, that is look up all refunds of a payment → apply.

A refund made in the company's own dashboard is found by settle too.
"""

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, select, update

from storefront.checkout import letters
from storefront.checkout.events import note_event
from storefront.checkout.payments import Event, Payments, RefundFacts, Refused, Unclear
from storefront.db import db, new_secret
from storefront.money import money_words
from storefront.orders import marks, receipts, taxes
from storefront.orders.models import RETURN, Dispatch, Order, OrderLine, Refund, RefundLine
from storefront.stock import ledger
from storefront.stock.ledger import Shoes

ASK_AGAIN_AFTER = timedelta(minutes=3)
AT_ONCE = 100  # refunds looked at in one sweep
ELSEWHERE = "elsewhere"  # the reason of a refund that was made in the company's dashboard
COMPANY = "Payment company"

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Wish:
    """What is to be paid back of one line; `restock`: these shoes go back into stock."""

    line_id: int
    shoes: Shoes
    restock: bool = False


@dataclass(frozen=True)
class LineLeft:
    """What of one line can still be paid back, and how many of its shoes can come back."""

    line: OrderLine
    paid_minor: int
    shoes: Shoes
    restockable: Shoes

    def tax_minor(self, shoes: Shoes) -> int:
        """Return the tax in what so many shoes cost."""
        return self._share(self.line.tax_minor, shoes)

    @property
    def in_all(self) -> int:
        """How many single shoes the line has."""
        sides = (self.line.left_variant_id, self.line.right_variant_id)
        return self.line.quantity * sum(side is not None for side in sides)

    @property
    def pairs(self) -> int:
        """How many of the line can still be paid back whole."""
        if self.line.left_variant_id is None:
            return self.shoes.right
        if self.line.right_variant_id is None:
            return self.shoes.left
        return min(self.shoes.left, self.shoes.right)

    def amount_minor(self, shoes: Shoes) -> int:
        """Return what so many shoes cost; all of them together cost exactly what was paid."""
        return self._share(self.paid_minor, shoes)

    def _share(self, whole: int, shoes: Shoes) -> int:
        gone = self.in_all - self.shoes.left - self.shoes.right
        then = gone + shoes.left + shoes.right
        return whole * then // self.in_all - whole * gone // self.in_all


@dataclass(frozen=True)
class Left:
    """What of an order can still be paid back, in minor units."""

    lines: Sequence[LineLeft]
    delivery_minor: int
    delivery_tax_minor: int
    total_minor: int
    tax_minor: int

    def amount_minor(self, wishes: Iterable[Wish], *, delivery: bool) -> int:
        """Return what the wishes cost together."""
        lines = {left.line.id: left for left in self.lines}
        goods = sum(lines[wish.line_id].amount_minor(wish.shoes) for wish in wishes)
        return goods + (self.delivery_minor if delivery else 0)

    def tax_of(self, wishes: Iterable[Wish], *, delivery: bool, amount_minor: int) -> int:
        """Return the tax in what is given back: with the last of the money goes all of it."""
        if amount_minor == self.total_minor:
            return self.tax_minor
        lines = {left.line.id: left for left in self.lines}
        goods = sum(lines[wish.line_id].tax_minor(wish.shoes) for wish in wishes)
        return min(goods + (self.delivery_tax_minor if delivery else 0), self.tax_minor)


class CannotRefund(Exception):
    """It cannot be paid back like this; the sentence is for staff. Nothing was changed."""


class CannotCancel(Exception):
    """The order cannot be cancelled; the sentence is for staff. Nothing was changed."""


def left_of(order: Order) -> Left:
    """Return what can still be paid back of a paid order, from what was paid for each line.

    A discount is shared by the lines; tax is what was kept of each line and of the delivery.
    """
    on_top = order.tax != "included"
    given = [refund for refund in order.refunds if refund.counts]
    out = ledger.restockable(order.id)
    lines = [
        LineLeft(
            line,
            net + on_top * line.tax_minor,
            _shoes_left(line, given),
            out.get(line.id, Shoes(0, 0)),
        )
        for line, net in zip(order.lines, taxes.net_of_discount(order), strict=True)
    ]
    delivery = order.delivery_minor + on_top * order.delivery_tax_minor
    delivery -= sum(refund.delivery_minor for refund in given)
    total = (order.total_minor or 0) - sum(refund.amount_minor for refund in given)
    tax = order.tax_minor - sum(refund.tax_minor for refund in given)
    return Left(lines, min(delivery, total), order.delivery_tax_minor, total, tax)


def _shoes_left(line: OrderLine, given: Iterable[Refund]) -> Shoes:
    left = line.quantity if line.left_variant_id is not None else 0
    right = line.quantity if line.right_variant_id is not None else 0
    for refund in given:
        for paid in refund.lines:
            if paid.order_line_id == line.id:
                left, right = left - paid.left, right - paid.right
    return Shoes(left, right)


def check(left: Left, wishes: Sequence[Wish], *, amount_minor: int, currency: str) -> None:
    """Raise CannotRefund where so much, or so many shoes, cannot be given back."""
    lines = {each.line.id: each for each in left.lines}
    if len({wish.line_id for wish in wishes}) < len(wishes):
        raise CannotRefund("A line was sent twice. Please look at it again.")
    for wish in wishes:
        each = lines[wish.line_id]
        if not _fits(wish.shoes, each.shoes):
            raise CannotRefund(f"{each.line.title}: only {_how_many(each)} can be given back.")
        if wish.restock and not _fits(wish.shoes, each.restockable):
            raise CannotRefund(
                f"{each.line.title}: not so many of its shoes are out, so they cannot come back"
                " into stock."
            )
    if amount_minor == 0:
        raise CannotRefund("Nothing was chosen to be given back.")
    if amount_minor > left.total_minor:
        rest = money_words(left.total_minor, currency)
        raise CannotRefund(f"Only {rest} of this order is left to give back.")


def _fits(shoes: Shoes, there: Shoes) -> bool:
    return 0 <= shoes.left <= there.left and 0 <= shoes.right <= there.right


def begin(
    order_id: int,
    wishes: Sequence[Wish],
    *,
    delivery: bool,
    expected_minor: int,
    reason: str,
    note: str,
    key: str,
    by: str,
    now: datetime,
) -> int:
    """Write down a refund and put its shoes back into stock; return its id.

    The same key again returns the refund that is there. Raises CannotRefund, also where the
    amount is not the one that was expected.
    """
    with db.writing():
        order = _locked(order_id)
        known = db.session.scalar(select(Refund.id).where(Refund.key == key))
        if known is not None:
            return known
        if order.paid_at is None:
            raise CannotRefund("This order is not paid, so there is nothing to give back.")
        left = left_of(order)
        wishes = [wish for wish in wishes if wish.shoes != Shoes(0, 0)]
        amount = left.amount_minor(wishes, delivery=delivery)
        check(left, wishes, amount_minor=amount, currency=order.currency)
        _check_expected(amount, expected_minor, order.currency)
        return _write(
            order,
            left,
            amount,
            wishes,
            delivery=delivery,
            reason=reason,
            note=note,
            key=key,
            by=by,
            now=now,
        )


def _check_expected(amount_minor: int, expected_minor: int, currency: str) -> None:
    if amount_minor != expected_minor:
        is_now = money_words(amount_minor, currency)
        raise CannotRefund(f"This would give back {is_now} now. Please look at it again.")


def sums_of_return(
    order: Order, wishes: Sequence[Wish], *, delivery: bool, kept_minor: int
) -> tuple[int, int]:
    """Return what goes back for shoes that are here, and what is kept of it, in minor units.

    `kept_minor` is taken off what the shoes cost, at most all of it. Raises CannotRefund.
    """
    if not wishes:
        return 0, 0
    left = left_of(order)
    whole = left.amount_minor(wishes, delivery=delivery)
    check(left, wishes, amount_minor=whole, currency=order.currency)
    kept_minor = min(kept_minor, left.amount_minor(wishes, delivery=False))
    return whole - kept_minor, kept_minor


def write_of_return(
    order: Order,
    wishes: Sequence[Wish],
    *,
    delivery: bool,
    kept_minor: int,
    expected_minor: int,
    key: str,
    by: str,
    now: datetime,
) -> int | None:
    """Write down a refund for shoes that are here; the caller holds the order's lock.

    Returns the refund's id, None where nothing is to be given back. Raises CannotRefund, also
    where the amount is not the one that was expected.
    """
    amount, kept_minor = sums_of_return(order, wishes, delivery=delivery, kept_minor=kept_minor)
    _check_expected(amount, expected_minor, order.currency)
    if not amount:
        return None
    return _write(
        order,
        left_of(order),
        amount,
        wishes,
        delivery=delivery,
        kept_minor=kept_minor,
        reason=RETURN,
        note=_less(amount, kept_minor, order.currency),
        key=key,
        by=by,
        now=now,
    )


def _less(amount_minor: int, kept_minor: int, currency: str) -> str:
    if not kept_minor:
        return ""
    whole, kept = (
        money_words(amount_minor + kept_minor, currency),
        money_words(kept_minor, currency),
    )
    return f"{whole}, less {kept} for sending back"


def cancel(order_id: int, *, key: str, by: str, now: datetime, shop_url: str) -> int | None:
    """Cancel a paid order that was not sent: its shoes come back, and so does all its money.

    Returns the id of the refund to carry out, None where nothing is left to give back. Raises
    CannotCancel.
    """
    with db.writing():
        order = _locked(order_id)
        cancelled = db.session.scalar(
            update(Order)
            .where(
                Order.id == order_id,
                Order.state == "paid",
                ~exists().where(Dispatch.order_id == order_id),
            )
            .values(state="cancelled", ended_at=now)
            .returning(Order.id)
        )
        if cancelled is None:
            raise CannotCancel(f"This order is {order.state}; only a paid one can be cancelled.")
        left = left_of(order)
        for each in left.lines:
            ledger.restock(each.line, each.restockable, by=by, now=now)
        marks.end(order, now=now)
        letters.order_cancelled(order, shop_url=shop_url, now=now)
        if left.total_minor <= 0:
            return None
        return _write(
            order,
            left,
            left.total_minor,
            [Wish(each.line.id, each.shoes) for each in left.lines if each.shoes != Shoes(0, 0)],
            delivery=True,
            reason="cancelled",
            note="",
            key=key,
            by=by,
            now=now,
        )


def carry_out(refund_id: int, *, payments: Payments, now: datetime, shop_url: str) -> Refund:
    """Ask the company to pay a refund and write what it says.

    Raises Refused, which is written down too, or Unclear; after Unclear the sweeper asks again.
    """
    refund = _refund(refund_id)
    if refund.status != "asking":
        return refund
    intent, amount, key = refund.order.payment_intent or "", refund.amount_minor, refund.key
    try:
        facts = payments.refund(intent, amount, key)
    except Refused as error:
        _refuse(refund_id, str(error))
        raise
    apply(intent, [facts], now=now, shop_url=shop_url)
    return _refund(refund_id)


def settle(
    payment_intent: str,
    *,
    payments: Payments,
    now: datetime,
    shop_url: str,
    event: Event | None = None,
) -> Order | None:
    """Make our refunds of a payment say what the company says of them; idempotent.

    Raises Unclear or Refused; then nothing changed.
    """
    facts = payments.refunds_of(payment_intent)
    return apply(payment_intent, facts, now=now, shop_url=shop_url, event=event)


def apply(
    payment_intent: str,
    facts: Iterable[RefundFacts],
    *,
    now: datetime,
    shop_url: str,
    event: Event | None = None,
) -> Order | None:
    """Write what the company knows of a payment's refunds, with the event in one transaction."""
    with db.writing():
        order_id = db.session.scalar(select(Order.id).where(Order.payment_intent == payment_intent))
        order = _locked(order_id) if order_id is not None else None
        if order is not None:
            for each in facts:
                _apply(order, each, now=now, shop_url=shop_url)
        if event is not None:
            note_event(event, order_id=order_id, applied_at=now, now=now)
        return order


def sweep(*, payments: Payments, now: datetime, shop_url: str) -> int:
    """See to the refunds that nobody told us about; return how many were decided."""
    due = select(Refund.id).where(Refund.status == "asking", Refund.at <= now - ASK_AGAIN_AFTER)
    if not payments.hears_events:
        due = select(Refund.id).where(
            (Refund.status == "pending")
            | ((Refund.status == "asking") & (Refund.at <= now - ASK_AGAIN_AFTER))
        )
    decided = 0
    for refund_id in db.session.scalars(due.order_by(Refund.id).limit(AT_ONCE)).all():
        refund = _refund(refund_id)
        if refund.order.account != payments.account:
            continue
        try:
            # Looked up first: the company forgets a key after a day, and would pay again.
            settle(refund.order.payment_intent or "", payments=payments, now=now, shop_url=shop_url)
            carry_out(refund_id, payments=payments, now=now, shop_url=shop_url)
        except (Refused, Unclear) as error:
            log.warning("refund %s is not decided yet: %s", refund_id, error)
        else:
            decided += 1
    return decided


def _locked(order_id: int) -> Order:
    """Read an order afresh, alone: whoever gives money back takes turns."""
    return db.session.get_one(Order, order_id, populate_existing=True, with_for_update=True)


def _refund(refund_id: int) -> Refund:
    return db.session.get_one(Refund, refund_id, populate_existing=True)


def _how_many(each: LineLeft) -> str:
    if each.shoes.left == each.shoes.right:
        return "1 pair" if each.pairs == 1 else f"{each.pairs} pairs"
    return f"{each.shoes.left} left and {each.shoes.right} right shoes"


def _write(
    order: Order,
    left: Left,
    amount_minor: int,
    wishes: Sequence[Wish],
    *,
    delivery: bool,
    kept_minor: int = 0,
    reason: str,
    note: str,
    key: str,
    by: str,
    now: datetime,
) -> int:
    whole = amount_minor + kept_minor
    tax = left.tax_of(wishes, delivery=delivery, amount_minor=whole)
    refund = Refund(
        order_id=order.id,
        key=key,
        amount_minor=amount_minor,
        delivery_minor=left.delivery_minor if delivery else 0,
        tax_minor=tax * amount_minor // whole,
        reason=reason,
        note=note,
        by=by,
        at=now,
        lines=[
            RefundLine(order_line_id=wish.line_id, left=wish.shoes.left, right=wish.shoes.right)
            for wish in wishes
        ],
    )
    db.session.add(refund)
    lines = {line.id: line for line in order.lines}
    for wish in wishes:
        if wish.restock:
            ledger.restock(lines[wish.line_id], wish.shoes, by=by, now=now)
    db.session.flush()
    return refund.id


def _refuse(refund_id: int, why: str) -> None:
    with db.writing():
        db.session.execute(
            update(Refund)
            .where(Refund.id == refund_id, Refund.status == "asking")
            .values(status="refused", why=why)
        )


def _apply(order: Order, facts: RefundFacts, *, now: datetime, shop_url: str) -> None:
    refund = next(
        (
            each
            for each in order.refunds
            if facts.refund_id == each.refund_id
            or (each.refund_id is None and facts.key == each.key)
        ),
        None,
    )
    if refund is None:
        refund = Refund(
            key=new_secret(),
            amount_minor=facts.amount_minor,
            tax_minor=_tax_elsewhere(order, facts.amount_minor),
            reason=ELSEWHERE,
            by=COMPANY,
            at=now,
            status="asking",
        )
        order.refunds.append(refund)
    before = refund.status
    if before == "failed" or (before == "succeeded" and facts.status == "pending"):
        return  # what was looked up is older than what is known
    refund.refund_id, refund.status, refund.why = facts.refund_id, facts.status, facts.why
    db.session.flush()
    if facts.status == "failed":
        letters.refund_failed(refund, shop_url=shop_url, now=now)
    elif before in {"asking", "refused"}:
        refund.credit_number = receipts.next_number(receipts.CREDIT_NOTE)
        letters.order_refunded(refund, shop_url=shop_url, now=now)


def _tax_elsewhere(order: Order, amount_minor: int) -> int:
    """Return the tax in money that was given back without saying for what: its share of the left.

    With the last of the money goes all that is left of the tax.
    """
    left = left_of(order)
    if left.total_minor <= 0:
        return 0
    return left.tax_minor * min(amount_minor, left.total_minor) // left.total_minor
