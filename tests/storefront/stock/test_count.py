"""Setting a count: `POST /staff/stock/<sku>/count`."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger, queries
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, Make
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


def movements(variant: Variant) -> int:
    fresh()
    return db.session.scalar(select(func.count(Movement.id)).filter_by(variant_id=variant.id)) or 0


def count(variant: Variant, to: int, *, by: str = "Ben") -> None:
    """Count a variant in another transaction."""
    with db.writing():
        left, right = db.session.execute(
            select(Variant.on_hand_left, Variant.on_hand_right).filter_by(id=variant.id)
        ).one()
        ledger.count(variant.id, Shoes(to, to), based_on=Shoes(left, right), by=by, now=NOW)


def test_a_count_is_saved_and_the_list_comes_back_at_its_place(
    browser: Browser, variant: Variant
) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count?q=shoe&after=&evil=1&endpoint=x",
        pairs="8",
        based_on="5",
        reason="received",
        note="Box 12",
    )

    assert answer.status_code == 303
    assert answer.location == f"/staff/stock?q=shoe#row-{variant.id}"
    assert "Saved: +3 pairs, which makes 8 pairs." in browser.get(answer.location).text
    assert on_hand(variant) == (8, 8)
    line = db.session.scalars(select(Movement).order_by(Movement.id.desc())).first()
    assert line is not None
    assert (line.reason, line.note, line.by) == ("received", "Box 12", "Ann")
    assert (line.left_change, line.right_change) == (3, 3)


def test_the_reason_is_counted_where_none_is_given(browser: Browser, variant: Variant) -> None:
    browser.send(f"/staff/stock/{variant.sku}/count", pairs="4", based_on="5")

    assert db.session.scalar(select(Movement.reason).order_by(Movement.id.desc())) == "counted"


def test_sides_are_counted_apart(browser: Browser, variant: Variant) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count?from=why",
        left="4",
        right="6",
        based_on_left="5",
        based_on_right="5",
    )

    assert answer.location == f"/staff/stock/{variant.sku}"
    assert on_hand(variant) == (4, 6)
    page = browser.get(answer.location).text
    assert "Saved: 4 left, 6 right." in page
    assert "4 left, 6 right, because Ann counted them" in page


def test_the_same_count_sent_twice_changes_nothing_more(browser: Browser, variant: Variant) -> None:
    browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    twice = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    assert twice.status_code == 409
    assert movements(variant) == 2
    assert on_hand(variant) == (8, 8)


def test_a_count_that_stays_writes_no_line(browser: Browser, variant: Variant) -> None:
    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="5", based_on="5")

    assert answer.status_code == 303
    assert movements(variant) == 1


def test_a_count_that_moved_is_told_with_both_numbers_who_and_a_new_base(
    browser: Browser, variant: Variant
) -> None:
    count(variant, 7, by="Ben")

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    assert answer.status_code == 409
    assert "It was 5 pairs and is 7 pairs now: Ben counted them on" in answer.text
    assert 'name="based_on" value="7"' in answer.text
    assert re.search('name="pairs"[^>]* value="8"', answer.text)
    assert on_hand(variant) == (7, 7)
    again = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="7")
    assert again.status_code == 303


def test_a_count_that_moves_between_reading_and_writing_is_not_overwritten(
    app: Flask, browser: Browser, variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: Callable[[str], Variant | None] = queries.variant

    def read_then_another_counts(sku: str) -> Variant | None:
        found = read(sku)
        with app.app_context():
            count(variant, 7)
        return found

    monkeypatch.setattr(queries, "variant", read_then_another_counts)

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    assert answer.status_code == 409
    assert "is 7 pairs now" in answer.text
    assert on_hand(variant) == (7, 7)


def test_a_sale_just_before_counts_as_moved(browser: Browser, variant: Variant, make: Make) -> None:
    order = make.order((variant, 1), state="paid")

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    assert answer.status_code == 409
    assert f"Order {order.number} took 1 pair" in answer.text
    assert on_hand(variant) == (4, 4)


def test_a_pairs_form_is_refused_where_the_sides_differ_meanwhile(
    browser: Browser, variant: Variant
) -> None:
    with db.writing():
        ledger.count(variant.id, Shoes(5, 4), based_on=Shoes(5, 5), by="Ben", now=NOW)

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="6", based_on="5")

    assert answer.status_code == 409
    assert "is 5 left, 4 right now" in answer.text
    assert 'name="based_on_right" value="4"' in answer.text


def test_a_count_below_what_is_held_is_refused_with_the_orders(
    browser: Browser, variant: Variant, make: Make
) -> None:
    order = make.order((variant, 2))

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="1", based_on="5")

    assert answer.status_code == 409
    assert "Held for orders: 2 pairs." in answer.text
    assert f'href="/staff/orders/{order.number}">Order {order.number}</a>: 2 pairs' in answer.text
    assert on_hand(variant) == (5, 5)
    exact = browser.send(f"/staff/stock/{variant.sku}/count", pairs="2", based_on="5")
    assert exact.status_code == 303


BAD = [
    "-1",
    "1000000000000",
    "1000001",
    "many",
    "",
    " ",
    "1.5",
    "1e3",
    "٣",
    "9" * 5000,
    "0x1",
    "+1",
]


@pytest.mark.parametrize("bad", BAD)
def test_a_bad_number_is_refused_in_a_sentence(
    browser: Browser, variant: Variant, bad: str
) -> None:
    for fields in (
        {"pairs": bad, "based_on": "5"},
        {"pairs": "8", "based_on": bad},
        {"left": bad, "right": "5", "based_on_left": "5", "based_on_right": "5"},
    ):
        answer = browser.send(f"/staff/stock/{variant.sku}/count", **fields)

        assert answer.status_code == 422
        assert "Please write a whole number from 0 to 1,000,000." in answer.text
    assert on_hand(variant) == (5, 5)
    assert movements(variant) == 1


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({}, 422),
        ({"pairs": "8"}, 422),
        ({"pairs": "8", "based_on": "5", "reason": "sold"}, 422),
        ({"pairs": "8", "based_on": "5", "note": "x" * 501}, 422),
        ({"pairs": "8\0", "based_on": "5"}, 400),
        ({"pairs": "8", "based_on": "5", "note": "a\0b"}, 400),
    ],
)
def test_other_bad_input_changes_nothing(
    browser: Browser, variant: Variant, fields: dict[str, str], status: int
) -> None:
    answer = browser.send(f"/staff/stock/{variant.sku}/count", **fields)

    assert answer.status_code == status
    assert on_hand(variant) == (5, 5)


def test_the_most_that_can_be_counted_is_saved(browser: Browser, variant: Variant) -> None:
    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="1000000", based_on="5")

    assert answer.status_code == 303
    assert on_hand(variant) == (1_000_000, 1_000_000)


def test_what_is_not_counted_has_no_count(browser: Browser, make: Make) -> None:
    variant = make.variant(counted=False)

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="0")

    assert answer.status_code == 422
    assert on_hand(variant) == (0, 0)


def test_a_missing_sku_and_a_wrong_method_are_said(browser: Browser, variant: Variant) -> None:
    assert browser.send("/staff/stock/no-such/count", pairs="8", based_on="5").status_code == 404
    assert browser.put(f"/staff/stock/{variant.sku}/count").status_code == 405


def test_a_script_gets_the_same_as_data(browser: Browser, variant: Variant, make: Make) -> None:
    order = make.order((variant, 2))

    def send(**fields: Any) -> tuple[int, Any]:
        answer = browser.post(
            f"/staff/stock/{variant.sku}/count",
            data={"csrf_token": browser.token, **fields},
            headers={"Accept": "application/json"},
        )
        return answer.status_code, answer.json

    saved = send(pairs="8", based_on="5")
    moved = send(pairs="9", based_on="5")
    below = send(pairs="1", based_on="8")
    bad = send(pairs="x", based_on="8")

    now = {"odd": "", "left": 8, "right": 8, "held": "2", "free": "6"}
    assert saved == (200, {"state": "saved", "words": "Saved: 8 pairs.", **now})
    assert moved[0] == 409
    assert moved[1]["state"] == "moved"
    assert "It was 5 pairs and is 8 pairs now: Ann counted them" in moved[1]["words"]
    words = f"Held for orders: 2 pairs. Orders: {order.number} (2 pairs)."
    assert below == (409, {"state": "refused", "words": words, **now})
    assert bad[0] == 422
    assert bad[1]["words"] == "Please write a whole number from 0 to 1,000,000."


def test_a_count_that_was_changed_by_hand_in_the_database_still_answers(
    browser: Browser, variant: Variant
) -> None:
    with db.writing():
        db.session.query(Movement).delete()
        db.session.execute(update(Variant).values(on_hand_left=3, on_hand_right=3))

    answer = browser.send(f"/staff/stock/{variant.sku}/count", pairs="8", based_on="5")

    assert answer.status_code == 409
    assert "It was 5 pairs and is 3 pairs now." in answer.text


@pytest.mark.parametrize("reason", ["damaged", "corrected"])
@pytest.mark.parametrize("note", ["", "  ", " x "])
def test_damaged_and_corrected_need_a_few_words(
    browser: Browser, variant: Variant, reason: str, note: str
) -> None:
    fields = {"pairs": "4", "based_on": "5", "reason": reason}

    answer = browser.send(f"/staff/stock/{variant.sku}/count", note=note, **fields)

    assert answer.status_code == 422
    assert "Please say in a few words what happened." in answer.text
    assert re.search('name="pairs"[^>]* value="4"', answer.text)
    assert f'<option selected value="{reason}">' in answer.text
    assert 'aria-describedby="count-note-hint count-note-error"' in answer.text
    assert on_hand(variant) == (5, 5)
    said = browser.send(f"/staff/stock/{variant.sku}/count", note="Torn", **fields)
    assert said.status_code == 303


@pytest.mark.parametrize(
    ("reason", "pairs"), [("received", "4"), ("damaged", "6")], ids=["received", "damaged"]
)
def test_a_reason_that_the_numbers_belie_is_refused(
    browser: Browser, variant: Variant, reason: str, pairs: str
) -> None:
    answer = browser.send(
        f"/staff/stock/{variant.sku}/count",
        pairs=pairs,
        based_on="5",
        reason=reason,
        note="Box 12",
    )

    assert answer.status_code == 422
    assert "makes the count" in answer.text
    assert on_hand(variant) == (5, 5)
