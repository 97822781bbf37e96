"""The ledger: holds, sales and counts keep 0 ≤ held ≤ on hand, and the sum of rows is the count."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.db import db
from storefront.orders.models import Order, OrderLine
from storefront.stock import ledger
from storefront.stock.ledger import NewCount, Shoes
from storefront.stock.models import Hold, Movement
from tests.factories import NOW, Make

LATER = NOW + timedelta(hours=1)


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


def order_of(*lines: tuple[Variant | None, Variant | None, int]) -> Order:
    """Write an order whose lines each take so many of a left and of a right shoe; hold nothing."""
    order = Order(
        reference="r" * 22, cart_id="c" * 22, contents="", mode="test", account="test",
        currency="USD", subtotal_minor=0, country="US", created_at=NOW,
    )  # fmt: skip
    order.lines = [
        OrderLine(
            position=place,
            left_variant_id=left.id if left else None,
            right_variant_id=right.id if right else None,
            quantity=quantity, unit_minor=1, title="", color="", size="", width="",
        )
        for place, (left, right, quantity) in enumerate(lines)
    ]  # fmt: skip
    with db.writing():
        db.session.add(order)
    return order


def rows(reason: str) -> list[Movement]:
    """The lines of the ledger that have this reason, as they were written."""
    db.session.rollback()
    return list(
        db.session.scalars(select(Movement).where(Movement.reason == reason).order_by(Movement.id))
    )


def test_count_writes_one_row_that_explains_it(make: Make) -> None:
    variant = make.variant(pairs=5)

    count(variant, Shoes(7, 6), Shoes(5, 5), reason="received", note="Box 12")

    assert counts(variant) == (7, 6, 0, 0)
    last = db.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
    assert last is not None
    assert (last.left_change, last.right_change, last.reason) == (2, 1, "received")
    assert (last.left_after, last.right_after, last.by, last.note) == (7, 6, "Ann", "Box 12")
    assert (last.variant_id, last.at) == (variant.id, NOW)
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


def test_count_is_counted_without_a_note_where_nothing_else_is_said(make: Make) -> None:
    variant = make.variant(pairs=5)

    count(variant, Shoes(4, 4), Shoes(5, 5))

    last = rows("counted")[-1]
    assert (last.left_change, last.right_change, last.note) == (-1, -1, "")


@pytest.mark.parametrize("old", [Shoes(4, 5), Shoes(5, 4)])
def test_count_based_on_one_wrong_side_is_told_the_last_line_of_its_own_shoe(
    make: Make, old: Shoes
) -> None:
    variant, other = make.variant(pairs=3), make.variant(pairs=5)
    count(variant, Shoes(5, 5), Shoes(3, 3), note="Box 12")
    count(other, Shoes(6, 6), Shoes(5, 5))

    with pytest.raises(ledger.CountMoved, match=r"^the count moved meanwhile$") as moved:
        count(variant, Shoes(9, 9), old)

    assert moved.value.last is not None and moved.value.last.note == "Box 12"
    assert counts(variant)[:2] == (5, 5)


def test_count_of_just_what_is_held_is_set(make: Make) -> None:
    variant = make.variant(pairs=5)
    make.order((variant, 3))

    count(variant, Shoes(3, 3), Shoes(5, 5))

    assert counts(variant) == (3, 3, 3, 3)


def test_count_below_what_is_held_says_what_each_order_holds_oldest_first(make: Make) -> None:
    variant, other = make.variant(pairs=9), make.variant(pairs=9)
    first = make.order((variant, 2), (variant, 1), (other, 4))
    make.order((variant, 1), state="lapsed")
    second = make.order((variant, 2))

    with pytest.raises(ledger.BelowHeld, match=r"^the count would be below what is held$") as no:
        count(variant, Shoes(4, 4), Shoes(9, 9))

    assert list(no.value.holding.items()) == [
        (first.number, Shoes(3, 3)),
        (second.number, Shoes(2, 2)),
    ]


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


@pytest.mark.parametrize(("held", "counted"), [("left", Shoes(2, -1)), ("right", Shoes(-1, 2))])
def test_count_below_nothing_is_no_count_where_the_other_side_is_just_what_is_held(
    make: Make, held: str, counted: Shoes
) -> None:
    variant = make.variant(pairs=5)
    order = order_of((variant, None, 2) if held == "left" else (None, variant, 2))
    with db.writing():
        ledger.hold(order.lines, now=NOW)

    with pytest.raises(ledger.NotACount) as refused:
        count(variant, counted, Shoes(5, 5))

    assert refused.value.counted == counted
    assert counts(variant)[:2] == (5, 5)


def test_count_that_moved_and_moved_back_before_it_was_asked_why_is_told_as_moved(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    variant = make.variant(pairs=5)
    monkeypatch.setattr(ledger, "_set", lambda *_: False)  # at that moment it was 4

    with pytest.raises(ledger.CountMoved) as moved, db.writing():
        ledger.count(variant.id, Shoes(6, 6), based_on=Shoes(5, 5), by="Ann", now=NOW)

    assert moved.value.now == Shoes(5, 5)


def test_count_that_changes_nothing_writes_no_row(make: Make) -> None:
    variant = make.variant(pairs=5)

    count(variant, Shoes(5, 5), Shoes(5, 5))

    assert len(db.session.scalars(select(Movement)).all()) == 1


def test_two_lines_of_one_shoe_are_added_up(make: Make) -> None:
    left_size, right_size = make.variant(pairs=2), make.variant(pairs=2)
    order = order_of((left_size, right_size, 1), (left_size, left_size, 1))

    with db.writing():
        ledger.hold(order.lines, now=NOW)

    assert counts(left_size) == (2, 2, 2, 1)
    assert counts(right_size) == (2, 2, 0, 1)

    with db.writing():
        ledger.sell(order, now=NOW)

    assert counts(left_size) == (0, 1, 0, 0)
    assert counts(right_size) == (2, 1, 0, 0)
    assert ledger.differences() == []


def test_each_hold_says_for_which_line_which_shoes_are_kept_and_how_it_ended(make: Make) -> None:
    one, two, free = make.variant(pairs=5), make.variant(pairs=5), make.variant(counted=False)
    order = order_of((one, two, 2), (two, None, 1), (None, one, 3), (free, free, 1))

    with db.writing():
        ledger.hold(order.lines, now=NOW)

    holds = select(Hold).order_by(Hold.id).execution_options(populate_existing=True)
    pair, left, right = (order.lines[place].id for place in range(3))
    assert [
        (h.order_line_id, h.variant_id, h.left, h.right) for h in db.session.scalars(holds)
    ] == [
        (pair, one.id, 2, 0),
        (pair, two.id, 0, 2),
        (left, two.id, 1, 0),
        (right, one.id, 0, 3),
    ]
    assert {(h.since, h.ended_at) for h in db.session.scalars(holds)} == {(NOW, None)}

    with db.writing():
        ledger.release(order.id, why="expired", now=LATER)

    assert {(h.since, h.ended_at, h.end_reason) for h in db.session.scalars(holds)} == {
        (NOW, LATER, "expired")
    }
    assert counts(one) == counts(two) == (5, 5, 0, 0)


@pytest.mark.parametrize("there", [Shoes(3, 2), Shoes(2, 3)])
def test_hold_needs_both_sides_of_a_pair_and_says_which_shoe_is_short(
    make: Make, there: Shoes
) -> None:
    variant = make.variant(pairs=3)
    count(variant, there, Shoes(3, 3))
    order = order_of((variant, variant, 3))

    with pytest.raises(ledger.NotEnough) as short, db.writing():
        ledger.hold(order.lines, now=NOW)

    assert short.value.variant_id == variant.id
    assert str(short.value) == f"not enough free shoes of variant {variant.id}"
    assert counts(variant) == (there.left, there.right, 0, 0)
    assert db.session.scalars(select(Hold)).all() == []


def test_all_that_is_there_can_be_held_and_sold(make: Make) -> None:
    variant = make.variant(pairs=3)

    make.order((variant, 3), state="paid")

    assert counts(variant) == (0, 0, 0, 0)


def test_what_lines_need_is_told_in_the_order_in_which_rows_are_locked(make: Make) -> None:
    first, last = make.variant(), make.variant()
    order = order_of((last, first, 2), (first, first, 1))

    assert list(ledger.needed(order.lines).items()) == [
        (first.id, Shoes(1, 3)),
        (last.id, Shoes(2, 0)),
    ]


@pytest.mark.parametrize("side", ["held_left", "held_right"])
def test_release_of_more_than_is_held_is_an_error_and_changes_nothing(
    make: Make, side: str
) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 2))
    with db.writing():
        db.session.execute(update(Variant).values({side: 1}))
    before = counts(variant)

    with (
        pytest.raises(RuntimeError, match=f"^variant {variant.id} holds less than its holds say$"),
        db.writing(),
    ):
        ledger.release(order.id, why="expired", now=NOW)

    assert counts(variant) == before
    assert db.session.scalars(select(Hold.ended_at)).all() == [None]


def test_release_of_one_order_leaves_the_holds_of_another(make: Make) -> None:
    variant = make.variant(pairs=5)
    first, second = make.order((variant, 2)), make.order((variant, 1))

    with db.writing():
        ledger.release(first.id, why="expired", now=NOW)

    assert counts(variant) == (5, 5, 1, 1)
    live = select(Hold.order_line_id).where(Hold.ended_at.is_(None))
    assert db.session.scalars(live).all() == [second.lines[0].id]
    assert ledger.differences() == []


def test_sale_is_a_row_for_each_line_with_the_counts_after_it(make: Make) -> None:
    one, two = make.variant(pairs=9), make.variant(pairs=5)
    order = order_of((one, one, 2), (one, two, 3), (two, None, 1))
    with db.writing():
        ledger.hold(order.lines, now=NOW)

    with db.writing():
        ledger.sell(order, now=LATER)

    pair, mixed, left = (line.id for line in order.lines)
    assert [
        (r.variant_id, r.order_line_id, r.left_change, r.right_change, r.left_after, r.right_after)
        for r in rows("sold")
    ] == [
        (one.id, pair, -2, -2, 7, 7),
        (one.id, mixed, -3, 0, 4, 7),
        (two.id, mixed, 0, -3, 5, 2),
        (two.id, left, -1, 0, 4, 2),
    ]
    assert {(r.by, r.at, r.note) for r in rows("sold")} == {(f"Order {order.number}", LATER, "")}
    assert set(db.session.scalars(select(Hold.end_reason))) == {"sold"}
    assert set(db.session.scalars(select(Hold.ended_at))) == {LATER}
    assert (counts(one), counts(two)) == ((4, 7, 0, 0), (4, 2, 0, 0))
    assert ledger.differences() == []


@pytest.mark.parametrize(("there", "enough"), [(3, True), (2, False)])
def test_sale_without_a_hold_takes_what_is_free(make: Make, there: int, enough: bool) -> None:
    variant = make.variant(pairs=5)
    order = order_of((variant, variant, 3))
    make.order((variant, 5 - there))

    if enough:
        with db.writing():
            ledger.sell(order, now=NOW)
    else:
        with pytest.raises(ledger.NotEnough) as short, db.writing():
            ledger.sell(order, now=NOW)
        assert short.value.variant_id == variant.id

    held = 5 - there
    left = 2 if enough else 5
    assert counts(variant) == (left, left, held, held)
    assert ledger.differences() == []


def test_shoes_that_come_back_are_a_row_for_each_size(make: Make) -> None:
    one, two = make.variant(pairs=5), make.variant(pairs=5)
    order = order_of((one, two, 3))
    with db.writing():
        ledger.sell(order, now=NOW)
    line = order.lines[0]

    with db.writing():
        ledger.restock(line, Shoes(2, 1), by="Ann", now=LATER)
    with db.writing():
        ledger.restock(line, Shoes(0, 2), by="Ben", now=LATER)

    assert [
        (r.variant_id, r.left_change, r.right_change, r.left_after, r.right_after, r.by)
        for r in rows("returned")
    ] == [
        (one.id, 2, 0, 4, 2 + 3, "Ann"),
        (two.id, 0, 1, 5, 3, "Ann"),
        (two.id, 0, 2, 5, 5, "Ben"),
    ]
    assert {(r.order_line_id, r.at) for r in rows("returned")} == {(line.id, LATER)}
    assert ledger.restockable(order.id) == {line.id: Shoes(1, 0)}
    assert ledger.differences() == []


def test_what_can_come_back_is_told_for_each_line_of_this_order_alone(make: Make) -> None:
    variant = make.variant(pairs=9)
    order = make.order((variant, 2), (variant, 1), state="paid")
    make.order((variant, 3), state="paid")

    with db.writing():
        ledger.restock(order.lines[0], Shoes(1, 0), by="Ann", now=NOW)

    first, second = order.lines
    assert ledger.restockable(order.id) == {first.id: Shoes(1, 2), second.id: Shoes(1, 1)}


@pytest.mark.parametrize("shoes", [Shoes(3, 2), Shoes(2, 3)])
def test_no_more_comes_back_than_was_sold(make: Make, shoes: Shoes) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 2), state="paid")

    with pytest.raises(ledger.TooMany), db.writing():
        ledger.restock(order.lines[0], shoes, by="Ann", now=NOW)

    assert counts(variant) == (3, 3, 0, 0)


@pytest.mark.parametrize("shoes", [Shoes(1, 0), Shoes(0, 1)])
def test_nothing_comes_back_of_a_line_that_was_not_sold(make: Make, shoes: Shoes) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 1))

    with pytest.raises(ledger.TooMany), db.writing():
        ledger.restock(order.lines[0], shoes, by="Ann", now=NOW)

    assert counts(variant) == (5, 5, 1, 1)


@pytest.mark.parametrize("side", ["on_hand_left", "on_hand_right"])
@pytest.mark.parametrize("room", [1, 0])
def test_what_comes_back_fits_up_to_the_most_that_is_counted(
    make: Make, side: str, room: int
) -> None:
    variant = make.variant(pairs=5)
    order = make.order((variant, 1), state="paid")
    with db.writing():
        db.session.execute(update(Variant).values({side: MOST_ON_HAND - room}))
    before = counts(variant)

    if room:
        with db.writing():
            ledger.restock(order.lines[0], Shoes(1, 1), by="Ann", now=NOW)
    else:
        with pytest.raises(ledger.TooMany), db.writing():
            ledger.restock(order.lines[0], Shoes(1, 1), by="Ann", now=NOW)

    left, right = before[0] + room, before[1] + room
    assert counts(variant) == (left, right, 0, 0)


def test_uncounted_shoe_of_a_mixed_pair_takes_no_part(make: Make) -> None:
    counted, free = make.variant(pairs=5), make.variant(counted=False)
    order = order_of((counted, free, 2))

    with db.writing():
        ledger.hold(order.lines, now=NOW)
    assert (counts(counted), counts(free)) == ((5, 5, 2, 0), (0, 0, 0, 0))
    with db.writing():
        ledger.sell(order, now=NOW)

    assert (counts(counted), counts(free)) == ((3, 5, 0, 0), (0, 0, 0, 0))
    assert [r.variant_id for r in rows("sold")] == [counted.id]
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


@pytest.mark.parametrize(
    ("column", "said"),
    [
        ("on_hand_left", "counts 4 left, 5 right; ledger says 5, 5"),
        ("on_hand_right", "counts 5 left, 4 right; ledger says 5, 5"),
        ("held_left", "held 4 left, 2 right; holds say 2, 2"),
        ("held_right", "held 2 left, 4 right; holds say 2, 2"),
    ],
)
def test_difference_is_found_on_each_side_and_said(make: Make, column: str, said: str) -> None:
    make.order((make.variant(pairs=9), 1), (make.variant(pairs=9), 1))
    variant = make.variant(pairs=6)
    count(variant, Shoes(5, 5), Shoes(6, 6))
    make.order((variant, 1), state="lapsed")
    make.order((variant, 1))
    make.order((variant, 1))
    with db.writing():
        db.session.execute(update(Variant).filter_by(id=variant.id).values({column: 4}))
    db.session.rollback()

    assert ledger.differences() == [(variant.sku, said)]


def test_differences_of_a_shoe_without_a_line_or_a_hold_are_found(make: Make) -> None:
    first, second = make.variant(pairs=0), make.variant(pairs=0)
    make.variant(pairs=0)
    with db.writing():
        for variant in (second, first):
            values = {"on_hand_left": 2, "held_left": 1}
            db.session.execute(update(Variant).filter_by(id=variant.id).values(values))
    db.session.rollback()

    said = ["counts 2 left, 0 right; ledger says 0, 0", "held 1 left, 0 right; holds say 0, 0"]
    assert ledger.differences() == [(one.sku, words) for one in (first, second) for words in said]


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
            now=LATER,
        )

    assert [counts(one)[:2] for one in (first, same, last)] == [(7, 7), (5, 5), (0, 1)]
    assert [
        (r.variant_id, r.left_change, r.right_change, r.left_after, r.right_after)
        for r in rows("counted")[3:]
    ] == [(first.id, 2, 2, 7, 7), (last.id, -5, -4, 0, 1)]
    assert {(r.note, r.by, r.at) for r in rows("counted")[3:]} == {("From a file", "Ann", LATER)}
    assert ledger.differences() == []


def test_many_counts_of_which_none_changes_write_nothing(make: Make) -> None:
    variant = make.variant(pairs=5)

    with db.writing():
        ledger.count_many(
            [NewCount(variant.id, Shoes(5, 5), Shoes(5, 5))], note="", by="Ann", now=NOW
        )

    assert len(rows("counted")) == 1


@pytest.mark.parametrize(
    ("based_on", "counted"),
    [
        (Shoes(4, 5), Shoes(9, 9)),  # the left one moved
        (Shoes(5, 4), Shoes(9, 9)),
        (Shoes(5, 5), Shoes(2, 9)),  # more of the left one is held
        (Shoes(5, 5), Shoes(9, 2)),
    ],
)
def test_of_many_counts_none_is_set_where_one_moved_or_is_held(
    make: Make, based_on: Shoes, counted: Shoes
) -> None:
    good, bad = make.variant(pairs=5), make.variant(pairs=5)
    make.order((bad, 3))

    with pytest.raises(ledger.AnyMoved), db.writing():
        ledger.count_many(
            [NewCount(good.id, Shoes(7, 7), Shoes(5, 5)), NewCount(bad.id, counted, based_on)],
            note="",
            by="Ann",
            now=NOW,
        )

    assert counts(good)[:2] == counts(bad)[:2] == (5, 5)
    assert ledger.differences() == []


def test_many_counts_of_just_what_is_held_are_set(make: Make) -> None:
    variant = make.variant(pairs=5)
    make.order((variant, 3))

    with db.writing():
        ledger.count_many(
            [NewCount(variant.id, Shoes(3, 3), Shoes(5, 5))], note="", by="Ann", now=NOW
        )

    assert counts(variant) == (3, 3, 3, 3)
