"""`flask stock recount`."""

from flask import Flask
from sqlalchemy import select, update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.commands import group
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement
from tests.factories import NOW, Make
from tests.storefront.staff.people import fresh


def test_recount_ends_with_no_differences_in_a_sound_shop(app: Flask, make: Make) -> None:
    make.order()
    make.order(state="paid")

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert result.output == "0 differences\n"
    assert result.exit_code == 0


def test_recount_lists_what_differs_and_changes_nothing(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=5)
    with db.writing():
        db.session.execute(update(Variant).values(on_hand_left=6))

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert f"{variant.sku}: counts 6 left, 5 right; ledger says 5, 5" in result.output
    assert result.output.endswith("1 difference\n")
    assert result.exit_code == 1
    fresh()
    assert variant.on_hand_left == 6


def test_recount_finds_a_hold_that_the_count_does_not_know_and_the_other_way(
    app: Flask, make: Make
) -> None:
    forgotten, invented = make.variant(pairs=5), make.variant(pairs=5)
    make.order((forgotten, 2))
    with db.writing():
        db.session.execute(
            update(Variant).where(Variant.id == forgotten.id).values(held_left=0, held_right=0)
        )
        db.session.execute(update(Variant).where(Variant.id == invented.id).values(held_right=1))

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert result.output.splitlines() == [
        f"{forgotten.sku}: held 0 left, 0 right; holds say 2, 2",
        f"{invented.sku}: held 0 left, 1 right; holds say 0, 0",
        "2 differences",
    ]
    assert result.exit_code == 1


def test_recount_agrees_with_sales_lapsed_orders_undone_and_damaged_ones(
    app: Flask, make: Make
) -> None:
    variant = make.variant(pairs=9)
    for state in ("paid", "lapsed", "pending", "dispatched"):
        make.order((variant, 1), state=state)
    with db.writing():
        ledger.count(
            variant.id, Shoes(5, 6), based_on=Shoes(7, 7), reason="damaged", by="Ann", now=NOW
        )
        line = db.session.scalars(select(Movement).order_by(Movement.id.desc()).limit(1)).one()
        ledger.undo(line, based_on=Shoes(5, 6), by="Ann", now=NOW)

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert (result.output, result.exit_code) == ("0 differences\n", 0)
