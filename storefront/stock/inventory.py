"""An inventory file against the shop: each count is set if it still is what the file says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import func, or_, select
from sqlalchemy.orm import contains_eager

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.inventory_file import CountRow, Wrong
from storefront.stock.ledger import NewCount, Shoes
from storefront.stock.words import count_words

IN_ONE_QUERY = 1000  # skus asked for, or variants read, at once
BY = "Inventory file"

T = TypeVar("T")


class WrongRows(Exception):
    """Rows cannot be taken; nothing was changed. `rows` says which and why, in the file's order."""

    def __init__(self, rows: Sequence[Wrong]) -> None:
        super().__init__(f"{len(rows)} wrong rows")
        self.rows = sorted(rows, key=lambda wrong: wrong.row)


@dataclass(frozen=True)
class Change:
    """A count that changes, or would."""

    sku: str
    old: Shoes
    new: Shoes


def take(
    rows: Sequence[CountRow],
    *,
    file: str,
    now: datetime,
    apply: bool,
    progress: Callable[[int], None] = lambda done: None,
) -> list[Change]:
    """Set all counts in one transaction, or none; return the changes, in id order.

    A dry run reads the same and writes nothing. Raises WrongRows where a sku is unknown or not
    counted, a count moved, or more is held than was counted.
    """
    with db.writing() if apply else nullcontext():
        found = _variants(rows, lock=apply)
        wrong = [bad for row in rows if (bad := _wrong(row, found.get(row.sku)))]
        if wrong:
            raise WrongRows(wrong)
        rows = sorted(rows, key=lambda row: found[row.sku].id)
        for done, part in enumerate(_in_parts(rows), start=1):
            if apply:
                ledger.count_many(
                    [NewCount(found[row.sku].id, row.new, row.current) for row in part],
                    note=f"From {file}",
                    by=BY,
                    now=now,
                )
            progress(min(done * IN_ONE_QUERY, len(rows)))
    return [Change(row.sku, row.current, row.new) for row in rows if row.new != row.current]


def counted() -> Iterator[Variant]:
    """Read all counted variants with product and color, some at a time, in id order."""
    last = 0
    while True:
        some = db.session.scalars(
            select(Variant)
            .join(Variant.product)
            .join(Variant.color)
            .options(contains_eager(Variant.product), contains_eager(Variant.color))
            .where(Variant.counted, Variant.id > last)
            .order_by(Variant.id)
            .limit(IN_ONE_QUERY)
        ).all()
        if not some:
            return
        yield from some
        last = some[-1].id


def some_by_sides() -> bool:
    """Return whether left and right are seen of any counted variant."""
    unlike = or_(Variant.single_minor.is_not(None), Variant.on_hand_left != Variant.on_hand_right)
    return bool(db.session.scalar(select(func.count(Variant.id)).where(Variant.counted, unlike)))


@dataclass(frozen=True)
class _Found:
    """What the shop has of a variant now."""

    id: int
    counted: bool
    on_hand: Shoes
    held: Shoes


def _variants(rows: Sequence[CountRow], *, lock: bool) -> dict[str, _Found]:
    """Read the rows' variants by sku, and lock them in id order as every purchase does.

    The lock is FOR NO KEY UPDATE: an order line may refer to a locked variant meanwhile.
    """
    skus = [row.sku for row in rows]
    ids = sorted(
        variant_id
        for some in _in_parts(skus)
        for variant_id in db.session.scalars(select(Variant.id).where(Variant.sku.in_(some)))
    )
    found = {}
    for part in _in_parts(ids):
        statement = select(
            Variant.sku,
            Variant.id,
            Variant.counted,
            Variant.on_hand_left,
            Variant.on_hand_right,
            Variant.held_left,
            Variant.held_right,
        ).where(Variant.id.in_(part))
        if lock:
            statement = statement.order_by(Variant.id).with_for_update(key_share=True)
        for sku, variant_id, counted, left, right, held_left, held_right in db.session.execute(
            statement
        ):
            found[sku] = _Found(
                variant_id, counted, Shoes(left, right), Shoes(held_left, held_right)
            )
    return found


def _wrong(row: CountRow, found: _Found | None) -> Wrong | None:
    """Return why a row cannot be taken, or None."""
    if found is None:
        return Wrong(row.row, "SKU", f"{row.sku!r} is not in the shop")
    if not found.counted:
        return Wrong(row.row, "SKU", f"{row.sku!r} is sold without being counted")
    if row.current != found.on_hand:
        said = f"{row.sku!r} was {count_words(row.current)} and is {count_words(found.on_hand)} now"
        sides = found.on_hand.left != found.on_hand.right and not row.by_sides
        more = "; use the columns Left and Right" if sides else ""
        return Wrong(row.row, "Left, Right" if row.by_sides else "On hand (current)", said + more)
    if found.held.left > row.new.left or found.held.right > row.new.right:
        holding = ", ".join(
            f"order {number} holds {count_words(held)}"
            for number, held in ledger.orders_holding(found.id).items()
        )
        said = f"{row.sku!r} cannot be {count_words(row.new)}: {holding}"
        return Wrong(row.row, "Left, Right" if row.by_sides else "On hand (new)", said)
    return None


def _in_parts(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + IN_ONE_QUERY] for start in range(0, len(items), IN_ONE_QUERY))
