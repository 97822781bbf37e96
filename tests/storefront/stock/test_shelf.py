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

    page = staff.get("/staff/stock?few=1").text

    assert "2 sizes low or sold out" in staff.get("/staff/stock").text
    assert low.sku in page and out.sku in page
    assert plenty.sku not in page and hidden.sku not in page
    assert '<input type="hidden" name="few" value="1">' in page
    assert f"/staff/stock/{low.sku}/count?few=1" in page
