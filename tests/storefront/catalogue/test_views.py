"""Listing and product page as a shopper without script sees them, and the same as data."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

from storefront.catalogue import braces
from storefront.catalogue.models import (
    Collection,
    Color,
    InsideWidth,
    Picture,
    Product,
    ProductBrace,
    Variant,
)
from storefront.catalogue.views import today
from storefront.db import db
from tests.factories import NOW, Make


def radios(page: str) -> dict[str, str]:
    """Each size's radio by its sku: '' or 'disabled' or 'checked'."""
    found = re.findall(r'name="sku" value="([^"]+)" required( disabled)?( checked)?', page)
    return {sku: (off or on).strip() for sku, off, on in found}


def test_product_page_says_what_there_is(client: FlaskClient, make: Make) -> None:
    make.product(
        "harbor",
        colors=["Moss", "Sand"],
        sizes=["9", "10"],
        widths=["Standard", "Wide"],
        pairs=6,
        depth_mm=62,
        hands=1,
    )

    page = client.get("/products/harbor").text

    assert "Color: Moss" in page
    assert "24 in stock" in page  # 4 sizes of 6 pairs
    assert set(radios(page)) == {"harbor-moss-9-standard", "harbor-moss-10-standard"}
    wide = client.get("/products/harbor?color=moss&width=Wide").text
    assert set(radios(wide)) == {"harbor-moss-9-wide", "harbor-moss-10-wide"}
    assert "62 mm (2.4 in)" in page
    assert "One hand" in page
    assert "Not measured" in page
    assert "kept for you once you start paying" in page


def test_color_is_an_address(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"])

    page = client.get("/products/harbor?color=sand").text

    assert "Color: Sand" in page
    assert set(radios(page)) == {"harbor-sand-9-wide"}
    assert 'alt="harbor in Sand"' in page


def test_variant_address_selects_its_size(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"], sizes=["9", "10"])

    page = client.get("/products/harbor?variant=harbor-sand-10-wide").text

    assert radios(page) == {"harbor-sand-9-wide": "", "harbor-sand-10-wide": "checked"}


def test_sold_out_size_stays_and_says_so(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", sizes=["9", "10"])
    make.order((product.variants[0], 5), state="paid")

    page = client.get("/products/harbor").text

    assert radios(page)["harbor-moss-9-wide"] == "disabled"
    assert "Out of stock" in page


def test_color_that_can_be_bought_is_shown_first(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", colors=["Moss", "Sand"], pairs=1)
    moss = next(v for v in product.variants if v.color.name == "Moss")
    make.order((moss, 1))

    assert "Color: Sand" in client.get("/products/harbor").text


@pytest.mark.parametrize(
    ("pairs", "words"), [(24, "24 in stock"), (3, "Only 3 left"), (1, "Only 1 left")]
)
def test_words_of_one_size(client: FlaskClient, make: Make, pairs: int, words: str) -> None:
    variant = make.variant(handle="harbor", pairs=pairs)

    assert words in client.get(f"/products/harbor?variant={variant.sku}").text


def test_restock_date_is_said_until_it_has_passed(
    client: FlaskClient, make: Make, app: Flask
) -> None:
    variant = make.variant(handle="harbor", pairs=0)

    def restock(days: int) -> str:
        with db.writing():
            db.session.execute(
                update(Variant)
                .where(Variant.id == variant.id)
                .values(restock_on=today() + timedelta(days=days))
            )
        return client.get("/products/harbor").text

    assert "Back on" in restock(20)
    assert "Back on" in restock(0)
    assert "Back on" not in restock(-1)


def test_uncounted_is_in_stock(client: FlaskClient, make: Make) -> None:
    make.variant(handle="harbor", counted=False)

    assert ">In stock<" in client.get("/products/harbor").text


def test_each_change_shows_on_the_next_page(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"], sizes=["9", "10"])
    changes: list[tuple[Any, dict[str, Any], str]] = [
        (Product, {"title": "Meadow"}, "<h1>Meadow</h1>"),
        (Product, {"description": "Very **light**."}, "<strong>light</strong>"),
        (Product, {"depth_mm": 62}, "62 mm"),
        (ProductBrace, {"brace": "Rigid"}, "<td>Rigid</td>"),
        (Product, {"width_label": "Fit"}, "Size, fit Wide"),
        (Color, {"swatch": "#123456"}, 'fill="#123456"'),
        (Picture, {"alt": "From above"}, 'alt="From above"'),
        (Variant, {"width": "Extra"}, "fit Extra"),
        (Variant, {"price_minor": 1234}, "$12.34"),
        (Variant, {"on_hand_left": 4}, "4 in stock"),
        (Variant, {"held_right": 3}, "Only 2 left"),
        (Variant, {"on_hand_left": 0}, '<span class="product__gone">Out of stock</span>'),
        (Variant, {"restock_on": date(2999, 1, 1)}, "Back on 1 January 2999"),
        (Variant, {"counted": False}, ">In stock</span>"),
    ]
    with db.writing():
        db.session.add(ProductBrace(product_id=db.session.scalar(select(Product.id)), brace="Soft"))

    for model, values, words in changes:
        assert words not in client.get("/products/harbor").text
        with db.writing():
            db.session.execute(update(model).values(**values))
        assert words in client.get("/products/harbor").text, values


@pytest.mark.parametrize("address", ["/products/none", "/products/none.json", "/products/x%27y"])
def test_unknown_product_is_a_page_of_the_shop(client: FlaskClient, address: str) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})

    assert answer.status_code == 404
    assert "This page is not here" in answer.text


def test_unpublished_product_is_nowhere(client: FlaskClient, make: Make) -> None:
    make.product("harbor")
    with db.writing():
        db.session.execute(update(Product).values(published=False))

    assert client.get("/products/harbor").status_code == 404
    assert "harbor" not in client.get("/collections/all").text
    assert client.get("/products.json").json == {"products": []}


def test_listing_shows_cards_with_words(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"], pairs=2, position=1)
    make.product("meadow", pairs=92, position=0)

    page = client.get("/collections/all").text

    assert page.index("Meadow") < page.index("Harbor")
    assert "92 in stock" in page
    assert "2 left in all sizes" in page
    assert "/products/harbor?color=sand" in page


def test_card_strikes_a_color_that_is_sold_out_and_says_so(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", colors=["Moss", "Sand"])
    with db.writing():
        sand = next(v for v in product.variants if "sand" in v.sku)
        db.session.get_one(Variant, sand.id).on_hand_left = 0

    page = client.get("/collections/all").text

    assert '<s>Sand</s><span class="swatch__gone">sold out</span></a>' in page
    assert "<s>Moss</s>" not in page


@pytest.mark.parametrize("page", ["0", "-1", "2", "999999", "x", str(10**30), "", "%00", "١"])
def test_listing_page_that_is_not_there(client: FlaskClient, make: Make, page: str) -> None:
    make.product()

    assert client.get(f"/collections/all?page={page}").status_code in {400, 404}


def test_listing_is_paged(client: FlaskClient, make: Make) -> None:
    for _ in range(25):
        make.product()

    first, second = (client.get(f"/collections/all?page={n}").text for n in (1, 2))

    assert first.count('class="card"') == 24 and second.count('class="card"') == 1
    assert 'rel="next"' in first and 'rel="prev"' in second


def test_old_listing_address_moves_for_good(client: FlaskClient) -> None:
    answer = client.get("/products")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/collections/all")


def test_data_says_the_same_as_the_page(client: FlaskClient, make: Make, app: Flask) -> None:
    make.product("harbor", colors=["Moss"], sizes=["9", "10"], pairs=4, price_minor=8950)

    one = client.get("/products/harbor.json").json["product"]
    all_of_them = client.get("/products.json?limit=1&page=1").json["products"]

    assert one == all_of_them[0]
    assert one["handle"] == "harbor"
    assert [o["name"] for o in one["options"]] == ["Color", "Size", "Width"]
    variant = one["variants"][0]
    assert variant["price"] == "89.50"
    assert variant["inventory_quantity"] == 4 and variant["available"] is True
    assert variant["availability"] in client.get("/products/harbor").text
    assert client.get("/products.json?page=2").json == {"products": []}


def test_description_is_cleaned(client: FlaskClient, make: Make) -> None:
    make.product("harbor", description="**Good** <script>alert(1)</script><p onclick=x>fine</p>")

    page = client.get("/products/harbor").text

    assert "<strong>Good</strong>" in page
    assert "alert(1)" not in page and "onclick" not in page


def test_sum_of_a_color_counts_whole_pairs_only(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", sizes=["9", "10"], pairs=5)
    with db.writing():
        from storefront.stock import ledger
        from storefront.stock.ledger import Shoes

        ledger.count(
            product.variants[0].id,
            Shoes(5, 1),
            based_on=Shoes(5, 5),
            by="Test",
            now=product.created_at,
        )

    assert "6 in stock" in client.get("/products/harbor").text
    free = db.session.scalars(select(Variant.free_pairs).order_by(Variant.id)).all()
    assert list(free) == [1, 5]


def shown_price(page: str) -> str:
    found = re.search(r'class="(?:product|card)__price">(.*?)</p>', page, re.DOTALL)
    assert found is not None
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", found[1])).strip()


@pytest.mark.parametrize(
    ("nine", "ten", "whole", "card", "of_nine", "of_ten"),
    [
        (
            (5000, None), (8000, 10000),
            "From $50.00 a pair", "From $50.00", "$50.00 a pair", "$80.00 was $100.00 a pair",
        ),
        (
            (5000, 6000), (8000, 10000),
            "From $50.00 was $60.00 a pair", "From $50.00 was $60.00",
            "$50.00 was $60.00 a pair", "$80.00 was $100.00 a pair",
        ),
        (
            (5000, 5000), (5000, 4000),
            "$50.00 a pair", "$50.00", "$50.00 a pair", "$50.00 a pair",
        ),
        (
            (0, 99_999_999), (99_999_999, None),
            "From $0.00 was $999,999.99 a pair", "From $0.00 was $999,999.99",
            "$0.00 was $999,999.99 a pair", "$999,999.99 a pair",
        ),
    ],
)  # fmt: skip
def test_an_earlier_price_stands_beside_its_own_price_alone(
    client: FlaskClient,
    make: Make,
    nine: tuple[int, int | None],
    ten: tuple[int, int | None],
    whole: str,
    card: str,
    of_nine: str,
    of_ten: str,
) -> None:
    make.product("harbor", sizes=["9", "10"], colors=["Moss", "Sand"])
    with db.writing():
        for size, (price, compare_at) in (("9", nine), ("10", ten)):
            db.session.execute(
                update(Variant)
                .where(Variant.size == size)
                .values(price_minor=price, compare_at_minor=compare_at)
            )

    assert shown_price(client.get("/products/harbor").text) == whole
    assert shown_price(client.get("/collections/all").text) == card
    for size, told in (("9", of_nine), ("10", of_ten)):
        page = client.get(f"/products/harbor?variant=harbor-moss-{size}-wide").text
        assert shown_price(page) == told


def test_a_chosen_size_does_not_hide_what_the_others_cost(client: FlaskClient, make: Make) -> None:
    make.product("harbor", sizes=["9", "10"])
    with db.writing():
        db.session.execute(update(Variant).where(Variant.size == "10").values(price_minor=9900))

    page = client.get("/products/harbor?variant=harbor-moss-9-wide").text

    assert re.findall(r'class="size__price" data-price>([^<]+)<', page) == ["$89.00", "$99.00"]


def test_fit_advice_keeps_length_width_and_depth_apart(client: FlaskClient, make: Make) -> None:
    make.product("deep", widths=("Wide", "Extra wide"), depth_mm=62, size_label="US men's size")
    make.product("horn", sizes=("",), widths=("",))

    page = client.get("/products/deep").text

    for words in ("you need a wider shoe, not a longer one. This one is made in Wide and Extra",
                  "this one is 62 mm deep", "do not take a longer shoe to make room for a brace",
                  "can make you trip", '<td data-label="EU">42.5</td>'):  # fmt: skip
        assert words in page
    assert "Choosing your size" not in client.get("/products/horn").text


def test_articles_that_lead_to_a_shoe_are_on_its_page(client: FlaskClient, make: Make) -> None:
    make.product("deep")
    make.article("about-it", body="See [it](/products/deep?color=moss).")
    make.article("newest", body="[rail: latest]")
    make.article("other", body="See [it](/products/deep-two).")
    for name, tag in (("ours", "deep"), ("theirs", "")):
        with db.writing():
            db.session.add(
                Collection(
                    handle=name, title=name, updated_at=NOW, rule="tag", rule_value="t" + tag
                )
            )
        make.article(name, body=f"[rail: collection {name}]")
    with db.writing():
        db.session.execute(update(Product).where(Product.handle == "deep").values(tags="tdeep"))

    page = client.get("/products/deep").text

    reading = page[page.index('id="reading"') :]
    assert reading.index("/blog/about-it") < reading.index("/blog/newest")
    assert reading.index("/blog/ours") < reading.index("/blog/newest")
    assert "/blog/other" not in reading and "/blog/theirs" not in reading


def test_page_and_card_say_first_whose_size_which_width_hands_and_braces(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", sizes=("9", "10", "11"), widths=("Standard", "Wide", "Extra wide"),
                 size_label="US men's size", hands=1, closure="rear entry")  # fmt: skip
    with db.writing():
        product = db.session.scalars(select(Product)).one()
        for brace in ("SMO", "hinged AFO"):
            db.session.add(ProductBrace(product_id=product.id, brace=brace))
    make.product("plain", sizes=("",), widths=("",))

    page, listing = client.get("/products/harbor").text, client.get("/collections/all").text

    for fact in ("US men&#39;s size 9 to 11", "Standard, Wide or Extra wide",
                 "Rear entry, closes with one hand",
                 "Fits these braces: SMO, hinged AFO"):  # fmt: skip
        assert f"<li>{fact}</li>" in page[: page.index("Add to cart")]
    assert re.findall('card__facts">(.+?)</p>', listing) == [
        "<strong>US men&#39;s size.</strong> Standard to extra wide. Rear entry, closes with one"
        " hand. Fits hinged AFO, SMO."
    ]
    assert '<ul class="glance">' not in client.get("/products/plain").text


def test_sold_out_color_leads_to_the_others_and_to_a_notice_and_offers_no_cart(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", colors=("Moss", "Sand"), sizes=("9", "10"))
    moss = select(Color.id).where(Color.name == "Moss")
    with db.writing():
        db.session.execute(update(Variant).where(Variant.color_id.in_(moss)).values(on_hand_left=0))

    page, other = (client.get(f"/products/harbor?color={one}").text for one in ("moss", "sand"))

    assert "Add to cart" not in page and "We do not know yet when it comes back." in page
    assert re.search(
        r'<p>In stock: <a href="/products/harbor\?color=sand#color" data-swap="color">Sand</a>',
        page,
    )
    assert '<details class="ask" id="notices" open>' in page
    assert re.search(r"button--main[^>]*>Tell me when it is back", page)
    assert page.count('<label class="size size--gone"') == 2  # said in text, for who looks there
    assert "Add to cart" in other and "<p>In stock: " not in other


def test_shop_without_any_pair_of_a_shoe_leads_to_what_is_there(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", pairs=0)

    page = client.get("/products/harbor").text

    assert 'href="/collections/all?available=1"' in page and "Add to cart" not in page


def test_of_several_widths_the_chosen_one_or_the_first_that_is_there_is_shown(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", sizes=["9", "10"], widths=["Standard", "Wide"], pairs=6)
    with db.writing():
        db.session.execute(
            update(Variant)
            .where(Variant.width == "Standard")
            .values(on_hand_left=0, on_hand_right=0)
        )
        db.session.execute(
            update(Variant).where(Variant.sku == "harbor-moss-10-wide").values(on_hand_left=0)
        )

    page = client.get("/products/harbor").text
    chosen = client.get("/products/harbor?variant=harbor-moss-9-standard").text

    asked = client.get("/products/harbor?width=Standard").text

    wide = {"harbor-moss-9-wide": "", "harbor-moss-10-wide": "disabled"}
    standard = {"harbor-moss-9-standard": "disabled", "harbor-moss-10-standard": "disabled"}
    assert radios(page) == radios(client.get("/products/harbor?width=none").text) == wide
    assert radios(chosen).keys() == radios(asked).keys() == standard.keys()
    assert page.count("Add to cart") == 1 and "Add to cart" not in asked
    links = re.findall(r'href="([^"]+)"( aria-current="true")? data-swap="width">([^<]+)', page)
    assert links == [
        ("/products/harbor?color=moss&amp;width=Standard#width", "", "Standard: "),
        (
            "/products/harbor?color=moss&amp;width=Wide#width",
            ' aria-current="true"',
            "Wide: 1 of 2 sizes in stock",
        ),
    ]
    assert '<span class="product__gone">sold out</span>' in page


def test_color_leads_to_the_same_width(client: FlaskClient, make: Make) -> None:
    make.product("harbor", colors=["Moss", "Sand"], widths=["Standard", "Wide"])

    page = client.get("/products/harbor?width=Wide&from=walking").text

    assert 'href="/products/harbor?color=sand&amp;width=Wide&amp;from=walking#color"' in page


def test_size_that_is_asked_for_is_chosen_once_its_width_is_and_what_is_lacking_is_said(
    client: FlaskClient, make: Make
) -> None:
    make.product(
        "harbor",
        colors=["Moss", "Sand"],
        sizes=["8", "9", "10"],
        widths=["Standard", "Wide"],
        pairs=2,
    )
    with db.writing():
        for size in db.session.scalars(select(Variant)):
            size.on_hand_left = 0 if size.sku == "harbor-sand-8-wide" else 2
            size.published = size.sku != "harbor-sand-9-wide" and "sand-10" not in size.sku

    def told(query: str) -> tuple[str, list[str]]:
        page = client.get(f"/products/harbor?{query}").text
        checked = [sku for sku, state in radios(page).items() if state == "checked"]
        return "".join(re.findall("data-kept>([^<]+)", page)), checked

    asked, again = "You asked for Size", "Please choose again."
    assert told("size=8") == (f"{asked} 8. Choose a width, then the size.", [])
    assert told("size=Size+9&color=sand") == (f"{asked} 9. It is made in Standard only.", [])
    assert told("size=8&width=Wide") == ("Size 8 is chosen.", ["harbor-moss-8-wide"])
    in_sand = "width=Wide&color=sand"
    assert told(f"size=8&{in_sand}") == (f"Size 8 is not in stock in Sand, Wide. {again}", [])
    assert told(f"size=9&{in_sand}") == (f"Size 9 is not made in Sand, Wide. {again}", [])
    assert told("size=10&color=sand") == (f"Size 10 is not made in Sand. {again}", [])
    assert told("size=19&width=Wide") == told("") == ("", [])
    assert told("variant=harbor-moss-8-wide") == ("", ["harbor-moss-8-wide"])
    page = client.get("/products/harbor?variant=harbor-moss-8-wide").text
    assert 'href="/products/harbor?color=sand&amp;width=Wide&amp;size=8#color"' in page
    assert 'href="/products/harbor?color=moss&amp;width=Standard&amp;size=8#width"' in page


def test_width_over_a_brace_is_named_by_the_width_that_is_usually_taken() -> None:
    scale = ("Standard", "Wide", "Extra wide")
    takes = ("SMO", "foot-up strap", "hinged AFO", "carbon AFO")

    assert braces.widths_over(takes, scale, ("Wide", "Extra wide")) == [
        (
            "hinged AFO",
            "Extra wide if you take Standard without it."
            " Too narrow if you take more than Standard.",
        ),
        (
            "SMO, carbon AFO",
            "Wide if you take Standard without it, Extra wide if you take Wide."
            " Too narrow if you take more than Wide.",
        ),
        ("foot-up strap", "your usual width."),
    ]
    assert braces.widths_over(("solid AFO",), scale, ("Standard", "Wide")) == [
        ("solid AFO", "this shoe is too narrow.")
    ]
    assert braces.too_narrow_for("Wide", takes, scale) == ["hinged AFO"]
    assert braces.too_narrow_for("Standard", takes, scale) == ["SMO", "hinged AFO", "carbon AFO"]
    assert braces.too_narrow_for("Extra wide", takes, scale) == []


def test_width_that_is_too_narrow_over_a_brace_is_named_at_the_button(
    client: FlaskClient, make: Make
) -> None:
    harbor = make.product("harbor", widths=["Standard", "Wide", "Extra wide"])
    with db.writing():
        product = db.session.get_one(Product, harbor.id)
        product.braces = [ProductBrace(brace="hinged AFO"), ProductBrace(brace="foot-up strap")]

    wide = client.get("/products/harbor?width=Wide").text

    assert "Wide is too narrow over: hinged AFO." in wide
    assert "A brace on one side only?" in wide
    assert "<strong>No brace</strong>: your usual width, and one width more" in wide
    assert "Not tried with" not in wide
    assert 'href="/collections/all?singly=1"' in wide
    assert (
        'href="/collections/all?fits=hinged+AFO&amp;singly=1"'
        in client.get("/products/harbor?brace=hinged+AFO").text
    )
    assert "too narrow over" not in client.get("/products/harbor?width=Extra+wide").text
    told = client.get("/products/harbor?width=Extra+wide&brace=hinged+AFO").text
    assert "Over your brace, Extra wide is for those who take Standard without it." in told
    assert "<strong>Hinged AFO</strong>" in told and "<strong>Foot-up strap</strong>" not in told
    assert "width=Wide&amp;brace=hinged+AFO#width" in told
    assert "Width: Extra wide" in client.get("/products/harbor?brace=hinged+AFO").text
    assert "Width: Standard" in client.get("/products/harbor?brace=foot-up+strap").text
    warned = client.get("/products/harbor?width=wide&brace=hinged+AFO").text
    assert '<p class="notice notice--trouble">Wide is too narrow over: hinged AFO.' in warned
    other = client.get("/products/harbor?width=Wide&brace=foot-up+strap").text
    assert "Wide is for those who take Wide" in other and "too narrow over" not in other
    assert "your brace" not in client.get("/products/harbor?width=Wide&brace=none").text


def test_further_pictures_stand_below_the_choices_and_are_announced_at_the_first(
    client: FlaskClient, make: Make
) -> None:
    harbor = make.product("harbor")
    assert 'href="#views"' not in client.get("/products/harbor").text
    with db.writing():
        color = db.session.scalars(select(Color).where(Color.product_id == harbor.id)).one()
        color.pictures.append(
            Picture(key=f"{'1' * 32}.svg", alt="Open", width=8, height=6, position=1)
        )

    page = client.get("/products/harbor").text

    assert 'href="#views">1 more picture</a>' in page
    assert page.index("Add to cart") < page.index('id="views"') < page.index('alt="Open"')


def test_only_width_is_no_choice(client: FlaskClient, make: Make) -> None:
    make.product("harbor", sizes=["9", "10"])

    assert 'data-swap="width"' not in client.get("/products/harbor").text


def test_braces_are_told_apart_where_they_are_chosen_and_named(
    client: FlaskClient, make: Make
) -> None:
    harbor, heron = make.product("harbor"), make.product("heron")
    with db.writing():
        db.session.add_all((harbor, heron))
        harbor.braces = [ProductBrace(brace=name) for name in ("hinged AFO", "Otter brace")]
        heron.braces = [ProductBrace(brace="solid AFO")]

    for address in ("/products/harbor", "/collections/all"):
        page = client.get(address).text
        assert "One piece for the calf" in page and "<dt>Otter" not in page, address
    drawing = re.search(r'src="(/static/braces/hinged.svg\?v=\w+)" alt=""', page)
    assert drawing
    with client.get(drawing[1]) as served:
        assert served.mimetype == "image/svg+xml"
    assert "<dt>Hinged AFO: this shoe takes it</dt>" in client.get("/products/harbor").text
    assert "<dt>Solid AFO: not tried with this shoe</dt>" in client.get("/products/harbor").text


def test_width_inside_is_told_by_width_by_size_and_where_it_was_not_measured(
    client: FlaskClient, make: Make
) -> None:
    harbor = make.product("harbor", sizes=["7", "8", "9"], widths=["Wide", "Extra wide"])
    with db.writing():
        product = db.session.get_one(Product, harbor.id)
        for size in product.variants:
            size.published = size.size != "7" or size.width == "Wide"
        product.inside = [
            InsideWidth(size="8", width="Wide", inside_mm=96),
            InsideWidth(size="9", width="Wide", inside_mm=98),
            InsideWidth(size="9", width="Extra wide", inside_mm=104),
        ]

    page = client.get("/products/harbor").text
    chosen = client.get("/products/harbor?size=9&width=Wide").text

    assert "Wide: 3 of 3 sizes in stock, 96 to 98 mm wide inside</a>" in page
    assert page.count("Not made") == 1
    assert "Extra wide: 2 of 2 sizes in stock, 104 mm wide inside</a>" in page
    assert "<td>Wide: 96 to 98 mm; Extra wide: 104 mm</td>" in page
    assert '<td data-label="Extra wide">Not measured</td>' in page
    assert "measure straight across the widest place of your foot" in page
    assert "Extra wide: 2 of 2 sizes in stock, 104 mm wide inside in size 9</a>" in chosen
    assert "<span data-told-inside>. 98 mm (3.9 in) wide inside</span>" in chosen


def test_width_inside_that_nobody_measured_is_said_to_be_so(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", widths=["Wide", "Extra wide"], depth_mm=62)

    page = client.get("/products/harbor").text

    assert "wide inside" not in page and 'id="inside"' not in page
    assert "we have not measured the width inside" in page
    assert re.search(r"Width inside at the ball, insole out</th><td>Not measured<", page)


def test_width_inside_is_told_of_a_shoe_without_names_for_its_widths(
    client: FlaskClient, make: Make
) -> None:
    harbor = make.product("harbor", sizes=["9"], widths=[""])
    with db.writing():
        product = db.session.get_one(Product, harbor.id)
        product.inside = [InsideWidth(size="9", width="", inside_mm=98)]

    page = client.get("/products/harbor").text

    assert re.search(r"Width inside at the ball, insole out</th><td>98 mm<", page)


def test_page_leads_from_a_brace_that_was_not_tried_to_shoes_that_were(
    client: FlaskClient, make: Make
) -> None:
    meadow = make.product("meadow", widths=["Standard", "Wide"], single_minor=5000)
    heron = make.product("heron", widths=["Wide", "Extra wide"])
    with db.writing():
        for shoe, brace in ((meadow, "SMO"), (heron, "hinged AFO")):
            product = db.session.get_one(Product, shoe.id)
            product.braces = [ProductBrace(brace=brace)]

    page = client.get("/products/meadow").text

    assert (
        "<strong>Not tried with</strong> "
        '<a href="/collections/all?fits=hinged%20AFO">hinged AFO</a>: each name leads' in page
    )
    assert "The narrowest width of this shoe is Standard: if that is loose on" in page
