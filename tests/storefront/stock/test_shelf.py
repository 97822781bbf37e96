"""What lies on the shelf and is not in the count, and the sizes of which little is left."""

from flask import Flask

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import queries
from storefront.stock.ledger import Shoes
from tests.factories import Make
from tests.storefront.staff.people import signed_in


def test_what_is_sold_and_not_sent_is_to_be_left_out_of_a_count(app: Flask, make: Make) -> None:
    sold, sent, waiting = (make.variant(pairs=5) for _ in range(3))
    make.order((sold, 2), state="paid")
    make.order((sent, 2), state="dispatched")
    make.order((waiting, 2))
    staff = signed_in(app, "stock")

    listed, why = staff.get("/staff/stock").text, staff.get(f"/staff/stock/{sold.sku}").text

    assert listed.count("still to be packed") == 1
    assert "2 pairs sold, still to be packed: leave out" in listed
    assert "<strong>2 pairs</strong> sold and still to be packed. They are not in" in why
    assert queries.to_pack([sold.id, sent.id, waiting.id]) == {sold.id: Shoes(2, 2)}


def test_sizes_that_are_low_or_sold_out_are_a_list(app: Flask, make: Make) -> None:
    plenty, low, out, hidden = (make.variant(pairs=pairs) for pairs in (9, 3, 0, 0))
    with db.writing():
        db.session.get_one(Variant, hidden.id).published = False
    staff = signed_in(app, "stock")

    every = staff.get("/staff/stock").text
    few, none = (staff.get(f"/staff/stock?few={which}").text for which in ("low", "none"))

    assert "1 size sold out" in every and "2 low or sold out" in every
    assert low.sku in few and out.sku in few and "3 or fewer pairs are free" in few
    assert out.sku in none and low.sku not in none
    for page in (few, none):
        assert plenty.sku not in page and hidden.sku not in page
    assert '<input type="hidden" name="few" value="low">' in few
    assert f"/staff/stock/{low.sku}/count?few=low" in few


def test_count_that_is_too_high_by_what_is_sold_is_pointed_out(app: Flask, make: Make) -> None:
    variant = make.variant(pairs=5)
    make.order((variant, 1), state="paid")
    staff = signed_in(app, "stock")

    staff.send(f"/staff/stock/{variant.sku}/count", pairs="5", based_on="4")
    assert "Saved: 5 pairs. Just so many more are sold" in staff.get("/staff/stock").text

    staff.send(f"/staff/stock/{variant.sku}/count", pairs="7", based_on="5")
    assert "Just so many" not in staff.get("/staff/stock").text
