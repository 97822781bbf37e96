"""Single shoes and pairs of two sizes in the cart."""

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import update

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.factories import NOW, Make


@pytest.fixture
def sizes(make: Make) -> list[str]:
    """The skus of sizes 9 and 10, five pairs of each, a pair for 89 and one shoe for 55 dollars."""
    make.delivery()
    make.product("harbor", sizes=("9", "10"), single_minor=5500)
    return ["harbor-moss-9-wide", "harbor-moss-10-wide"]


def put(client: FlaskClient, **form: Any) -> tuple[int, str]:
    """Put shoes into the cart; return the answer's status and what the cart's page says."""
    answer = client.post("/cart/lines", data=form)
    return answer.status_code, (client.get("/cart") if answer.status_code == 303 else answer).text


def lines(page: str) -> dict[str, int]:
    """Return the number of each line by its key."""
    found = re.findall(r'name="quantity\.([\d.]+)" value="(\d+)" min', page)
    return {key: int(number) for key, number in found}


def test_two_sizes_are_one_line_that_names_both(client: FlaskClient, sizes: list[str]) -> None:
    status, page = put(client, left_sku=sizes[0], right_sku=sizes[1])

    assert status == 303
    assert "Moss, Size: left 9 Wide, right 10 Wide" in page
    assert "$89.00 a pair" in page
    assert list(lines(page).values()) == [1]


def test_one_shoe_is_a_line_with_its_side_and_price(client: FlaskClient, sizes: list[str]) -> None:
    status, page = put(client, left_sku="", right_sku=sizes[1], quantity=2)

    assert status == 303
    assert "Moss, Size 10, Wide, right shoe only" in page
    assert "$55.00 for one shoe" in page and "$110.00" in page
    assert list(lines(page).values()) == [2]


def test_same_size_on_both_feet_is_the_pair(client: FlaskClient, sizes: list[str]) -> None:
    put(client, sku=sizes[0])

    _, page = put(client, left_sku=sizes[0], right_sku=sizes[0])

    assert list(lines(page).values()) == [2]
    assert "left" not in page.partition('class="cart__choice">')[2].partition("<")[0]


def test_same_shoe_again_adds_up(client: FlaskClient, sizes: list[str]) -> None:
    put(client, left_sku=sizes[0])

    _, page = put(client, left_sku=sizes[0], right_sku="")

    assert list(lines(page).values()) == [2]


def test_way_that_led_there_is_remembered(client: FlaskClient, sizes: list[str]) -> None:
    put(client, left_sku=sizes[0], **{"from": "foot-drop"})
    _, page = put(client, left_sku=sizes[0])

    assert list(lines(page).values()) == [2]


def test_one_side_is_capped_by_its_own_count(client: FlaskClient, sizes: list[str]) -> None:
    variant = db.session.query(Variant).filter_by(sku=sizes[0]).one()
    with db.writing():
        ledger.count(variant.id, Shoes(1, 4), based_on=Shoes(5, 5), by="Ann", now=NOW)

    _, left = put(client, left_sku=sizes[0], quantity=3)
    assert list(lines(left).values()) == [1]
    assert "there is only 1, so your cart has 1" in left

    _, both = put(client, right_sku=sizes[0], quantity=3)
    assert sorted(lines(both).values()) == [1, 3]


def test_pair_and_single_shoe_share_what_is_there(client: FlaskClient, sizes: list[str]) -> None:
    put(client, sku=sizes[0], quantity=4)

    _, page = put(client, left_sku=sizes[0], quantity=2)
    assert sorted(lines(page).values()) == [1, 4]

    status, page = put(client, left_sku=sizes[0])
    assert status == 409
    assert "there is only 1, so your cart has 1" in page


def test_lines_that_share_too_few_shoes_cannot_be_paid(
    client: FlaskClient, sizes: list[str]
) -> None:
    put(client, sku=sizes[0], quantity=3)
    put(client, left_sku=sizes[0], right_sku=sizes[1], quantity=2)
    variant = db.session.query(Variant).filter_by(sku=sizes[0]).one()
    with db.writing():
        ledger.count(variant.id, Shoes(4, 5), based_on=Shoes(5, 5), by="Ann", now=NOW)

    page = client.get("/cart").text
    assert "With the other lines of your cart there are too few." in page
    assert "Go to payment" not in page
    assert client.post("/checkout").status_code == 409


def test_six_shoes_of_one_side_are_the_most(client: FlaskClient, sizes: list[str]) -> None:
    with db.writing():
        db.session.execute(update(Variant).values(counted=False))
    put(client, sku=sizes[0], quantity=5)

    _, page = put(client, left_sku=sizes[0], right_sku=sizes[1], quantity=3)

    assert sorted(lines(page).values()) == [1, 5]
    assert "an order can have 6 of one size and 12 in all" in page


def test_number_of_a_single_line_is_changed_and_removed(
    client: FlaskClient, sizes: list[str]
) -> None:
    _, page = put(client, right_sku=sizes[0])
    (key,) = lines(page)
    assert key.startswith(".")

    client.post(f"/cart/lines/{key}", data={"quantity": "3"})
    assert lines(client.get("/cart").text) == {key: 3}

    client.post(f"/cart/lines/{key}", data={"quantity": "0"})
    assert "Your cart is empty." in client.get("/cart").text


def test_line_that_is_not_sold_singly_any_more_says_so(
    client: FlaskClient, sizes: list[str]
) -> None:
    put(client, left_sku=sizes[0])
    with db.writing():
        db.session.execute(update(Variant).values(single_minor=None))

    page = client.get("/cart").text

    assert "This is not sold any more. Please remove it." in page


def test_price_of_one_shoe_that_moved_is_said(client: FlaskClient, sizes: list[str]) -> None:
    put(client, left_sku=sizes[0])
    with db.writing():
        db.session.execute(update(Variant).values(single_minor=6000))

    assert "The price has changed since you put it in." in client.get("/cart").text


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"left_sku": "", "right_sku": ""}, "choose a left shoe, a right shoe, or both"),
        ({"sku": "harbor-moss-9-wide", "left_sku": "harbor-moss-9-wide"}, "either a pair, or"),
        ({"left_sku": "harbor-moss-9-wide", "right_sku": "no-such"}, "not sold here"),
        ({"left_sku": "no-such"}, "not sold here"),
        ({"left_sku": "x" * 65}, "No such size."),
        ({"left_sku": "harbor-moss-9-wide", "right_sku": "other"}, "must be of the same model"),
        ({"left_sku": "plain"}, "sold in pairs of one size only"),
        ({"left_sku": "harbor-moss-9-wide", "quantity": "-1"}, "Please choose at least 1."),
    ],
)
def test_shoes_that_cannot_be_bought_get_a_sentence(
    client: FlaskClient, make: Make, sizes: list[str], form: dict[str, str], sentence: str
) -> None:
    for sku, single_minor in (("other", 100), ("plain", None)):
        variant = make.variant(single_minor=single_minor)
        with db.writing():
            db.session.execute(update(Variant).where(Variant.id == variant.id).values(sku=sku))

    status, page = put(client, **form)

    assert status == 422
    assert sentence in page
    assert "Your cart is empty." in page
