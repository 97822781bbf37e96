"""What is bought at once: a pair, a pair of two sizes, one shoe; its price, words and stock."""

from collections import Counter
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.catalogue.availability import Level
from storefront.catalogue.models import Variant
from storefront.catalogue.sides import NotSold, Sides, taken
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.factories import NOW, Make

TODAY = date(2026, 11, 1)


@pytest.fixture
def sizes(make: Make) -> list[Variant]:
    """Size 9 for 89 dollars and size 10 for 99, one shoe for 55, five pairs of each."""
    product = make.product("harbor", sizes=("9", "10"), single_minor=5500)
    nine, ten = product.variants
    with db.writing():
        db.session.get_one(Variant, ten.id).price_minor = 9900
    return [db.session.get_one(Variant, nine.id), db.session.get_one(Variant, ten.id)]


def set_count(variant: Variant, left: int, right: int) -> None:
    there = Shoes(variant.on_hand_left, variant.on_hand_right)
    with db.writing():
        ledger.count(variant.id, Shoes(left, right), based_on=there, by="Ann", now=NOW)
    db.session.refresh(variant)


def test_two_sizes_cost_the_higher_of_their_pair_prices(sizes: list[Variant]) -> None:
    nine, ten = sizes

    assert Sides(nine, ten).unit_minor == Sides(ten, nine).unit_minor == 9900
    assert Sides(nine, nine).unit_minor == 8900


def test_one_shoe_costs_its_own_price(sizes: list[Variant]) -> None:
    nine, _ = sizes

    assert Sides(nine, None).unit_minor == Sides(None, nine).unit_minor == 5500


def test_name_says_each_side_where_they_differ(sizes: list[Variant]) -> None:
    nine, ten = sizes

    assert Sides(nine, nine).name == "Harbor, Moss, Size 9, Wide"
    assert Sides(nine, ten).name == "Harbor, Moss, Size: left 9 Wide, right 10 Wide"
    assert Sides(nine, None).name == "Harbor, Moss, Size 9, Wide, left shoe only"
    assert Sides(None, ten).name == "Harbor, Moss, Size 10, Wide, right shoe only"


@pytest.mark.parametrize(
    ("left", "right", "there"), [(0, 0, (3, 7)), (0, None, (3, None)), (None, 0, (None, 7))]
)
def test_each_side_is_free_by_itself(
    sizes: list[Variant], left: int | None, right: int | None, there: tuple[int | None, int | None]
) -> None:
    set_count(sizes[0], 3, 7)
    sides = Sides(*(None if place is None else sizes[place] for place in (left, right)))

    told = sides.availability(more={}, today=TODAY, low=3)

    assert told.pairs == min(n for n in there if n is not None)


def test_two_sizes_have_as_many_as_the_side_with_fewer(sizes: list[Variant]) -> None:
    nine, ten = sizes
    set_count(nine, 2, 9)
    set_count(ten, 9, 4)

    told = Sides(nine, ten).availability(more={}, today=TODAY, low=3)

    assert (told.words, told.level, told.pairs) == ("Only 2 in stock", Level.FEW, 2)


def test_what_the_shopper_already_holds_is_there_for_them(sizes: list[Variant]) -> None:
    nine, _ = sizes
    set_count(nine, 0, 5)

    held = Counter({(nine.id, "left"): 2})

    assert Sides(nine, None).there(more={}) == 0
    assert Sides(nine, None).there(more=held) == 2
    assert Sides(None, nine).there(more=held) == 5


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (date(2026, 12, 1), date(2026, 12, 12), "Back on 12 December 2026"),
        (date(2026, 12, 12), None, "Out of stock"),
    ],
)
def test_two_sizes_are_back_when_the_later_one_is(
    sizes: list[Variant], first: date, second: date | None, words: str
) -> None:
    nine, ten = sizes
    set_count(nine, 0, 0)
    set_count(ten, 0, 0)
    with db.writing():
        db.session.get_one(Variant, nine.id).restock_on = first
        db.session.get_one(Variant, ten.id).restock_on = second

    told = Sides(nine, ten).availability(more={}, today=TODAY, low=3)

    assert told.words == words


def test_uncounted_shoes_are_always_there(app: Flask, make: Make) -> None:
    variant = make.variant(counted=False, single_minor=5500)

    assert Sides(variant, None).there(more={}) is None
    assert Sides(variant, None).availability(more={}, today=TODAY, low=3).words == "In stock"


def test_shoes_of_two_models_are_not_sold_as_a_pair(sizes: list[Variant], make: Make) -> None:
    other = make.variant(single_minor=5500)

    with pytest.raises(NotSold, match="must be of the same model"):
        Sides(sizes[0], other).check()


def test_shoes_that_are_not_sold_singly_are_sold_as_pairs_of_one_size(make: Make) -> None:
    nine, ten = make.product("harbor", sizes=("9", "10")).variants

    Sides(nine, nine).check()
    for sides in (Sides(nine, None), Sides(None, ten), Sides(nine, ten)):
        with pytest.raises(NotSold, match="in pairs of one size only"):
            sides.check()


def test_a_pair_takes_one_shoe_of_each_side() -> None:
    assert taken(1, 1, 2) == {(1, "left"): 2, (1, "right"): 2}
    assert taken(1, 2, 1) == {(1, "left"): 1, (2, "right"): 1}
    assert taken(None, 2, 3) == {(2, "right"): 3}


def test_product_page_offers_each_foot_where_shoes_are_sold_singly(
    client: FlaskClient, sizes: list[Variant]
) -> None:
    set_count(sizes[0], 0, 2)

    page = client.get("/products/harbor").text

    assert "Feet that differ, or one shoe" in page
    left, right = page.partition('name="right_sku"')[::2]
    assert 'value="harbor-moss-9-wide" disabled>9, Wide: Out of stock' in left
    assert 'value="harbor-moss-9-wide">9, Wide: Only 2 in stock' in right
    assert 'value="harbor-moss-10-wide">10, Wide: 5 in stock' in left
    assert "One shoe costs $55.00" in page and "the higher of the two prices" in page


def test_product_page_offers_only_pairs_elsewhere(client: FlaskClient, make: Make) -> None:
    make.product("harbor")

    assert "left_sku" not in client.get("/products/harbor").text
