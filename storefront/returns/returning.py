"""The way of a return: asked for, received, then settled or refused, or withdrawn before.

Each act takes the order's lock, which whoever gives money back takes too, and moves the return by
one guarded UPDATE: of two who do the same at once, the second is told who was first.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from storefront.catalogue.models import Variant
from storefront.catalogue.sides import NotSold, Sides
from storefront.checkout import refunds
from storefront.checkout.refunds import Wish
from storefront.clock import day_of, day_words
from storefront.db import db
from storefront.orders import receipts
from storefront.orders.models import Order, OrderLine
from storefront.returns import letters, queries
from storefront.returns.models import OPEN, Return, ReturnLine
from storefront.returns.terms import Terms
from storefront.returns.words import how_many
from storefront.stock import ledger
from storefront.stock.ledger import NotEnough, Shoes, Taken, TooMany

NUMBERED = "return"
SHOPPER = "the shopper"
TIME_TO_SEND = timedelta(days=14)
NOTHING = Shoes(0, 0)
GONE = "{} is not there any more. Please choose another size, or your money back."


class CannotReturn(Exception):
    """It cannot be done like this; the sentence says why. Nothing was changed.

    `moved`: not because of what was asked, but because of what happened meanwhile.
    """

    def __init__(self, sentence: str, *, moved: bool = False) -> None:
        super().__init__(sentence)
        self.moved = moved


@dataclass(frozen=True)
class Asked:
    """What of one line is to be sent back, why, and for which new shoes; none is for money."""

    line_id: int
    shoes: Shoes
    reason: str
    new_left_sku: str = ""
    new_right_sku: str = ""


@dataclass(frozen=True)
class Came:
    """What arrived of one line, in what condition; `restock`: it can be sold again."""

    shoes: Shoes
    condition: str
    restock: bool


@dataclass(frozen=True)
class LineLeft:
    """How many shoes of a line can still be sent back, and in which open return it is."""

    line: OrderLine
    shoes: Shoes
    open_in: int | None

    @property
    def most(self) -> int:
        """How many pairs, or single shoes, can be asked for."""
        return max(self.shoes.left, self.shoes.right)

    @property
    def can_be_asked(self) -> bool:
        return self.most > 0 and self.open_in is None


def last_day(order: Order, terms: Terms) -> date | None:
    """Return the last day on which a return may be asked for, None for an order not sent."""
    if order.state != "dispatched" or order.dispatch is None:
        return None
    return day_of(order.dispatch.at, terms.zone) + timedelta(days=terms.days)


def send_by(one: Return, terms: Terms) -> date:
    """Return until when the parcel should be sent: there is time, also when asked at the end."""
    asked = day_of(one.requested_at + TIME_TO_SEND, terms.zone)
    return max(asked, last_day(one.order, terms) or asked)


def left_of(order: Order, returns: Iterable[Return]) -> Sequence[LineLeft]:
    """Return what of each line can still be sent back: bought, less returned or paid back."""
    settled = [one for one in returns if one.state == "settled"]
    known = {one.refund_id for one in settled}
    gone: dict[int, Shoes] = {}
    for refund in order.refunds:
        if refund.counts and refund.id not in known:
            for paid in refund.lines:
                before = gone.get(paid.order_line_id, NOTHING)
                gone[paid.order_line_id] = before + Shoes(paid.left, paid.right)
    for line in (line for one in settled for line in one.lines):
        before = gone.get(line.order_line_id, NOTHING)
        gone[line.order_line_id] = before + Shoes(line.came_left, line.came_right)
    open_in = {
        line.order_line_id: one.number for one in returns if one.state in OPEN for line in one.lines
    }
    return [
        LineLeft(line, _rest(line, gone.get(line.id, NOTHING)), open_in.get(line.id))
        for line in order.lines
    ]


def _rest(line: OrderLine, gone: Shoes) -> Shoes:
    return Shoes(
        max(line.quantity - gone.left, 0) if line.left_variant_id is not None else 0,
        max(line.quantity - gone.right, 0) if line.right_variant_id is not None else 0,
    )


def ask(order_id: int, asked: Sequence[Asked], *, terms: Terms, now: datetime) -> int:
    """Write down what is to be sent back, hold the new shoes, tell the shopper; return its number.

    Asking for the very same again returns the number that is there. Raises CannotReturn.
    """
    with db.writing():
        order = _locked(order_id)
        _check_time(order, terms, now)
        if not asked:
            raise CannotReturn("Please say how many you send back.")
        there = queries.of_order(order_id)
        lines = [_line(order, one) for one in asked]
        for one in there:
            if one.state == "requested" and _same(one.lines, lines):
                return one.number
        left = {each.line.id: each for each in left_of(order, there)}
        for line in lines:
            _check_left(left[line.order_line_id], Shoes(line.left, line.right))
        try:
            ledger.hold_exchange(
                [new for line in lines for new in _new_shoes(line, line.left, line.right)], now=now
            )
        except NotEnough as problem:
            raise CannotReturn(GONE.format(_name_of(problem)), moved=True) from None
        number = receipts.next_number(NUMBERED)
        one = Return(number=number, order=order, requested_at=now, lines=lines)
        db.session.add(one)
        db.session.flush()
        letters.asked(one, terms, send_by=send_by(one, terms), now=now)
        return number


def _check_time(order: Order, terms: Terms, now: datetime) -> None:
    last = last_day(order, terms)
    if last is None:
        raise CannotReturn(
            f"Order {order.number} was not sent, so there is nothing to send back.", moved=True
        )
    if not terms.days or day_of(now, terms.zone) > last:
        raise CannotReturn(
            f"The time to send back shoes of this order ended on {day_words(last)}. If something"
            " is wrong with them, please write to us.",
            moved=True,
        )


def _line(order: Order, asked: Asked) -> ReturnLine:
    """Return what is asked of one line, with its new shoes found. Raises CannotReturn."""
    line = next((each for each in order.lines if each.id == asked.line_id), None)
    if line is None:
        raise CannotReturn("That line is not of this order.")
    _check_sides(line, asked.shoes)
    new = Sides(
        _new(line, line.left_variant_id, asked.new_left_sku),
        _new(line, line.right_variant_id, asked.new_right_sku),
    )
    wants = any(new)
    if wants:
        if (new.left is None, new.right is None) != (not asked.shoes.left, not asked.shoes.right):
            raise CannotReturn("Please choose new shoes for the same feet.")
        try:
            new.check()
        except NotSold as problem:
            raise CannotReturn(str(problem)) from None
    return ReturnLine(
        order_line_id=line.id,
        left=asked.shoes.left,
        right=asked.shoes.right,
        reason=asked.reason,
        new_left_variant_id=new.left.id if new.left else None,
        new_right_variant_id=new.right.id if new.right else None,
        new_choice=new.choice if wants else "",
    )


def _check_sides(line: OrderLine, shoes: Shoes) -> None:
    """Raise CannotReturn for one shoe of a pair that is sold as a pair only."""
    if shoes.left != shoes.right and not sides_apart(line):
        raise CannotReturn(f"{line.title} is sold in pairs, so please send back both shoes.")


def sides_apart(line: OrderLine) -> bool:
    """Return whether one shoe of a line may be sent back: a single one, or of what is sold so."""
    sides = (line.left_variant_id, line.right_variant_id)
    return None in sides or all(
        db.session.get_one(Variant, side).single_minor is not None for side in sides
    )


def _new(line: OrderLine, old_id: int | None, sku: str) -> Variant | None:
    """Return the new shoe of this sku. Raises CannotReturn where the old is not changed for it."""
    if not sku or old_id is None:
        return None
    old = db.session.get_one(Variant, old_id)
    new = db.session.scalar(select(Variant).where(Variant.sku == sku, Variant.published))
    if new is None:
        raise CannotReturn(GONE.format("That size"), moved=True)
    if new.product_id != old.product_id:
        raise CannotReturn(f"{line.title} can be changed for another size of the same model only.")
    if not costs_the_same(new, old):
        raise CannotReturn(
            f"{new.name} has another price, so it cannot be changed for. Please choose your money"
            " back, and order it anew."
        )
    return new


def costs_the_same(new: Variant, old: Variant) -> bool:
    """Return whether two variants cost the same today, by the pair and by the single shoe."""
    return (new.price_minor, new.single_minor) == (old.price_minor, old.single_minor)


def _same(there: Collection[ReturnLine], asked: Collection[ReturnLine]) -> bool:
    def facts(line: ReturnLine) -> tuple[Any, ...]:
        new = (line.new_left_variant_id, line.new_right_variant_id)
        return (line.order_line_id, line.left, line.right, line.reason, new)

    return {facts(line) for line in there} == {facts(line) for line in asked}


def _check_left(left: LineLeft, shoes: Shoes) -> None:
    if left.open_in is not None:
        raise CannotReturn(
            f"{left.line.name} is in return {left.open_in} already. Withdraw that one first, if"
            " you want to send back something else.",
            moved=True,
        )
    if not left.most:
        raise CannotReturn(f"Nothing of {left.line.name} can be sent back any more.")
    if not (0 <= shoes.left <= left.shoes.left and 0 <= shoes.right <= left.shoes.right):
        there = how_many(left.line, left.shoes)
        raise CannotReturn(f"Only {there} can still be sent back.")


def _new_shoes(line: ReturnLine, left: int, right: int) -> Sequence[Taken]:
    """Return the new shoes for so many left and right shoes of a line, by variant."""
    new: dict[int, Shoes] = {}
    for variant_id, shoes in (
        (line.new_left_variant_id, Shoes(left, 0)),
        (line.new_right_variant_id, Shoes(0, right)),
    ):
        if variant_id is not None and shoes != NOTHING:
            new[variant_id] = new.get(variant_id, NOTHING) + shoes
    return [Taken(line.order_line_id, *each) for each in new.items()]


def _name_of(problem: NotEnough) -> str:
    return db.session.get_one(Variant, problem.variant_id).name


def withdraw(order_id: int, number: int, *, now: datetime) -> None:
    """End a return that is not received yet, and give free what it holds; twice is once.

    Raises CannotReturn.
    """
    with db.writing():
        _locked(order_id)
        moved = _moved(number, ("requested",), state="withdrawn", ended_at=now, ended_by=SHOPPER)
        one = _fresh(number)
        if moved:
            ledger.release_exchange(_line_ids(one), why="withdrawn", now=now)
        elif one.state != "withdrawn":
            raise CannotReturn(_is_already(number), moved=True)


def receive(
    order_id: int,
    number: int,
    came: Mapping[int, Came],
    *,
    note: str,
    by: str,
    terms: Terms,
    now: datetime,
) -> None:
    """Note what arrived of a return, by line, and put it back into stock where that is chosen.

    Raises CannotReturn.
    """
    with db.writing():
        _locked(order_id)
        if not _moved(
            number, ("requested",), state="received", received_at=now, received_by=by, note=note
        ):
            raise CannotReturn(_is_already(number), moved=True)
        one = _fresh(number)
        for line in sorted(one.lines, key=_in_order_of_stock):
            _arrive(line, came.get(line.id) or Came(NOTHING, "", restock=False), by=by, now=now)
        if not any(line.came_left + line.came_right for line in one.lines):
            raise CannotReturn("Nothing arrived, so it is not received. Please say what came.")
        letters.received(one, terms, now=now)


def _arrive(line: ReturnLine, came: Came, *, by: str, now: datetime) -> None:
    if not (0 <= came.shoes.left <= line.left and 0 <= came.shoes.right <= line.right):
        asked = how_many(line.order_line, Shoes(line.left, line.right))
        raise CannotReturn(f"Only {asked} was to come.")
    line.came_left, line.came_right = came.shoes.left, came.shoes.right
    line.condition = came.condition if came.shoes != NOTHING else ""
    if came.restock and came.shoes != NOTHING:
        try:
            ledger.restock(line.order_line, came.shoes, by=by, now=now)
        except TooMany:
            raise CannotReturn(
                f"{line.order_line.name}: not so many of its shoes are out, so they cannot come"
                " back into stock."
            ) from None
        line.restocked = True


def worth(
    one: Return, outcomes: Mapping[int, str], *, delivery: bool, kept_minor: int
) -> tuple[int, int]:
    """Return what settling like this gives back, and what is taken off, in minor units.

    Changes nothing. Raises CannotReturn, or CannotRefund.
    """
    if one.state != "received":
        raise CannotReturn(_is_already(one.number), moved=True)
    return refunds.sums_of_return(
        one.order, _wishes(one, outcomes), delivery=delivery, kept_minor=kept_minor
    )


def _wishes(one: Return, outcomes: Mapping[int, str]) -> list[Wish]:
    """Return what is paid back of what arrived. Raises CannotReturn."""
    for line in one.lines:
        if outcomes.get(line.id) == "exchange" and line.wish != "exchange":
            raise CannotReturn(f"{line.order_line.name}: no other size was asked for.")
    return [
        Wish(line.order_line_id, Shoes(line.came_left, line.came_right))
        for line in one.lines
        if outcomes.get(line.id) == "money" and line.came_left + line.came_right
    ]


def settle(
    order_id: int,
    number: int,
    outcomes: Mapping[int, str],
    *,
    delivery: bool,
    kept_minor: int,
    expected_minor: int,
    carrier: str,
    tracking: str,
    by: str,
    terms: Terms,
    now: datetime,
) -> int | None:
    """Give for what arrived, by line, "money", "exchange" or "nothing", and end the return.

    Returns the id of the refund to carry out, None where no money goes back. `kept_minor` is taken
    off the money for the shoes; `expected_minor` is what goes back, as it was looked at. Raises
    CannotReturn, or CannotRefund.
    """
    with db.writing():
        order = _locked(order_id)
        if not _moved(
            number,
            ("received",),
            state="settled",
            ended_at=now,
            ended_by=by,
            carrier=carrier,
            tracking=tracking,
        ):
            raise CannotReturn(_is_already(number), moved=True)
        one = _fresh(number)
        for line in one.lines:
            line.outcome = outcomes.get(line.id, "nothing")
        one.refund_id = refunds.write_of_return(
            order,
            _wishes(one, outcomes),
            delivery=delivery,
            kept_minor=kept_minor,
            expected_minor=expected_minor,
            key=f"return-{one.id}-{order.reference}",
            by=by,
            now=now,
        )
        new = [line for line in one.lines if line.outcome == "exchange"]
        _exchange(one, new, by=by, now=now)
        if new or one.refund_id is None:  # the refund has a mail of its own
            letters.settled(one, terms, now=now)
        return one.refund_id


def _exchange(one: Return, lines: Sequence[ReturnLine], *, by: str, now: datetime) -> None:
    """Send new shoes for those that arrived, and give free whatever else the return holds."""
    new = [each for line in lines for each in _new_shoes(line, line.came_left, line.came_right)]
    try:
        ledger.exchange(_line_ids(one), new, by=by, now=now)
    except NotEnough as problem:
        raise CannotReturn(
            f"{_name_of(problem)} is not there any more, so it cannot be sent.", moved=True
        ) from None


def refuse(order_id: int, number: int, *, why: str, by: str, terms: Terms, now: datetime) -> None:
    """End a return with nothing given; what is back in stock goes out again, to the shopper.

    Raises CannotReturn.
    """
    with db.writing():
        _locked(order_id)
        if not _moved(number, OPEN, state="refused", ended_at=now, ended_by=by, why=why):
            raise CannotReturn(_is_already(number), moved=True)
        one = _fresh(number)
        ledger.release_exchange(_line_ids(one), why="refused", now=now)
        for line in sorted(one.lines, key=_in_order_of_stock):
            if line.restocked:
                _send_back(line, by=by, now=now)
        letters.refused(one, terms, now=now)


def _send_back(line: ReturnLine, *, by: str, now: datetime) -> None:
    try:
        shoes = Shoes(line.came_left, line.came_right)
        ledger.send_back(line.order_line, shoes, by=by, now=now)
    except NotEnough:
        raise CannotReturn(
            f"{line.order_line.name} went back into stock and is sold or held by now, so it cannot"
            " be sent back to the shopper.",
            moved=True,
        ) from None
    line.restocked = False


def _locked(order_id: int) -> Order:
    """Read an order afresh, alone: its returns and refunds take turns."""
    return db.session.get_one(Order, order_id, populate_existing=True, with_for_update=True)


def _line_ids(one: Return) -> list[int]:
    return [line.order_line_id for line in one.lines]


def _moved(number: int, states: Sequence[str], **values: Any) -> bool:
    """Move a return out of one of these states; return whether it was in one."""
    moved = db.session.execute(
        update(Return)
        .where(Return.number == number, Return.state.in_(states))
        .values(**values)
        .returning(Return.id)
        .execution_options(synchronize_session=False)
    )
    return moved.first() is not None


def _fresh(number: int) -> Return:
    chosen = select(Return).where(Return.number == number)
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one()


def _is_already(number: int) -> str:
    one = _fresh(number)
    by = one.ended_by or one.received_by
    return f"Return {number} is {one.state}{f' by {by}' if by else ''}, so nothing was changed."


def _in_order_of_stock(line: ReturnLine) -> int:
    return line.order_line.left_variant_id or line.order_line.right_variant_id or 0
