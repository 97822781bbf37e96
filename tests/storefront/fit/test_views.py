"""The fit finder in front of a shopper: an address asks, one page answers, nothing is kept."""

import re

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalogue.models import InsideWidth, Product, ProductBrace, Variant
from storefront.db import db
from storefront.settings import queries as settings
from tests.factories import NOW, Make


@pytest.fixture
def shelf(make: Make) -> None:
    deep = make.product("deep", sizes=("9", "10"), widths=("Standard", "Wide", "Extra wide"),
                        size_label="US men's size", hands=1, depth_mm=71, weight_g=400)  # fmt: skip
    make.product("flat", sizes=("9",), widths=("Standard",), size_label="US men's size",
                 hands=2, depth_mm=50, weight_g=200)  # fmt: skip
    with db.writing():
        product = db.session.get_one(Product, deep.id)
        product.braces = [ProductBrace(brace="solid AFO")]
    db.session.remove()


def test_answer_names_size_stock_and_one_reason(client: FlaskClient, shelf: None) -> None:
    answer = client.get(
        "/fit?size=9&system=US+men%27s&width=Standard&brace=solid+AFO&hands=1&depth=60"
    )

    assert answer.status_code == 200 and "Set-Cookie" not in answer.headers
    assert re.findall(r'href="/products/([^"]+)"', answer.text) == [
        "deep?variant=deep-moss-9-extra%20wide&amp;brace=solid%20AFO"
    ]
    for words in ("Deep, US men&#39;s size 9 Extra wide", "5 in stock",
                  "It takes a solid AFO, closes with one hand",
                  "Not tried with this brace: Flat", "do not take a longer shoe",
                  'content="noindex"', 'value="60"'):  # fmt: skip
        assert words in answer.text


def test_nothing_fits_says_what_was_lacking_and_who_can_help(
    client: FlaskClient, shelf: None
) -> None:
    with db.writing():
        settings.keep({"SHOP_PHONE": "+1 805 555 0100"}, by="Test", now=NOW)

    page = client.get("/fit?depth=90&hands=1").text

    for words in ("Nothing we have in stock suits all of this",
                  "It is 71 mm (2.8 in) deep inside, where you need 90 mm.",
                  'href="/products/deep"', "$89.00",
                  'href="/collections/all"', 'href="tel:', 'href="/coaches"',
                  "length makes up for neither"):  # fmt: skip
        assert words in page


def test_length_may_be_a_measure_or_any_system(client: FlaskClient, shelf: None) -> None:
    for asked in ("size=262&system=the+length+of+my+foot,+in+mm+or+inches",
                  "size=10.3+in&system=the+length+of+my+foot,+in+mm+or+inches",
                  "size=42.5&system=EU", "size=8&system=UK",
                  "size=10&system=US+women%27s"):  # fmt: skip
        assert "Deep, US men&#39;s size 9 " in client.get(f"/fit?{asked}").text, asked


def test_bad_answers_get_a_sentence_and_the_others_stay(client: FlaskClient, shelf: None) -> None:
    page = client.get("/fit?size=large&system=EU&depth=9e9&width=Wide&opening=-1&brace=wings")

    assert page.status_code == 422
    for words in ("We cannot read this size", "from 20 to 200 mm, or from 0.8 to 8 in",
                  "Please choose from it", 'value="9e9"',
                  '<option selected value="Wide">'):  # fmt: skip
        assert words in page.text
    assert client.get("/fit?nothing=1").status_code == 200


def test_finder_is_offered_where_sizes_are_chosen(client: FlaskClient, shelf: None) -> None:
    for address in ("/", "/collections/all", "/products/deep"):
        assert 'href="/fit"' in client.get(address).text, address


def test_answer_repeats_what_was_told_and_names_another_system_of_sizes(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/fit?size=10&system=US+women%27s&hands=1&depth=2.5+in").text

    assert "You told us: 10, US women&#39;s; one hand; inside 64 mm (2.5 in)." in page
    assert "Its US men&#39;s size 9 is for a foot that is as long as yours." in page
    same = client.get("/fit?size=9&system=US+men%27s").text
    assert "as long as yours" not in same


def test_no_size_is_named_where_no_length_was_told_and_a_brace_asks_for_the_width(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/fit?brace=solid+AFO").text

    assert re.search(r'<a href="/products/deep\?color=moss">Deep, Extra wide</a>', page)
    assert "10 in stock" in page  # of this width alone
    assert "narrowest that we have, Standard, and 2 widths more for the brace" in page
    assert "narrowest" not in client.get("/fit?brace=solid+AFO&width=Standard").text


def test_brace_whose_name_is_not_known_may_be_any(client: FlaskClient, shelf: None) -> None:
    page = client.get("/fit?brace=a+brace,+I+do+not+know+which").text

    assert "You told us: a brace, I do not know which." in page
    assert "It takes every kind of brace and has a width that leaves room for the brace." in page


def test_feet_that_differ_are_named_for_the_shoes_that_can_be_had_so(
    client: FlaskClient, make: Make, shelf: None
) -> None:
    assert "ask us, and we look for a way" in client.get("/fit?brace=solid+AFO").text
    widths = ("Standard", "Wide", "Extra wide")
    product = make.product("twin", sizes=("9",), widths=widths, single_minor=5000)
    with db.writing():
        db.session.get_one(Product, product.id).braces = [ProductBrace(brace="solid AFO")]

    assert "Twin can be had in two sizes" in client.get("/fit?brace=solid+AFO").text


def test_other_colors_of_the_very_size_are_named(client: FlaskClient, make: Make) -> None:
    product = make.product("twin", colors=["Moss", "Sand", "Plum"], size_label="US men's size")
    with db.writing():
        plum = next(each for each in product.variants if "plum" in each.sku)
        db.session.get_one(Variant, plum.id).on_hand_left = 0

    page = client.get("/fit?size=9&system=US+men%27s").text

    assert "this size also in Sand</p>" in page


def test_kinds_of_brace_are_explained_where_the_shop_has_them(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/fit").text

    assert "Solid AFO</dt>" in page and "One stiff piece" in page and "SMO" not in page


def test_kinds_of_brace_have_a_page_of_their_own_that_leads_to_their_shoes(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/fit/braces").text

    assert "Solid AFO</dt>" in page and "One stiff piece" in page and "SMO" not in page
    assert 'href="/fit?brace=solid+AFO">This one is mine' in page
    assert "One model suits." in client.get("/fit?brace=solid+AFO").text


def test_where_no_shoe_is_known_to_take_a_brace_that_is_said(client: FlaskClient) -> None:
    page = client.get("/fit/braces").text

    assert "not yet written down" in page and "<dl" not in page and "ask us" in page.lower()


def test_nothing_told_promises_nothing(client: FlaskClient, shelf: None) -> None:
    page = client.get("/fit?size=").text

    assert "<h1>All shoes in stock</h1>" in page and "You told us nothing yet." in page
    assert "the closest first" not in page


def test_size_without_its_system_is_asked_for(client: FlaskClient, shelf: None) -> None:
    page = client.get("/fit?size=9")

    assert page.status_code == 422 and "a women’s 8 is a men’s 7" in page.text
    assert 'value="9"' in page.text


def test_where_no_shoe_takes_every_brace_the_kinds_are_told_apart(
    client: FlaskClient, make: Make, shelf: None
) -> None:
    product = make.product("other")
    with db.writing():
        db.session.get_one(Product, product.id).braces = [ProductBrace(brace="SMO")]

    page = client.get("/fit?hands=1&brace=a+brace,+I+do+not+know+which").text

    assert "<h1>Which brace is it?</h1>" in page
    assert 'href="/fit?hands=1&amp;brace=solid+AFO">This one is mine' in page
    assert (
        page.count("Solid AFO</dt>") == 1 and "<details" not in page[: page.index("Solid AFO</dt>")]
    )
    assert "What comes nearest" in page


def test_foot_that_was_measured_across_is_compared_in_millimeters(
    client: FlaskClient, shelf: None
) -> None:
    with db.writing():
        deep = db.session.scalars(select(Product).where(Product.handle == "deep")).one()
        deep.inside = [InsideWidth(size="9", width="Wide", inside_mm=104)]
    asked = "/fit?size=9&system=US+men%27s&brace=solid+AFO"

    found = client.get(f"{asked}&inside=4.0+in").text
    none = client.get(f"{asked}&inside=110").text
    unsized = client.get("/fit?inside=104")

    assert "is 104 mm (4.1 in) wide inside in it, where you need 102 mm." in found
    assert "across the ball 102 mm" in found and "You did not tell your width" not in found
    assert "Is the brace on one side only?" in found
    assert "It is 104 mm (4.1 in) wide inside in your length, where you need 110 mm." in none
    assert unsized.status_code == 422 and "Please tell a size too" in unsized.text
