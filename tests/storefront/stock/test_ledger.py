"""The ledger: holds, sales and counts keep 0 ≤ held ≤ on hand, and the sum of rows is the count."""

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.db import db
from storefront.orders.models import Order, OrderLine
from storefront.stock import ledger
from storefront.stock.ledger import NewCount, Shoes
from storefront.stock.models import Hold, Movement
from tests.factories import NOW, Make


def counts(variant: Variant) -> tuple[int, int, int, int]:
    db.session.rollback()
    return tuple(  # type: ignore[return-value]
        db.session.execute(
            select(
                Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
            ).where(Variant.id == variant.id)
        ).one()
    )


def count(variant: Variant, to: Shoes, based_on: Shoes, **more: str) -> None:
    with db.writing():
        ledger.count(variant.id, to, based_on=based_on, by="Ann", now=NOW, **more)


def test_count_writes_one_row_that_explains_it(make: Make) -> None:
    variant = make.variant(pairs=5)

    count(variant, Shoes(7, 6), Shoes(5, 5), reason="received", note="Box 12")

    assert counts(variant) == (7, 6, 0, 0)
    last = db.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
    assert last is not None
    assert (last.left_change, last.right_change, last.reason) == (2, 1, "received")
    assert (last.left_after, last.right_after, last.by, last.note) == (7, 6, "Ann", "Box 12")
    assert ledger.differences() == []


def test_count_based_on_an_old_number_writes_nothing(make: Make) -> None:
    variant = make.variant(pairs=5)
    count(variant, Shoes(4, 4), Shoes(5, 5))

    with pytest.raises(ledger.CountMoved) as moved:
        count(variant, Shoes(9, 9), Shoes(5, 5))

    assert moved.value.now == Shoes(4, 4)
    assert moved.value.last is not None and moved.value.last.by == "Ann"
    assert counts(variant)[:2] == (4, 4)
    assert ledger.differences() == []


def test_count_below_what_is_held_names_the_orders(make: Make) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 3))

    with pytest.raises(ledger.BelowHeld) as refused:
        count(variant, Shoes(2, 2), Shoes(5, 5))

    assert refused.value.orders == [order.number]
    assert refused.value.held == Shoes(3, 3)
    assert counts(variant) == (5, 5, 3, 3)


@pytest.mark.parametrize("side", ["left", "right"])
def test_one_held_side_is_enough_to_refuse_a_count_and_an_undo(make: Make, side: str) -> None:
    variant, other = make.variant(pairs=5), make.variant(pairs=9)
    order = make.order((other, 6))
    with db.writing():
        setattr(order.lines[0], f"{side}_variant_id", variant.id)
        ledger.release(order.id, why="expired", now=NOW)
    count(variant, Shoes(8, 8), Shoes(5, 5))
    with db.writing():
        ledger.hold(order.lines, now=NOW)
    line = db.session.scalars(select(Movement).order_by(Movement.id.desc()).limit(1)).one()

    with pytest.raises(ledger.BelowHeld) as counted:
        count(variant, Shoes(5, 5), Shoes(8, 8))
    with pytest.raises(ledger.BelowHeld) as undone, db.writing():
        ledger.undo(line, based_on=Shoes(8, 8), by="Ann", now=NOW)

    held = Shoes(6, 0) if side == "left" else Shoes(0, 6)
    assert counted.value.holding == undone.value.holding == {order.number: held}
    assert counts(variant)[:2] == (8, 8)


def test_count_that_changes_nothing_writes_no_row(make: Make) -> None:
    variant = make.variant(pairs=5)

    count(variant, Shoes(5, 5), Shoes(5, 5))

    assert len(db.session.scalars(select(Movement)).all()) == 1


def test_two_lines_of_one_shoe_are_added_up(make: Make) -> None:
    left_size, right_size = make.variant(pairs=2), make.variant(pairs=2)
    with db.writing():
        order = Order(
            reference="r" * 22, cart_id="c" * 22, contents="", mode="test",
            account="test", currency="USD",
            subtotal_minor=0, country="US", created_at=NOW,
        )  # fmt: skip
        sides = [(left_size.id, right_size.id), (left_size.id, left_size.id)]
        order.lines = [
            OrderLine(
                position=place, left_variant_id=left, right_variant_id=right, quantity=1,
                unit_minor=1, title="", color="", size="", width="",
            )
            for place, (left, right) in enumerate(sides)
        ]  # fmt: skip
        db.session.add(order)
        db.session.flush()
        ledger.hold(order.lines, now=NOW)

    assert counts(left_size) == (2, 2, 2, 1)
    assert counts(right_size) == (2, 2, 0, 1)

    with db.writing():
        ledger.sell(order, now=NOW)

    assert counts(left_size) == (0, 1, 0, 0)
    assert counts(right_size) == (2, 1, 0, 0)
    assert ledger.differences() == []


def test_hold_of_too_many_changes_nothing(make: Make) -> None:
    enough, short = make.variant(pairs=5), make.variant(pairs=1)

    with pytest.raises(ledger.NotEnough):
        make.order((enough, 2), (short, 2))

    assert counts(enough) == (5, 5, 0, 0)
    assert counts(short) == (1, 1, 0, 0)


def test_release_twice_gives_back_once(make: Make) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 2))

    for _ in range(2):
        with db.writing():
            ledger.release(order.id, why="expired", now=NOW)

    assert counts(variant) == (5, 5, 0, 0)


def test_order_is_sold_at_most_once(make: Make) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 2), state="paid")

    with pytest.raises(IntegrityError), db.writing():
        ledger.sell(order, now=NOW)

    assert counts(variant) == (3, 3, 0, 0)


@pytest.mark.parametrize(
    "values",
    [
        {"on_hand_left": -1},
        {"on_hand_right": MOST_ON_HAND + 1},
        {"held_left": 6},
        {"held_right": -1},
        {"held_left": 1, "on_hand_left": 0},
    ],
)
def test_database_itself_refuses_an_impossible_count(make: Make, values: dict[str, int]) -> None:
    variant = make.variant(pairs=5)

    with pytest.raises(IntegrityError), db.writing():
        db.session.execute(update(Variant).values(**values))

    assert counts(variant) == (5, 5, 0, 0)


def test_database_keeps_one_live_hold_per_line_and_shoe(make: Make) -> None:
    order = make.order()
    hold = db.session.scalars(select(Hold)).one()

    with pytest.raises(IntegrityError), db.writing():
        db.session.add(
            Hold(
                order_line_id=hold.order_line_id, variant_id=hold.variant_id, left=1, right=1,
                since=NOW,
            )
        )  # fmt: skip

    assert order.state == "pending"


def test_differences_are_found(make: Make, app: Flask) -> None:
    variant = make.variant(pairs=5)
    with db.writing():
        db.session.execute(update(Variant).values(on_hand_left=4))
    db.session.rollback()

    assert [sku for sku, _ in ledger.differences()] == [variant.sku]


def test_only_the_ledger_writes_counts() -> None:
    """Counts of a variant are written in storefront/stock/ledger.py alone."""
    import re
    from pathlib import Path

    writing = re.compile(
        r"\.(on_hand|held)_(left|right)\s*[-+]?=(?!=)|\b(on_hand|held)_(left|right)="
    )
    root = Path(__file__).parents[3]
    found = [
        str(file.relative_to(root))
        for folder in ("storefront", "blog")
        for file in (root / folder).rglob("*.py")
        if writing.search(file.read_text())
    ]

    assert found == ["storefront/stock/ledger.py"]


def test_many_counts_are_set_with_their_lines(make: Make) -> None:
    first, same, last = (make.variant(pairs=5) for _ in range(3))

    with db.writing():
        ledger.count_many(
            [
                NewCount(first.id, Shoes(7, 7), Shoes(5, 5)),
                NewCount(same.id, Shoes(5, 5), Shoes(5, 5)),
                NewCount(last.id, Shoes(0, 1), Shoes(5, 5)),
            ],
            note="From a file",
            by="Ann",
            now=NOW,
        )

    assert [counts(one)[:2] for one in (first, same, last)] == [(7, 7), (5, 5), (0, 1)]
    assert len(db.session.scalars(select(Movement)).all()) == 5
    assert ledger.differences() == []


@pytest.mark.parametrize("wrong", ["moved", "held"])
def test_of_many_counts_none_is_set_where_one_moved_or_is_held(make: Make, wrong: str) -> None:
    good, bad = make.variant(pairs=5), make.variant(pairs=5)
    make.order((bad, 3))
    based_on = Shoes(4, 5) if wrong == "moved" else Shoes(5, 5)

    with pytest.raises(ledger.AnyMoved), db.writing():
        ledger.count_many(
            [
                NewCount(good.id, Shoes(7, 7), Shoes(5, 5)),
                NewCount(bad.id, Shoes(9, 2), based_on),
            ],
            note="",
            by="Ann",
            now=NOW,
        )

    assert counts(good)[:2] == counts(bad)[:2] == (5, 5)
    assert ledger.differences() == []
