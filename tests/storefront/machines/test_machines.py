"""What machines read says the same as what people read."""

import json
import re
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree

from flask.testing import FlaskClient

from storefront.catalogue.models import Picture, Variant
from storefront.clock import utcnow
from storefront.coaches import demo as coaches
from storefront.db import db
from storefront.machines.feed import readable
from storefront.machines.structured import gtin
from storefront.settings import queries as settings
from tests.factories import NOW, Make
from tests.storefront.returns.sent import take_back

G = "{http://base.google.com/ns/1.0}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
STATES = {"InStock": "in_stock", "LimitedAvailability": "in_stock", "OutOfStock": "out_of_stock"}


def told_by(page: str) -> list[dict[str, Any]]:
    """Return what a page says as JSON-LD, each thing by itself."""
    scripts = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    data = [json.loads(script) for script in scripts]
    return [thing for one in data for thing in one.get("@graph", [one])]


def of_kind(things: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [thing for thing in things if thing["@type"] == kind]


def items(client: FlaskClient) -> dict[str, ElementTree.Element]:
    feed = ElementTree.fromstring(client.get("/feeds/merchant.xml").text)
    return {item.findtext(f"{G}id") or "": item for item in feed.iter("item")}


def test_page_json_ld_feed_and_json_agree_on_every_price_and_stock_state(
    client: FlaskClient, make: Make
) -> None:
    make.delivery()
    product = make.product("harbor", colors=("Moss", "Sea & sand"), sizes=("8", "9"), pairs=0)
    make.product("meadow", colors=("",), sizes=("",), widths=("",), counted=False)
    with db.writing():
        few, many, back, _ = (db.session.get_one(Variant, v.id) for v in product.variants)
        few.on_hand_left = few.on_hand_right = 2
        many.on_hand_left, many.on_hand_right = 9, 10
        many.price_minor, many.compare_at_minor = 7950, 8900
        back.restock_on = utcnow().date() + timedelta(days=40)

    feed = items(client)
    listed = client.get("/products.json").json["products"]
    seen = []
    for product_data in listed:
        address = f"/products/{product_data['handle']}"
        assert client.get(f"{address}.json").json["product"] == product_data
        for variant in product_data["variants"]:
            page = client.get(address, query_string={"variant": variant["sku"]})
            [group] = of_kind(told_by(page.text), "ProductGroup")
            [one] = [v for v in group["hasVariant"] if v.get("sku") == variant["sku"]]
            offer, item = one["offers"], feed.pop(variant["sku"])
            state = offer["availability"].rpartition("/")[2]

            assert offer["price"] == variant["price"] and f"${variant['price']}" in page.text
            assert f'stock--{state}" data-told>{variant["availability"]}<' in page.text
            assert (state != "OutOfStock") == variant["available"]
            assert item.findtext(f"{G}availability") == STATES[state]
            price = item.findtext(f"{G}sale_price") or item.findtext(f"{G}price")
            assert price == f"{variant['price']} USD"
            assert item.findtext("link") == offer["url"]
            seen.append(state)
    assert feed == {}
    assert sorted(seen) == ["InStock", "InStock", "LimitedAvailability", "OutOfStock", "OutOfStock"]


def test_product_says_what_sending_and_sending_back_cost(client: FlaskClient, make: Make) -> None:
    make.delivery()
    take_back(days=45, cost="750")
    make.variant(handle="cheap", price_minor=4000)
    make.variant(handle="dear", price_minor=12_000)

    rates = {}
    for handle in ("cheap", "dear"):
        told = told_by(client.get(f"/products/{handle}").text)
        [variant] = of_kind(told, "ProductGroup")[0]["hasVariant"]
        named = {thing["@id"]: thing for thing in told if "@id" in thing}
        sent = [named[each["@id"]] for each in variant["offers"]["shippingDetails"]]
        returns = named[variant["offers"]["hasMerchantReturnPolicy"]["@id"]]
        rates[handle] = [each["shippingRate"]["value"] for each in sent]
        assert sent[0]["shippingDestination"]["addressCountry"] == ["US"]
        assert returns["merchantReturnDays"] == 45
        assert returns["returnShippingFeesAmount"]["value"] == "7.50"

    assert rates["cheap"][0] != "0.00" and rates["dear"][0] == "0.00"
    shipping = items(client)["cheap-moss-9-wide"].find(f"{G}shipping")
    assert shipping is not None
    assert shipping.findtext(f"{G}price") == f"{rates['cheap'][0]} USD"


def test_map_of_the_site_lists_what_readers_see_and_each_address_answers(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor")
    make.product("hidden", published=False)
    make.article("walking")
    with db.writing():
        coaches.load()

    found = ElementTree.fromstring(client.get("/sitemap.xml").text)
    addresses = [one.text or "" for one in found.iter(f"{SITEMAP}loc")]
    paths = [address.removeprefix("http://localhost") for address in addresses]

    assert {"/", "/collections/all", "/products/harbor", "/blog/walking"} <= set(paths)
    assert "/products/hidden" not in paths and len(paths) == len(set(paths))
    assert any(path.startswith("/coaches/") for path in paths)
    for path in paths:
        page = client.get(path)
        assert page.status_code == 200 and 'content="noindex"' not in page.text, path
    robots = client.get("/robots.txt").text
    assert "Sitemap: http://localhost/sitemap.xml" in robots and "Disallow: /cart" in robots


def test_shop_that_is_not_open_is_on_no_map_and_in_no_feed(client: FlaskClient, make: Make) -> None:
    make.product("harbor")
    with db.writing():
        settings.keep({"OPENED_AT": ""}, by="Test", now=NOW)

    assert "<loc>" not in client.get("/sitemap.xml").text
    assert items(client) == {}


def test_places_say_where_they_are_and_where_the_page_stands(client: FlaskClient) -> None:
    with db.writing():
        coaches.load()

    told = told_by(client.get("/coaches/duluth-harbor-step").text)

    [place] = of_kind(told, "LocalBusiness")
    assert place["address"]["postalCode"] == "55802" and place["telephone"] == "218-555-0137"
    [path] = of_kind(told, "BreadcrumbList")
    assert [step["name"] for step in path["itemListElement"]][:2] == ["Home", "Coaches"]


def test_names_from_outside_break_out_of_no_script_and_no_feed(
    client: FlaskClient, make: Make
) -> None:
    title = "</script><b>&\x0b]]>"
    make.product("odd", title=title, summary=title)

    told = told_by(client.get("/products/odd").text)

    assert of_kind(told, "ProductGroup")[0]["name"] == title
    assert items(client)["odd-moss-9-wide"].findtext("title") == "</script><b>&]]>, Moss, 9 Wide"


def test_only_numbers_with_a_right_check_digit_are_told_as_gtin() -> None:
    assert gtin("4006381333931") == "4006381333931"
    assert [gtin(text) for text in ("4006381333932", "123", "", "٤٠٠٦٣٨١٣٣٣٩٣١")] == [""] * 4
    assert readable("a\x00b\ud800c\t") == "abc\t"


def test_what_is_shared_has_a_title_and_a_picture_that_answers(
    client: FlaskClient, make: Make
) -> None:
    product = make.product("harbor", summary="Two straps.")
    make.article("walking")
    with db.writing():
        coaches.load()

    for address in ("/", "/collections/all", "/products/harbor", "/blog/walking",
                    "/coaches/duluth-harbor-step"):  # fmt: skip
        said = dict(re.findall(r'property="og:(.*?)" content="(.*?)"', client.get(address).text))
        assert said["title"] and said["url"] == f"http://localhost{address}", address
        with client.get(said["image"].removeprefix("http://localhost")) as picture:
            assert picture.status_code == 200
    with db.writing():
        db.session.get_one(Picture, product.colors[0].pictures[0].id).key = f"{'0' * 31}0-320.jpg"
    assert f"/media/{'0' * 31}0-320.jpg" in client.get("/products/harbor").text.split("og:image")[1]
