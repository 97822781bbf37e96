"""Taking a line of the ledger back: `POST /staff/stock/<sku>/lines/<line>/undo`."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import AlreadyUndone, CountMoved, NotACount, Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, Make
from tests.integrity.meanwhile import Meanwhile
from tests.storefront.staff.people import Browser, fresh, signed_in


@pytest.fixture
def browser(app: Flask) -> Browser:
    return signed_in(app, "stock")


@pytest.fixture
def variant(make: Make) -> Variant:
    return make.variant(pairs=5)


def on_hand(variant: Variant) -> tuple[int, int]:
    fresh()
    return variant.on_hand_left, variant.on_hand_right


def lines(variant: Variant) -> int:
    fresh()
    return db.session.scalar(select(func.count(Movement.id)).filter_by(variant_id=variant.id)) or 0


def count(variant: Variant, to: Shoes, *, reason: str = "counted", by: str = "Ben") -> Movement:
    """Count a variant in another transaction and return the line."""
    with db.writing():
        left, right = db.session.execute(
            select(Variant.on_hand_left, Variant.on_hand_right).filter_by(id=variant.id)
        ).one()
        ledger.count(
            variant.id,
            to,
            based_on=Shoes(left, right),
            reason=reason,
            note="Box 12",
            by=by,
            now=NOW,
        )
    return db.session.scalars(select(Movement).order_by(Movement.id.desc()).limit(1)).one()


def address(variant: Variant, line: Movement) -> str:
    return f"/staff/stock/{variant.sku}/lines/{line.id}/undo"


def based_on(left: int, right: int | None = None) -> dict[str, str]:
    return {
        "based_on_left": str(left),
        "based_on_right": str(left if right is None else right),
    }


@pytest.mark.parametrize(
    ("reason", "to"),
    [
        ("counted", Shoes(8, 8)),
        ("received", Shoes(8, 8)),
        ("damaged", Shoes(4, 5)),
        ("corrected", Shoes(6, 4)),
    ],
)
def test_undo_is_a_new_line_that_moves_the_count_back(
    browser: Browser, variant: Variant, reason: str, to: Shoes
) -> None:
    line = count(variant, to, reason=reason)

    answer = browser.send(address(variant, line), **based_on(to.left, to.right))

    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "Undone. On hand now: 5 pairs." in page
    assert "5 pairs, because Ann undid an earlier change" in page
    assert "<strong>Undone</strong> by Ann on" in page
    assert f"({reason}) of 1 November 2026" in page
    assert on_hand(variant) == (5, 5)
    assert lines(variant) == 3
    assert ledger.differences() == []
    kept = db.session.get_one(Movement, line.id)
    assert (kept.left_after, kept.right_after, kept.reason) == (to.left, to.right, reason)


def test_only_what_staff_did_by_hand_offers_undo(
    browser: Browser, variant: Variant, make: Make
) -> None:
    make.order((variant, 1), state="paid")
    line = count(variant, Shoes(8, 8))
    undone = count(variant, Shoes(9, 9))
    browser.send(address(variant, undone), **based_on(9))

    page = browser.get(f"/staff/stock/{variant.sku}").text

    assert page.count("/undo") == 2  # the first line is one of them
    assert address(variant, line) in page


def test_a_sale_and_an_undo_are_not_undone(browser: Browser, variant: Variant, make: Make) -> None:
    make.order((variant, 1), state="paid")
    undone = count(variant, Shoes(9, 9))
    browser.send(address(variant, undone), **based_on(9))
    fresh()
    done = (Movement.reason == "sold") | Movement.undoes_id.is_not(None)
    others = db.session.scalars(select(Movement).where(done)).all()
    assert len(others) == 2

    for line in others:
        answer = browser.send(address(variant, line), **based_on(4))

        assert answer.status_code == 422
        assert "This line cannot be undone" in answer.text
    assert on_hand(variant) == (4, 4)


def test_the_first_line_of_a_size_is_undone_too(browser: Browser, make: Make) -> None:
    variant = make.variant(pairs=0)
    line = count(variant, Shoes(6, 6), reason="received")

    assert browser.send(address(variant, line), **based_on(6)).status_code == 303

    assert on_hand(variant) == (0, 0)


def test_a_double_click_undoes_once_and_the_second_is_told(
    browser: Browser, variant: Variant
) -> None:
    line = count(variant, Shoes(8, 8))
    browser.send(address(variant, line), **based_on(8))

    twice = browser.send(address(variant, line), **based_on(8))
    later = browser.send(address(variant, line), **based_on(5))

    assert (twice.status_code, later.status_code) == (409, 409)
    assert "Ann undid this on" in twice.text and "Ann undid this on" in later.text
    assert on_hand(variant) == (5, 5)
    assert lines(variant) == 3


def test_an_undo_based_on_an_old_count_is_told_who_moved_it_and_may_go_on(
    browser: Browser, variant: Variant, make: Make
) -> None:
    line = count(variant, Shoes(8, 8))
    order = make.order((variant, 1), state="paid")

    answer = browser.send(address(variant, line), **based_on(8))

    assert answer.status_code == 409
    assert "It was 8 pairs and is 7 pairs now" in answer.text
    assert f"Order {order.number} took 1 pair" in answer.text
    assert 'name="based_on_left" value="7"' in answer.text
    assert on_hand(variant) == (7, 7)
    assert browser.send(address(variant, line), **based_on(7)).status_code == 303
    assert on_hand(variant) == (4, 4)


def test_an_undo_below_what_is_held_is_refused_with_the_orders(
    browser: Browser, variant: Variant, make: Make
) -> None:
    line = count(variant, Shoes(8, 8))
    order = make.order((variant, 6))

    answer = browser.send(address(variant, line), **based_on(8))

    assert answer.status_code == 409
    assert f'href="/staff/orders/{order.number}">Order {order.number}</a>: 6 pairs' in answer.text
    assert on_hand(variant) == (8, 8)
    assert lines(variant) == 2


def test_an_undo_below_nothing_or_above_the_most_is_refused_in_a_sentence(
    browser: Browser, variant: Variant
) -> None:
    came = count(variant, Shoes(15, 15), reason="received")
    gone = count(variant, Shoes(2, 2), reason="damaged")
    below = browser.send(address(variant, came), **based_on(2))
    count(variant, Shoes(MOST_ON_HAND, MOST_ON_HAND))
    above = browser.send(address(variant, gone), **based_on(MOST_ON_HAND))

    assert (below.status_code, above.status_code) == (409, 409)
    assert "So many are not there any more" in below.text
    assert "That would be more than 1,000,000 on hand." in above.text
    assert on_hand(variant) == (MOST_ON_HAND, MOST_ON_HAND)


def test_a_missing_line_a_strange_one_and_bad_input_change_nothing(
    browser: Browser, variant: Variant, make: Make
) -> None:
    line = count(variant, Shoes(8, 8))
    other = make.variant()

    for number in (0, line.id + 1000, 2_000_000_001, 10**30, "x"):
        place = f"/staff/stock/{variant.sku}/lines/{number}/undo"
        assert browser.send(place, **based_on(8)).status_code in {404, 405}
    assert browser.send(address(other, line), **based_on(8)).status_code == 404
    assert browser.get(address(variant, line)).status_code in {404, 405}
    for bad in ({}, {"based_on_left": "8"}, {"based_on_left": "x", "based_on_right": "8"}):
        assert browser.send(address(variant, line), **bad).status_code == 422
    assert on_hand(variant) == (8, 8)


@pytest.fixture
def meanwhile(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    return Meanwhile(app, monkeypatch)


def undo(line_id: int, on: Shoes) -> None:
    with db.writing():
        line = db.session.get_one(Movement, line_id)
        ledger.undo(line, based_on=on, by="Ann", now=NOW)


def test_each_refusal_of_an_undo_says_what_is_so(variant: Variant) -> None:
    line, gone = count(variant, Shoes(8, 8)), count(variant, Shoes(1, 2), reason="damaged")

    with pytest.raises(NotACount) as below:
        undo(line.id, Shoes(1, 2))
    count(variant, Shoes(MOST_ON_HAND, 2))
    with pytest.raises(NotACount) as above:
        undo(gone.id, Shoes(MOST_ON_HAND, 2))
    count(variant, Shoes(3, 4))
    undo(line.id, Shoes(3, 4))
    with pytest.raises(AlreadyUndone) as twice:
        undo(line.id, Shoes(0, 1))

    assert below.value.counted == Shoes(-2, -1)
    assert str(below.value) == "Shoes(left=-2, right=-1) cannot be a count"
    assert above.value.counted == Shoes(MOST_ON_HAND + 7, 8)
    assert str(twice.value) == "the line was undone before"
    assert twice.value.by.undoes_id == line.id


def test_undo_moves_each_side_back_and_says_who_and_when(variant: Variant) -> None:
    line, later = count(variant, Shoes(7, 4)), NOW + timedelta(hours=1)

    with db.writing():
        now = ledger.undo(line, based_on=Shoes(7, 4), by="Ann", now=later)

    row = db.session.scalars(select(Movement).where(Movement.undoes_id == line.id)).one()
    assert now == Shoes(5, 5)
    assert (row.variant_id, row.reason, row.note) == (variant.id, "corrected", "")
    assert (row.left_change, row.right_change) == (-2, 1)
    assert (row.left_after, row.right_after, row.by, row.at) == (5, 5, "Ann", later)


@pytest.mark.parametrize(
    ("shoes", "countable"),
    [
        (Shoes(0, MOST_ON_HAND), True),
        (Shoes(MOST_ON_HAND, 0), True),
        (Shoes(-1, 5), False),
        (Shoes(5, -1), False),
        (Shoes(MOST_ON_HAND + 1, 5), False),
        (Shoes(5, MOST_ON_HAND + 1), False),
    ],
)
def test_count_is_from_nothing_to_the_most_on_each_side(shoes: Shoes, countable: bool) -> None:
    assert shoes.countable is countable


def test_two_undo_the_same_line_at_once(variant: Variant, meanwhile: Meanwhile) -> None:
    line_id = count(variant, Shoes(8, 8)).id

    meanwhile.before_commit(lambda: undo(line_id, Shoes(8, 8)))
    undo(line_id, Shoes(8, 8))
    meanwhile.over()

    assert [type(error) for error in meanwhile.errors] == [AlreadyUndone]
    assert on_hand(variant) == (5, 5)
    assert ledger.differences() == []


def test_a_count_in_the_middle_of_an_undo_is_first_or_refused(
    variant: Variant, meanwhile: Meanwhile
) -> None:
    line_id = count(variant, Shoes(8, 8)).id

    def other() -> None:
        with db.writing():
            ledger.count(variant.id, Shoes(2, 2), based_on=Shoes(8, 8), by="Ben", now=NOW)

    meanwhile.before(ledger, "_set", other)
    try:
        undo(line_id, Shoes(8, 8))
        undone = True
    except CountMoved:
        undone = False
    meanwhile.over()

    assert on_hand(variant) == ((5, 5) if undone else (2, 2))
    assert [type(error) for error in meanwhile.errors] == ([CountMoved] if undone else [])
    assert ledger.differences() == []


def test_the_database_itself_refuses_a_second_undo(variant: Variant) -> None:
    line = count(variant, Shoes(8, 8))
    again = {"variant_id": variant.id, "left_change": -3, "right_change": -3, "by": "x", "at": NOW}

    with db.writing():
        assert db.insert_once(
            Movement,
            "undoes_id",
            values={**again, "reason": "corrected", "note": "", "left_after": 5, "right_after": 5}
            | {"undoes_id": line.id},
        )
        assert not db.insert_once(
            Movement,
            "undoes_id",
            values={**again, "reason": "corrected", "note": "", "left_after": 5, "right_after": 5}
            | {"undoes_id": line.id},
        )


def test_undo_is_offered_only_where_so_many_are_there(
    browser: Browser, variant: Variant, make: Make
) -> None:
    line = count(variant, Shoes(9, 9))
    action = f'action="{address(variant, line)}"'
    why = f"/staff/stock/{variant.sku}"
    assert action in browser.get(why).text

    make.order((variant, 6))

    page = browser.get(why).text
    assert action not in page and "so this line cannot be undone" in page
