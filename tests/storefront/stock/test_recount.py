"""`flask stock recount`."""

from flask import Flask
from sqlalchemy import update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock.commands import group
from tests.factories import Make
from tests.storefront.staff.people import fresh


def test_recount_ends_with_no_differences_in_a_sound_shop(app: Flask, make: Make) -> None:
    make.order()
    make.order(state="paid")

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert result.output == "0 differences\n"


def test_recount_lists_what_differs_and_changes_nothing(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=5)
    with db.writing():
        db.session.execute(update(Variant).values(on_hand_left=6))

    result = app.test_cli_runner().invoke(group, ["recount"])

    assert f"{variant.sku}: counts 6 left, 5 right; ledger says 5, 5" in result.output
    assert result.output.endswith("1 difference\n")
    fresh()
    assert variant.on_hand_left == 6
