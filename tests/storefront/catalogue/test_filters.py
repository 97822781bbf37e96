"""A list answers what is asked of it: filters with counts, in stock in my size, sorted, closest."""

import re
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.catalogue import cards, filters
from storefront.catalogue.filters import Asked
from storefront.catalogue.models import Collection, Product, ProductBrace, Variant
from storefront.db import db
from storefront.settings import queries as settings
from tests.factories import NOW, Make


@pytest.fixture
def shelf(make: Make) -> None:
    """Three models: a deep one for braces, a light one, and one that was never measured."""
    make.product("deep", colors=("Moss", "Sand"), sizes=("8", "9"), widths=("Wide", "Extra wide"),
                 position=1, hands=1, closure="rear entry", weight_g=460, depth_mm=71,
                 size_label="US men's size", price_minor=15000)  # fmt: skip
    make.product("light", colors=("Sand", "Plum"), sizes=("9", "10"), widths=("Wide",),
                 position=2, hands=2, closure="side zip", weight_g=240, depth_mm=50,
                 size_label="US women's size", price_minor=6000)  # fmt: skip
    make.product("unknown", colors=("Plum",), sizes=("9",), widths=("Standard",), position=3,
                 size_label="US women's size")  # fmt: skip
    with db.writing():
        deep = db.session.scalars(select(Product).where(Product.handle == "deep")).one()
        deep.braces = [ProductBrace(brace="hinged AFO"), ProductBrace(brace="SMO")]
        db.session.scalars(select(Product).where(Product.handle == "unknown")).one().created_at = (
            NOW + timedelta(days=1)
        )
        for size in db.session.scalars(select(Variant)):
            if (size.size, size.width) == ("9", "Extra wide"):
                size.on_hand_left = size.on_hand_right = 0
            if size.sku == "deep-sand-9-wide":
                size.on_hand_left = size.on_hand_right = 2
    db.session.remove()


def handles(page: str) -> list[str]:
    return re.findall(r'card__link" href="/products/([a-z]+)', page)


def counts(page: str, field: str) -> dict[str, int]:
    found = re.findall(
        rf'name="{field}" value="([^"]+)"[^>]*>.*?<span data-count>(\d+|none)</span>',
        page,
        re.DOTALL,
    )
    return {value: int(models.replace("none", "0")) for value, models in found}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["deep", "light", "unknown"]),
        ("color=sand", ["deep", "light"]),
        ("color=sand&color=plum", ["deep", "light", "unknown"]),
        ("size=9", ["deep", "light", "unknown"]),
        ("size=US+women's+size+9", ["light", "unknown"]),
        ("size=9&width=wide", ["deep", "light"]),
        ("size=9&width=Extra+wide", ["deep"]),
        ("width=Wide&width=Standard", ["deep", "light", "unknown"]),
        ("fits=hinged+afo", ["deep"]),
        ("hands=1", ["deep"]),
        ("hands=1&hands=2", ["deep", "light"]),
        ("closure=side+zip", ["light"]),
        ("max_weight=300", ["light"]),
        ("min_depth=60", ["deep"]),
        ("available=1&size=9&width=Wide&color=sand", ["deep", "light"]),
        ("sort=price", ["light", "unknown", "deep"]),
        ("sort=-price", ["deep", "unknown", "light"]),
        ("sort=newest", ["unknown", "deep", "light"]),
        ("sort=weight", ["light", "deep", "unknown"]),
        ("sort=nonsense&available=0&hands=", ["deep", "light", "unknown"]),
    ],
)
def test_list_shows_what_is_asked(
    client: FlaskClient, shelf: None, query: str, found: list[str]
) -> None:
    assert handles(client.get(f"/collections/all?{query}").text) == found


def test_card_tells_of_the_size_that_is_asked_and_leads_to_it(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?size=9&width=Wide&color=sand").text

    assert "Sand, 9, Wide: </span>" in page and "Only 2 left" in page
    assert 'href="/products/deep?variant=deep-sand-9-wide"' in page


def test_card_opens_with_a_color_that_was_asked_for_and_is_there(
    client: FlaskClient, shelf: None
) -> None:
    with db.writing():
        for size in db.session.scalars(select(Variant)):
            if size.sku.startswith("light-sand"):
                size.on_hand_left = size.on_hand_right = 0

    page = client.get("/collections/all?color=plum&color=sand&hands=2").text

    assert 'card__link" href="/products/light?color=plum"' in page


def test_what_is_sold_out_in_the_size_asked_stays_and_stands_last(
    client: FlaskClient, shelf: None
) -> None:
    with db.writing():
        for size in db.session.scalars(select(Variant).where(Variant.size == "9")):
            if size.sku.startswith("deep"):
                size.on_hand_left = size.on_hand_right = 0

    page = client.get("/collections/all?size=9").text

    assert handles(page) == ["light", "unknown", "deep"] and "Out of stock" in page
    assert handles(client.get("/collections/all?size=9&available=1").text) == ["light", "unknown"]


def test_each_choice_says_how_many_models_it_leaves(client: FlaskClient, shelf: None) -> None:
    page, wide = (client.get(f"/collections/all{q}").text for q in ("", "?width=Wide&color=sand"))

    assert counts(page, "color") == {"moss": 1, "plum": 2, "sand": 2}
    assert counts(page, "width") == {"Standard": 1, "Wide": 2, "Extra wide": 1}
    assert counts(page, "hands") == {"1": 1, "2": 1}
    assert counts(page, "max_weight")["300"] == 1 and counts(page, "min_depth")["60"] == 1
    # its own kind stays open: what can be added, or taken in its place
    assert counts(wide, "color") == {"moss": 1, "plum": 1, "sand": 2}
    assert counts(wide, "width") == {"Standard": 0, "Wide": 2, "Extra wide": 1}
    assert counts(wide, "size")["US women&#39;s size 9"] == 1
    assert 'value="Wide" checked' in wide and "data-number>2 chosen" in wide
    assert "data-number>nothing chosen" in page


def test_size_of_another_system_that_is_as_long_is_offered(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?size=US+women's+size+9&color=sand").text
    one_hand = client.get("/collections/all?size=US+men's+size+8&hands=1").text

    offered = re.findall(r"<p>(US .+?): <a [^>]*href=\"(.+?)\"[^>]*>(.+?)</a>", page)
    assert offered == [
        (
            "US women&#39;s size 9 is about US men&#39;s size 8",
            "/collections/all?size=US+women%27s+size+9&amp;size=US+men%27s+size+8&amp;color=sand",
            "show 1 model in that size too",
        )
    ]
    both = client.get(offered[0][1].replace("&amp;", "&")).text
    assert handles(both) == ["deep", "light"] and "is about" not in both
    assert "is about" not in one_hand  # the women's shoe takes two hands


def test_whole_sizes_are_offered_beside_a_half_one_where_some_models_have_no_other(
    client: FlaskClient, make: Make
) -> None:
    make.product("half", sizes=("7", "7.5", "8"), size_label="US women's size")
    page = client.get("/collections/all?size=US+women's+size+7.5").text
    assert "whole sizes only" not in page

    make.product("whole", sizes=("7", "8", "9"), size_label="US women's size")
    make.product("his", sizes=("7",), size_label="US men's size")  # a woman's 8
    page = client.get("/collections/all?size=US+women's+size+7.5").text
    offered = re.findall(r"data-in-place>(US [^<]+)</a>", page[page.index("whole sizes only") :])
    assert offered == ["US men&#39;s size 7", "US women&#39;s size 7", "US women&#39;s size 8"]
    assert "whole sizes only" not in client.get("/collections/all?size=US+women's+size+7").text


def test_size_that_was_asked_for_goes_on_to_the_page_where_no_width_was(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?size=US+men's+size+9&color=moss").text
    wide = client.get("/collections/all?size=US+men's+size+9&width=Wide&color=moss").text

    assert 'href="/products/deep?color=moss&amp;size=US+men%27s+size+9"' in page
    assert 'href="/products/deep?variant=deep-moss-9-wide"' in wide
    width = client.get("/collections/all?width=Extra+wide").text
    assert 'href="/products/deep?color=moss&amp;width=Extra+wide"' in width


def test_list_for_a_brace_says_that_numbers_add_up_widths(client: FlaskClient, shelf: None) -> None:
    with db.writing():
        db.session.add(
            Collection(
                handle="hinged",
                title="Hinged",
                rule="brace",
                rule_value="hinged AFO",
                updated_at=NOW,
            )
        )
    told = "Over this brace you need a wider shoe. If you take Standard without it, <a href="

    page = client.get("/collections/hinged").text

    assert 'href="/collections/hinged?width=Extra+wide" data-in-place>show Extra wide</a>' in page
    for query, more in (
        ("fits=hinged+AFO", ""),
        ("fits=hinged+AFO&hands=1&size=8", "&amp;hands=1&amp;size=8&amp;system=US+men%27s"),
        ("fits=hinged+AFO&size=8&size=9", ""),
    ):
        page = client.get(f"/collections/all?{query}").text
        assert told in page and f'href="/fit?brace=hinged+AFO{more}">' in page
    for address in ("all", "all?fits=foot-up+strap"):
        assert "Over this brace" not in client.get(f"/collections/{address}").text
    right = client.get("/collections/hinged?width=Extra+wide").text
    assert "If you take Standard without it, Extra wide is yours." in right
    narrow = client.get("/collections/hinged?width=Wide&hands=1").text
    assert told in narrow and "add up all widths" in narrow
    assert "No model is all of this. Without “Wide” these are closest:" in narrow
    assert 'href="/collections/hinged?width=Extra+wide&amp;hands=1" data-in-place' in narrow
    assert 'href="/products/deep?color=moss&amp;brace=hinged+AFO"' in page


def test_card_says_whether_it_tells_of_one_width_or_of_all(
    client: FlaskClient, shelf: None
) -> None:
    def told(query: str) -> set[str]:
        page = client.get(f"/collections/all?{query}").text
        return set(re.findall("data-color-name>([^<]+): <", page))

    assert told("size=8") == {"Moss, 8, all widths"}
    assert told("size=8&width=Wide") == {"Moss, 8, Wide"}
    assert told("size=8&size=10&color=sand") == {"Sand, these sizes, all widths"}
    assert told("width=Extra+wide") == {"Moss, Extra wide"}


def test_each_thing_asked_can_be_taken_away_by_a_link(client: FlaskClient, shelf: None) -> None:
    page = client.get("/collections/all?width=Wide&color=sand&hands=1&sort=price").text

    assert "1 model: Wide, one hand closes it, sand." in page
    assert 'href="/collections/all?hands=1&amp;color=sand&amp;sort=price"' in page
    assert 'href="/collections/all?width=Wide&amp;hands=1&amp;sort=price"' in page
    assert '<meta name="robots" content="noindex">' in page


def test_closest_shoes_are_shown_in_place_of_an_empty_page(
    client: FlaskClient, shelf: None
) -> None:
    one = client.get("/collections/all?hands=1&color=plum").text
    several = client.get("/collections/all?fits=SMO&size=13&color=plum&max_weight=200").text
    nothing = client.get("/collections/all?fits=wings").text

    assert "Without “Plum” these are closest" in one and handles(one) == ["deep"]
    assert handles(several) == ["deep"]
    assert "Without “Size 13”, “At most 200 g a shoe”, “Plum” these are closest" in several
    assert handles(nothing) == ["deep", "light", "unknown"] and "Without “Fits wings”" in nothing


def test_size_that_nothing_has_is_told_in_other_systems_and_not_made_up_for_by_length(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?fits=SMO&size=US+women's+size+7").text

    assert handles(page) == ["deep"] and "Without “US women&#39;s size 7”" in page
    assert "US women&#39;s size 7 is about US men’s 6, UK 5, EU" in page
    assert "Please do not take a longer shoe instead" in page
    for other in ("fits=SMO&size=US+men's+size+9", "fits=SMO&size=one+size", "fits=SMO&hands=2"):
        assert "longer shoe instead" not in client.get(f"/collections/all?{other}").text


def test_what_is_asked_stays_chosen_where_nothing_is_all_of_it(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?fits=SMO&hands=2&size=13&available=1").text

    assert "Without “Size 13”, “Two hands close it” these are closest:" in page, "no more than that"
    chosen = re.findall(r'name="([a-z_]+)" value="([^"]+)" checked', page)
    assert chosen == [("available", "1"), ("fits", "SMO"), ("hands", "2")]
    sized = client.get("/collections/all?fits=SMO&closure=side+zip&size=10").text
    assert 'value="US women&#39;s size 10" checked' in sized


def test_what_cannot_be_read_gets_a_sentence_and_the_rest_holds(
    client: FlaskClient, shelf: None
) -> None:
    page = client.get("/collections/all?max_weight=abc&hands=9&min_depth=9e9&color=sand")

    assert page.status_code == 200 and handles(page.text) == ["deep", "light"]
    for words in ("“abc” is not a whole number of grams", "“9” is not", "“9e9” is not"):
        assert words in page.text


def test_pages_keep_what_is_asked(client: FlaskClient, make: Make) -> None:
    for number in range(cards.PAGE_SIZE + 1):
        make.product(f"shoe{number}", hands=1)

    first = client.get("/collections/all?hands=1").text

    assert 'href="/collections/all?hands=1&amp;page=2"' in first
    assert len(handles(client.get("/collections/all?hands=1&page=2").text)) == 1
    assert client.get("/collections/all?hands=1&page=3").status_code == 404


def test_brace_is_counted_in_the_widths_that_have_room_for_it(
    client: FlaskClient, make: Make
) -> None:
    make.product("heron", sizes=["7"], widths=["Wide"], size_label="US men's size")
    make.product("other", sizes=["8"], widths=["Standard", "Extra wide"], single_minor=5000,
                 size_label="US women's size")  # fmt: skip
    with db.writing():
        for product in db.session.scalars(select(Product)):
            product.braces = [ProductBrace(brace=each) for each in ("solid AFO", "SMO")]

    men = client.get("/collections/all?size=US+men%27s+size+7").text
    women = client.get("/collections/all?size=US+women%27s+size+8").text

    assert counts(men, "fits") == {"solid AFO": 0, "SMO": 1}
    assert "No model" in client.get("/collections/all?size=US+men%27s+size+7&fits=solid+AFO").text
    assert counts(women, "fits") == {"solid AFO": 1, "SMO": 1}
    assert counts(client.get("/collections/all").text, "fits") == {"solid AFO": 2, "SMO": 2}
    assert "show 1 model in that size too" in women
    two = client.get("/collections/all?size=US+women%27s+size+8&singly=1").text
    assert "in that size too" not in two, "it may serve one foot alone"


def test_brace_or_two_sizes_that_are_given_up_are_warned_of(
    client: FlaskClient, shelf: None, make: Make
) -> None:
    with db.writing():
        settings.keep({"SHOP_PHONE": "+1 805 555 0100"}, by="Test", now=NOW)

    brace = client.get("/collections/all?fits=solid+AFO&fits=wings").text
    singly = client.get("/collections/all?singly=1&size=Size+9").text
    size = client.get("/collections/all?size=Size+99").text

    assert "These are not known to go over solid AFO or wings." in brace
    assert "you need a wider shoe" not in brace, "wider ones of these would not do"
    assert "pairs of one size" not in brace
    assert "These come in pairs of one size." in singly and "known to go over" not in singly
    for page in (brace, singly):
        assert "Call us</a>, and we look for a way." in page
    assert "known to go over" not in size and "pairs of one size" not in size


def test_what_is_asked_is_one_line_with_or_within_a_kind() -> None:
    asked = Asked(fits=("SMO", "hinged AFO"), size=("US men's size 9",), available=True)

    assert asked.said == "Fits SMO or fits hinged AFO, US men's size 9, in stock"
    assert Asked().said == ""


def test_least_important_thing_is_given_up_first() -> None:
    asked = Asked(fits=("SMO",), color=("plum",), size=("9",))

    assert [field for field, _, _ in asked.chosen()] == ["fits", "size", "color"]
    assert asked.of_kinds_but("color") == Asked(fits=("SMO",), size=("9",))
    assert filters.address("/x", asked, "price", 2) == (
        "/x?fits=SMO&size=9&color=plum&sort=price&page=2"
    )
    assert filters.read({"fits": ["SMO"], "color": ["plum"], "size": ["9"]})[0] == asked


def test_shoes_sold_in_two_sizes_are_found_and_counted_over_a_brace(
    client: FlaskClient, shelf: None, make: Make
) -> None:
    assert counts(client.get("/collections/all").text, "singly") == {}
    make.product("twin", single_minor=5000)
    with db.writing():
        twin = db.session.scalars(select(Product).where(Product.handle == "twin")).one()
        twin.braces = [ProductBrace(brace="hinged AFO")]

    page = client.get("/collections/all?fits=hinged+AFO").text
    singly = client.get("/collections/all?fits=hinged+AFO&singly=1").text

    assert counts(page, "singly") == {"1": 1}
    assert counts(client.get("/collections/all?hands=2").text, "singly") == {"1": 0}
    assert handles(singly) == ["twin"] and "left and right may differ" in singly


def test_size_over_a_brace_is_of_a_width_that_has_room_for_it(
    client: FlaskClient, shelf: None
) -> None:
    hinged = client.get("/collections/all?fits=hinged+AFO&size=8").text
    gone = client.get("/collections/all?fits=hinged+AFO&size=9&available=1").text
    thin = client.get("/collections/all?fits=SMO&size=9").text

    assert set(re.findall("data-color-name>([^<]+): <", hinged)) == {"Moss, 8, Extra wide"}
    assert counts(hinged, "width") == {"Standard": 0, "Wide": 0, "Extra wide": 1}
    assert "No model is all of this. Without “In stock” these are closest:" in gone
    assert set(re.findall("data-color-name>([^<]+): <", thin)) == {"Moss, 9, Wide or Extra wide"}
    wide = client.get("/collections/all?width=Wide").text
    assert counts(wide, "fits") == {"hinged AFO": 0, "SMO": 1}


def test_list_of_shoes_in_two_sizes_leads_to_where_they_are_chosen(
    client: FlaskClient, make: Make
) -> None:
    make.product("twin", sizes=("9",), widths=("Wide", "Extra wide"), single_minor=5000)
    make.product("pairs")
    with db.writing():
        for size in db.session.scalars(select(Variant).where(Variant.width == "Wide")):
            size.on_hand_left = size.on_hand_right = 0

    listed = client.get("/collections/all?singly=1&size=9").text
    (lead,) = re.findall(r'card__link" href="([^"]+)"', listed)
    page = client.get(lead.replace("&amp;", "&")).text

    assert "Left and right may differ.</p>" in listed and lead.endswith("singly=1#feet")
    assert '<details class="feet" id="feet" open>' in page
    assert "<li>Left and right may differ</li>" in page
    assert 'data-width="Extra wide"' in page, "the first in which the size is there"
    assert "may differ" not in client.get("/products/pairs").text
    assert '<details class="feet" id="feet">' in client.get("/products/twin").text
