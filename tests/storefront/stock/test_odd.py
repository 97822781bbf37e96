"""Odd shoes: the sizes of which more left or more right shoes are on hand."""

import pytest
from flask import Flask

from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from storefront.stock.words import odd_words
from tests.factories import NOW, Make
from tests.storefront.staff.people import signed_in


@pytest.fixture
def skus(app: Flask, make: Make) -> list[str]:
    """An even size, one with two right shoes over, and one with a left shoe over."""
    variants = [make.variant(pairs=pairs) for pairs in (5, 0, 0)]
    with db.writing():
        for variant, there in zip(variants[1:], (Shoes(3, 5), Shoes(2, 1)), strict=True):
            ledger.count(variant.id, there, based_on=Shoes(0, 0), by="Ann", now=NOW)
    return [variant.sku for variant in variants]


def test_list_of_odd_shoes_says_which_are_over(app: Flask, skus: list[str]) -> None:
    page = signed_in(app, "stock").get("/staff/stock?odd=1").text

    even, rights, left = skus
    assert even not in page
    assert rights in page and "2 right shoes over" in page
    assert left in page and "1 left shoe over" in page


def test_stock_list_leads_to_the_odd_shoes(app: Flask, skus: list[str]) -> None:
    page = signed_in(app, "stock").get("/staff/stock").text

    assert '<a class="find__all" href="/staff/stock?odd=1">3 odd shoes</a>' in page


def test_stock_list_does_not_speak_of_odd_shoes_where_there_are_none(
    app: Flask, make: Make
) -> None:
    make.variant()

    assert "odd shoe" not in signed_in(app, "stock").get("/staff/stock").text


def test_search_and_counting_stay_among_the_odd_shoes(app: Flask, skus: list[str]) -> None:
    client = signed_in(app, "stock")

    page = client.get(f"/staff/stock?odd=1&q={skus[1]}").text

    assert skus[1] in page and skus[2] not in page
    assert '<input type="hidden" name="odd" value="1">' in page
    assert f"/staff/stock/{skus[1]}/count?q={skus[1]}&amp;odd=1" in page


@pytest.mark.parametrize(
    ("shoes", "words"),
    [
        (Shoes(4, 4), ""),
        (Shoes(4, 5), "1 right shoe over"),
        (Shoes(1500, 0), "1,500 left shoes over"),
    ],
)
def test_words_say_how_many_shoes_have_no_other(shoes: Shoes, words: str) -> None:
    assert odd_words(shoes) == words
