"""The ledger: the one place that changes a count, a hold or what is held.

Every change is one guarded UPDATE per variant, both sides in one statement, variants in id order,
inside the caller's `db.writing()`. Uncounted variants take no part.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from sqlalchemy import Row, Select, bindparam, func, insert, select, update

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.db import db
from storefront.orders.models import Order, OrderLine
from storefront.stock.models import Hold, Movement

BY_STAFF = ("counted", "received", "damaged", "corrected")


@dataclass(frozen=True)
class Shoes:
    """A number of left and of right shoes."""

    left: int
    right: int

    def __add__(self, other: "Shoes") -> "Shoes":
        return Shoes(self.left + other.left, self.right + other.right)

    def __sub__(self, other: "Shoes") -> "Shoes":
        return Shoes(self.left - other.left, self.right - other.right)

    @property
    def countable(self) -> bool:
        """Whether the database keeps such a count."""
        return min(self.left, self.right) >= 0 and max(self.left, self.right) <= MOST_ON_HAND


@dataclass(frozen=True)
class Taken:
    """Shoes of a variant that are taken for an order line."""

    line_id: int
    variant_id: int
    shoes: Shoes


class NotEnough(Exception):
    """There are fewer free shoes of a variant than were wanted; nothing was changed."""

    def __init__(self, variant_id: int) -> None:
        super().__init__(f"not enough free shoes of variant {variant_id}")
        self.variant_id = variant_id


class TooMany(Exception):
    """More shoes were to come back than were sold; nothing was changed."""


class CountMoved(Exception):
    """The count is no longer what the edit was based on; nothing was changed."""

    def __init__(self, *, now: Shoes, last: Movement | None) -> None:
        super().__init__("the count moved meanwhile")
        self.now = now
        self.last = last


class AnyMoved(Exception):
    """One count of many is no longer what its edit was based on; undo the whole transaction."""


class BelowHeld(Exception):
    """The new count is less than what is held for orders; nothing was changed.

    `holding` says by order number, oldest first, what each order holds.
    """

    def __init__(self, *, held: Shoes, holding: Mapping[int, Shoes]) -> None:
        super().__init__("the count would be below what is held")
        self.held = held
        self.holding = holding

    @property
    def orders(self) -> list[int]:
        """The numbers of the orders, oldest first."""
        return list(self.holding)


class NotACount(Exception):
    """The new count is below 0 or above the most that is counted; nothing was changed."""

    def __init__(self, counted: Shoes) -> None:
        super().__init__(f"{counted} cannot be a count")
        self.counted = counted


class NotUndoable(Exception):
    """A line is no work of staff's own that can be taken back; nothing was changed."""


class AlreadyUndone(Exception):
    """A line was taken back before, by the line `by`; nothing was changed."""

    def __init__(self, by: Movement) -> None:
        super().__init__("the line was undone before")
        self.by = by


def needed(lines: Iterable[OrderLine]) -> dict[int, Shoes]:
    """Return what lines take of each variant, added up, in id order."""
    return _added_up(taken for line in lines for taken in _sides(line).items())


def hold(lines: Iterable[OrderLine], *, now: datetime) -> None:
    """Hold the shoes of order lines for their payment.

    Raises NotEnough at the first variant of which there are too few free shoes.
    """
    taken = [Taken(line.id, *side) for line in lines for side in _sides(line).items()]
    _hold(taken, kind="payment", now=now)


def hold_exchange(new: Iterable[Taken], *, now: datetime) -> None:
    """Hold the new shoes for order lines whose own shoes are sent back.

    Raises NotEnough at the first variant of which there are too few free shoes.
    """
    _hold(list(new), kind="exchange", now=now)


def _hold(taken: Sequence[Taken], *, kind: str, now: datetime) -> None:
    counted = _counted(_of_variants(taken))
    for variant_id, shoes in counted.items():
        if not _change(variant_id, held=shoes):
            raise NotEnough(variant_id)
    db.session.add_all(
        Hold(
            order_line_id=each.line_id,
            variant_id=each.variant_id,
            left=each.shoes.left,
            right=each.shoes.right,
            kind=kind,
            since=now,
        )
        for each in taken
        if each.variant_id in counted
    )


def release(order_id: int, *, why: str, now: datetime) -> None:
    """End an order's live holds without a sale; a second call changes nothing."""
    _release(_end_holds(_lines_of(order_id), kind="payment", why=why, now=now))


def release_exchange(line_ids: Collection[int], *, why: str, now: datetime) -> None:
    """Give free what order lines hold for an exchange; a second call changes nothing."""
    _release(_end_holds(line_ids, kind="exchange", why=why, now=now))


def _release(ended: Iterable[Taken]) -> None:
    for variant_id, shoes in _of_variants(ended).items():
        if not _change(variant_id, held=Shoes(0, 0) - shoes):
            raise RuntimeError(f"variant {variant_id} holds less than its holds say")


def sell(order: Order, *, now: datetime) -> None:
    """Turn an order's holds into sales; lines whose hold has ended are taken from what is free.

    Raises NotEnough where a line has no hold any more and there are too few free shoes.
    """
    held = _of_variants(_end_holds(_lines_of(order.id), kind="payment", why="sold", now=now))
    counted = _counted(needed(order.lines))
    for variant_id in sorted(held.keys() | counted.keys()):
        sold = counted.get(variant_id, Shoes(0, 0))
        was_held = held.get(variant_id, Shoes(0, 0))
        after = _change(
            variant_id,
            on_hand=Shoes(-sold.left, -sold.right),
            held=Shoes(-was_held.left, -was_held.right),
        )
        if after is None:
            raise NotEnough(variant_id)
        if variant_id in counted:
            _record_sales(order, variant_id, sold, after, now=now)


def _record_sales(
    order: Order, variant_id: int, sold: Shoes, after: Row[int, int], *, now: datetime
) -> None:
    """Write one row per line; the counts after each add up to the counts after all."""
    left, right = after[0] + sold.left, after[1] + sold.right
    for line in order.lines:
        shoes = _sides(line).get(variant_id)
        if shoes is None:
            continue
        left, right = left - shoes.left, right - shoes.right
        out, by = Shoes(0, 0) - shoes, f"Order {order.number}"
        _record(variant_id, out, (left, right), "sold", line_id=line.id, by=by, now=now)


def exchange(line_ids: Collection[int], new: Iterable[Taken], *, by: str, now: datetime) -> None:
    """Send the new shoes for order lines, and end all that these lines hold for an exchange.

    Raises NotEnough where a line has no hold any more and there are too few free shoes.
    """
    new, nothing = list(new), Shoes(0, 0)
    ended = _end_holds(line_ids, kind="exchange", why="sent", now=now)
    held = {(each.variant_id, each.line_id): each.shoes for each in ended}
    counted = _counted(_of_variants(new))
    sent = {(one.variant_id, one.line_id): one.shoes for one in new if one.variant_id in counted}
    for variant_id, line_id in sorted(held.keys() | sent.keys()):
        out = nothing - sent.get((variant_id, line_id), nothing)
        was_held = held.get((variant_id, line_id), nothing)
        after = _change(variant_id, on_hand=out, held=nothing - was_held)
        if after is None:
            raise NotEnough(variant_id)
        if out != nothing:
            _record(variant_id, out, after, "exchanged", line_id=line_id, by=by, now=now)


def restockable(order_id: int) -> dict[int, Shoes]:
    """Return, by line, the shoes of an order that were sold and are not back in stock.

    The new shoes of an exchange do not count: they are not those that the line was made of.
    """
    rows = db.session.execute(
        select(
            Movement.order_line_id,
            func.sum(Movement.left_change),
            func.sum(Movement.right_change),
        )
        .join(Movement.order_line)
        .where(OrderLine.order_id == order_id, Movement.reason != "exchanged")
        .group_by(Movement.order_line_id)
    )
    return {line_id: Shoes(int(-left), int(-right)) for line_id, left, right in rows if line_id}


def restock(line: OrderLine, shoes: Shoes, *, by: str, now: datetime) -> None:
    """Take shoes of an order line back into stock; the caller holds the order's lock.

    Raises TooMany where they are more than were sold and are not back yet.
    """
    out = restockable(line.order_id).get(line.id, Shoes(0, 0))
    if shoes.left > out.left or shoes.right > out.right:
        raise TooMany
    for variant_id, one in _of_line(line, shoes).items():
        after = _change(variant_id, on_hand=one)
        if after is None:
            raise TooMany
        _record(variant_id, one, after, "returned", line_id=line.id, by=by, now=now)


def send_back(line: OrderLine, shoes: Shoes, *, by: str, now: datetime) -> None:
    """Take shoes of a line that are back in stock out again: they go back to who bought them.

    Raises NotEnough where they are sold or held by now.
    """
    for variant_id, one in _of_line(line, shoes).items():
        out = Shoes(0, 0) - one
        after = _change(variant_id, on_hand=out)
        if after is None:
            raise NotEnough(variant_id)
        _record(variant_id, out, after, "corrected", line_id=line.id, by=by, now=now)


def _of_line(line: OrderLine, shoes: Shoes) -> dict[int, Shoes]:
    """Return so many shoes of a line by counted variant, without those of which there are none."""
    sides = (
        (line.left_variant_id, Shoes(shoes.left, 0)),
        (line.right_variant_id, Shoes(0, shoes.right)),
    )
    of_line = _added_up((variant_id, one) for variant_id, one in sides if variant_id is not None)
    return {id_: one for id_, one in _counted(of_line).items() if one != Shoes(0, 0)}


def _record(
    variant_id: int,
    change: Shoes,
    after: Sequence[int],
    reason: str,
    *,
    line_id: int | None = None,
    note: str = "",
    by: str,
    now: datetime,
) -> None:
    """Write one row of the ledger; `after` are the counts of left and right after it."""
    db.session.add(
        Movement(
            variant_id=variant_id,
            left_change=change.left,
            right_change=change.right,
            reason=reason,
            note=note,
            by=by,
            order_line_id=line_id,
            at=now,
            left_after=after[0],
            right_after=after[1],
        )
    )


def count(
    variant_id: int,
    counted: Shoes,
    *,
    based_on: Shoes,
    reason: str = "counted",
    note: str = "",
    by: str,
    now: datetime,
) -> None:
    """Set a variant's count, if it still is what the edit was based on.

    Raises CountMoved where it moved meanwhile, BelowHeld where more is held than was counted.
    """
    if not _set(variant_id, counted, based_on):
        _explain_refusal(variant_id, counted, based_on)
    change = counted - based_on
    if change != Shoes(0, 0):
        after = (counted.left, counted.right)
        _record(variant_id, change, after, reason, note=note, by=by, now=now)


@dataclass(frozen=True)
class NewCount:
    """A count to be set among many, and what it was based on."""

    variant_id: int
    counted: Shoes
    based_on: Shoes


def count_many(new: Sequence[NewCount], *, note: str, by: str, now: datetime) -> None:
    """Set many counts as `count` does each, but sent together; they must be in id order.

    Raises AnyMoved where one is not what its edit was based on, or more of it is held.
    """
    lines = [(one, one.counted - one.based_on) for one in new if one.counted != one.based_on]
    if not lines:
        return
    statement = (
        update(Variant)
        .where(
            Variant.id == bindparam("variant"),
            Variant.on_hand_left == bindparam("old_left"),
            Variant.on_hand_right == bindparam("old_right"),
            Variant.held_left <= bindparam("new_left"),
            Variant.held_right <= bindparam("new_right"),
        )
        .values(on_hand_left=bindparam("new_left"), on_hand_right=bindparam("new_right"))
    )
    written = db.session.connection().execute(
        statement,
        [
            {
                "variant": one.variant_id,
                "old_left": one.based_on.left,
                "old_right": one.based_on.right,
                "new_left": one.counted.left,
                "new_right": one.counted.right,
            }
            for one, _ in lines
        ],
    )
    if written.rowcount != len(lines):
        raise AnyMoved
    db.session.execute(
        insert(Movement),
        [
            {
                "variant_id": one.variant_id,
                "left_change": change.left,
                "right_change": change.right,
                "reason": "counted",
                "note": note,
                "by": by,
                "at": now,
                "left_after": one.counted.left,
                "right_after": one.counted.right,
            }
            for one, change in lines
        ],
    )


def undoable(line: Movement) -> bool:
    """Return whether staff may take a line back."""
    return line.reason in BY_STAFF and line.undoes_id is None


def undo(line: Movement, *, based_on: Shoes, by: str, now: datetime) -> Shoes:
    """Take a line back by a new one, if the count still is `based_on`; return the new count.

    Raises NotUndoable for what staff did not do by hand, AlreadyUndone for the second of two,
    CountMoved, BelowHeld, and NotACount where more went out meanwhile than is left.
    """
    if not undoable(line):
        raise NotUndoable
    back = Shoes(-line.left_change, -line.right_change)
    counted = based_on + back
    written = counted.countable and _set(line.variant_id, counted, based_on)
    # Only now: another undo of this line, if there is one, has let go of the variant's row.
    before = db.session.scalar(select(Movement).where(Movement.undoes_id == line.id))
    if before is not None:
        raise AlreadyUndone(before)
    if not written:
        _explain_refusal(line.variant_id, counted, based_on)
    db.session.add(
        Movement(
            variant_id=line.variant_id,
            left_change=back.left,
            right_change=back.right,
            reason="corrected",
            undoes_id=line.id,
            by=by,
            at=now,
            left_after=counted.left,
            right_after=counted.right,
        )
    )
    return counted


def _set(variant_id: int, counted: Shoes, based_on: Shoes) -> bool:
    """Set a count if it is `based_on` and no more is held; return whether it was set."""
    row = db.session.execute(
        update(Variant)
        .where(
            Variant.id == variant_id,
            Variant.on_hand_left == based_on.left,
            Variant.on_hand_right == based_on.right,
            Variant.held_left <= counted.left,
            Variant.held_right <= counted.right,
        )
        .values(on_hand_left=counted.left, on_hand_right=counted.right)
        .returning(Variant.id)
        .execution_options(synchronize_session=False)
    ).one_or_none()
    return row is not None


def _explain_refusal(variant_id: int, counted: Shoes, based_on: Shoes) -> NoReturn:
    left, right, held_left, held_right = db.session.execute(
        select(
            Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
        ).where(Variant.id == variant_id)
    ).one()
    if Shoes(left, right) == based_on:
        if (held_left > counted.left and held_left) or (held_right > counted.right and held_right):
            raise BelowHeld(held=Shoes(held_left, held_right), holding=orders_holding(variant_id))
        if not counted.countable:
            raise NotACount(counted)
        # It moved, or more was held, when it was to be set, and is as before by now.
    last = db.session.scalar(
        select(Movement)
        .where(Movement.variant_id == variant_id)
        .order_by(Movement.id.desc())
        .limit(1)
    )
    raise CountMoved(now=Shoes(left, right), last=last)


def orders_holding(variant_id: int) -> dict[int, Shoes]:
    """Return what each order holds of a variant, by its number, oldest first."""
    rows = db.session.execute(
        select(Order.number, func.sum(Hold.left), func.sum(Hold.right))
        .join(Order.lines)
        .join(Hold)
        .where(Hold.variant_id == variant_id, Hold.ended_at.is_(None))
        .group_by(Order.id)
        .order_by(Order.id)
    )
    return {number: Shoes(int(left), int(right)) for number, left, right in rows}


def differences() -> list[tuple[str, str]]:
    """Return every variant, by sku, whose count or held is not the sum of its rows."""
    moved = (
        select(
            Movement.variant_id,
            func.sum(Movement.left_change).label("left"),
            func.sum(Movement.right_change).label("right"),
        )
        .group_by(Movement.variant_id)
        .subquery()
    )
    held = (
        select(
            Hold.variant_id,
            func.sum(Hold.left).label("left"),
            func.sum(Hold.right).label("right"),
        )
        .where(Hold.ended_at.is_(None))
        .group_by(Hold.variant_id)
        .subquery()
    )
    rows = db.session.execute(
        select(
            Variant.sku,
            Variant.on_hand_left,
            Variant.on_hand_right,
            func.coalesce(moved.c.left, 0),
            func.coalesce(moved.c.right, 0),
            Variant.held_left,
            Variant.held_right,
            func.coalesce(held.c.left, 0),
            func.coalesce(held.c.right, 0),
        )
        .outerjoin(moved)
        .outerjoin(held)
        .order_by(Variant.id)
    )
    found = []
    for sku, left, right, moved_left, moved_right, *holding in rows:
        if (left, right) != (moved_left, moved_right):
            said = f"counts {left} left, {right} right; ledger says {moved_left}, {moved_right}"
            found.append((sku, said))
        if holding[:2] != holding[2:]:
            said = "held {} left, {} right; holds say {}, {}".format(*holding)
            found.append((sku, said))
    return found


def _sides(line: OrderLine) -> dict[int, Shoes]:
    """What one line takes of each variant; a pair takes both sides of one."""
    sides: dict[int, Shoes] = {}
    for variant_id, one in (
        (line.left_variant_id, Shoes(line.quantity, 0)),
        (line.right_variant_id, Shoes(0, line.quantity)),
    ):
        if variant_id is not None:
            sides[variant_id] = sides.get(variant_id, Shoes(0, 0)) + one
    return sides


def _counted(shoes: Mapping[int, Shoes]) -> dict[int, Shoes]:
    """Leave out the variants that are not counted."""
    counted = set(
        db.session.scalars(select(Variant.id).where(Variant.id.in_(shoes), Variant.counted))
    )
    return {variant_id: n for variant_id, n in shoes.items() if variant_id in counted}


def _change(
    variant_id: int, *, on_hand: Shoes = Shoes(0, 0), held: Shoes = Shoes(0, 0)
) -> Row[int, int] | None:
    """Add to on hand and held where 0 ≤ held ≤ on hand stays true; return the counts after."""
    on_left, on_right = Variant.on_hand_left + on_hand.left, Variant.on_hand_right + on_hand.right
    held_left, held_right = Variant.held_left + held.left, Variant.held_right + held.right
    return db.session.execute(
        update(Variant)
        .where(
            Variant.id == variant_id,
            held_left >= 0,
            held_right >= 0,
            on_left >= held_left,
            on_right >= held_right,
            on_left <= MOST_ON_HAND,
            on_right <= MOST_ON_HAND,
        )
        .values(
            on_hand_left=on_left,
            on_hand_right=on_right,
            held_left=held_left,
            held_right=held_right,
        )
        .returning(Variant.on_hand_left, Variant.on_hand_right)
        .execution_options(synchronize_session=False)
    ).one_or_none()


def _lines_of(order_id: int) -> Select[int]:
    return select(OrderLine.id).where(OrderLine.order_id == order_id)


def _end_holds(
    line_ids: Collection[int] | Select[int], *, kind: str, why: str, now: datetime
) -> list[Taken]:
    """End the live holds of order lines; return what each kept."""
    ended = db.session.execute(
        update(Hold)
        .where(Hold.order_line_id.in_(line_ids), Hold.kind == kind, Hold.ended_at.is_(None))
        .values(ended_at=now, end_reason=why)
        .returning(Hold.order_line_id, Hold.variant_id, Hold.left, Hold.right)
        .execution_options(synchronize_session=False)
    ).all()
    return [Taken(line_id, id_, Shoes(left, right)) for line_id, id_, left, right in ended]


def _of_variants(taken: Iterable[Taken]) -> dict[int, Shoes]:
    return _added_up((each.variant_id, each.shoes) for each in taken)


def _added_up(held: Iterable[tuple[int, Shoes]]) -> dict[int, Shoes]:
    shoes: dict[int, Shoes] = {}
    for variant_id, kept in held:
        shoes[variant_id] = shoes.get(variant_id, Shoes(0, 0)) + kept
    return dict(sorted(shoes.items()))
