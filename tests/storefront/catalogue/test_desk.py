"""Products by hand: what staff write is what the shop shows, and nothing typed is lost."""

import re
from datetime import date
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from storefront.catalogue import editing
from storefront.catalogue.handles import Handles
from storefront.catalogue.models import FormerHandle, Picture, Product, Variant
from storefront.db import db
from storefront.stock import ledger
from tests.factories import NOW, Make
from tests.integrity.meanwhile import Meanwhile
from tests.storefront.staff.people import Browser, fresh, signed_in

PRODUCT = {
    "title": "Harbor Two-Strap",
    "handle": "",
    "summary": "Opens wide.",
    "description": "For **swollen** feet.",
    "published": "y",
    "position": "3",
    "size_label": "US size",
    "width_label": "Width",
    "weight_g": "310",
    "hands": "1",
    "removable_insole": "0",
    "fits": "AFO\n\nUCBL\nAFO",
}


@pytest.fixture
def staff(app: Flask) -> Browser:
    return signed_in(app, "stock")


def one(handle: str) -> Product:
    fresh()
    return db.session.scalars(select(Product).where(Product.handle == handle)).one()


def based(product: Product) -> dict[str, str]:
    return {"based_on": product.updated_at.isoformat()}


def photo(kind: str = "JPEG", **how: Any) -> BytesIO:
    file = BytesIO()
    Image.new("RGB", (700, 350), "teal").save(file, kind, **how)
    file.seek(0)
    return file


def whole(content: bytes, **fields: Any) -> dict[str, Any]:
    """A form with a file, of which the client makes no file of its own."""
    file = FileStorage(BytesIO(content), "a.jpg", "file")
    boundary, body = encode_multipart({**fields, "file": file})
    return {"data": body, "content_type": f"multipart/form-data; boundary={boundary}"}


def test_a_product_made_by_hand_is_sold_as_it_was_written(
    staff: Browser, client: FlaskClient
) -> None:
    made = staff.send("/staff/products/new", **PRODUCT)
    assert (made.status_code, made.location) == (303, "/staff/products/harbor-two-strap")
    product = one("harbor-two-strap")
    assert (product.weight_g, product.hands, product.removable_insole) == (310, 1, False)
    assert product.drop_mm is None and product.closure is None
    assert [row.brace for row in product.braces] == ["AFO", "UCBL"]
    assert client.get("/products/harbor-two-strap").status_code == 404

    color = f"/staff/products/harbor-two-strap/colors/{product.colors[0].id}"
    named = staff.send(
        color, **based(product), name="Moss", swatch="#4a5d3a", second_swatch="", place="1"
    )
    product = one("harbor-two-strap")
    sized = staff.send(
        "/staff/products/harbor-two-strap/sizes",
        **based(product),
        sizes="9\n8",
        widths="Wide\nExtra",
        colors=[product.colors[0].id],
        price_minor="89.00",
        single_minor="50",
    )

    assert (named.status_code, sized.status_code) == (303, 303)
    product = one("harbor-two-strap")
    assert [(v.sku, v.price_minor, v.single_minor) for v in product.variants] == [
        ("harbor-two-strap-moss-9-wide", 8900, 5000),
        ("harbor-two-strap-moss-9-extra", 8900, 5000),
        ("harbor-two-strap-moss-8-wide", 8900, 5000),
        ("harbor-two-strap-moss-8-extra", 8900, 5000),
    ]
    assert {v.on_hand_left for v in product.variants} == {0}
    page = client.get("/products/harbor-two-strap").text
    assert "310 g" in page and "Not measured" in page and "<strong>swollen</strong>" in page


WRONG = [
    ({"title": " "}, "Please write a title."),
    ({"handle": "Not a handle"}, "A handle has 1 to 80"),
    ({"handle": "new"}, "address of the shop"),
    ({"handle": "there"}, "Something else has this handle"),
    ({"title": "Ω", "handle": ""}, "Please write a handle"),
    ({"weight_g": "9" * 400}, "Please write a whole number from 1 to 5,000."),
    ({"position": ""}, "Please write a whole number"),
    ({"hands": "3"}, "Not a valid choice"),
    ({"fits": "x" * 81}, "at most 80 characters a line"),
    ({"summary": "x" * 501}, "at most 500 characters"),
]


def test_a_wrong_product_is_refused_in_a_sentence_and_keeps_what_was_typed(
    staff: Browser, make: Make
) -> None:
    make.product("there")
    for wrong, sentence in WRONG:
        answer = staff.send("/staff/products/new", **{**PRODUCT, "vendor": "Typed", **wrong})

        assert answer.status_code == 422, wrong
        assert sentence in answer.text, wrong
        assert 'value="Typed"' in answer.text and 'href="#' in answer.text
    fresh()
    assert db.session.scalars(select(Product.handle)).all() == ["there"]


def test_an_old_address_leads_to_the_product_for_ever_and_to_no_other(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    make.product("harbor", title="Harbor")
    make.product("other")
    for new in ("bay", "cove"):
        product = db.session.scalars(select(Product).where(Product.title == "Harbor")).one()
        address = f"/staff/products/{product.handle}"
        sent = {**PRODUCT, "title": "Harbor", **based(product), "handle": new}
        assert staff.send(address, **sent).location == f"/staff/products/{new}"
        fresh()

    for old in ("harbor", "bay"):
        moved = client.get(f"/products/{old}?color=moss&_external=1")
        assert (moved.status_code, moved.location) == (301, "/products/cove?color=moss&_external=1")
        assert client.get(f"/products/{old}.json").location == "/products/cove.json"
        assert staff.get(f"/staff/products/{old}").status_code == 200
    taken = staff.send(
        "/staff/products/other", **{**PRODUCT, **based(one("other")), "handle": "bay"}
    )
    assert taken.status_code == 422 and "had this handle before" in taken.text
    made = staff.send("/staff/products/new", **{**PRODUCT, "title": "Bay", "handle": ""})
    assert made.location == "/staff/products/bay-2"
    back = staff.send("/staff/products/cove", **{**PRODUCT, **based(one("cove")), "handle": "bay"})
    assert back.location == "/staff/products/bay"
    fresh()
    assert set(db.session.scalars(select(FormerHandle.handle))) == {"harbor", "cove"}


def test_who_saves_second_is_shown_what_moved_and_loses_nothing(staff: Browser, make: Make) -> None:
    product = make.product("harbor", colors=("Moss",))
    seen = based(one("harbor"))
    color, variant = product.colors[0].id, product.variants[0].id
    first = {**PRODUCT, **seen, "handle": "bay", "summary": "Hers."}
    assert staff.send("/staff/products/harbor", **first).status_code == 303

    late = {**PRODUCT, **seen, "handle": "harbor", "summary": "Mine."}
    answer = staff.send("/staff/products/harbor", **late)

    assert answer.status_code == 409
    assert "Mine.</textarea>" in answer.text
    assert "<strong>Summary</strong> is now: Hers." in answer.text
    assert based(one("bay"))["based_on"] in answer.text.replace("&#43;", "+")
    for address, fields in {
        f"colors/{color}": {"name": "Mine", "place": "1"},
        f"variants/{variant}": {"sku": "mine", "price_minor": "1", "weight_g": "0"},
        "sizes": {"sizes": "mine", "widths": "", "colors": [color], "price_minor": "1"},
        "colors/new": {"name": "Mine", "place": "1"},
        "inside": {f"inside_{variant}": "97"},
    }.items():
        answer = staff.send(f"/staff/products/bay/{address}", **seen, **fields)
        assert answer.status_code == 409, address
        assert re.search('Mine|mine|value="97"', answer.text)
    assert [c.name for c in one("bay").colors] == ["Moss"]
    assert staff.send("/staff/products/bay", **{**late, **based(one("bay"))}).status_code == 303


def test_of_two_who_save_at_the_same_time_one_is_told(
    app: Flask, staff: Browser, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.product("harbor")
    colleague, sent = signed_in(app, "stock"), {**PRODUCT, **based(one("harbor"))}
    answers = []
    for address, place, refused in [
        ("harbor", (editing, "locked"), 409),
        ("new", (Handles, "chosen"), 422),
    ]:
        address = f"/staff/products/{address}"
        handle = "same" if refused == 422 else "harbor"
        other = Meanwhile(app, monkeypatch)
        run = other.before if refused == 409 else other.after

        def save(address: str = address, handle: str = handle) -> None:
            answers.append(colleague.send(address, **{**sent, "handle": handle}))

        run(*place, save)
        answers.append(staff.send(address, **{**sent, "handle": handle, "summary": "Mine."}))
        other.over()

        assert other.errors == []
        assert sorted(answer.status_code for answer in answers) == [303, refused]
        answers.clear()


def test_a_size_is_changed_but_for_its_count(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    product = make.product("harbor", sizes=("8", "9"), pairs=4)
    eight, nine = product.variants
    address = f"/staff/products/harbor/variants/{nine.id}"
    good = {
        "sku": "H-9", "size": "9 1/2", "width": "Wide", "price_minor": "79.5", "single_minor": "",
        "compare_at_minor": "89.00", "barcode": "123", "weight_g": "700", "counted": "y",
        "restock_on": "2027-01-02", "on_hand_left": "99",
    }  # fmt: skip

    saved = staff.send(address, **based(one("harbor")), **good)

    assert saved.status_code == 303
    fresh()
    nine = db.session.get_one(Variant, nine.id)
    assert (nine.sku, nine.size, nine.price_minor, nine.compare_at_minor) == (
        "H-9", "9 1/2", 7950, 8900,
    )  # fmt: skip
    assert (nine.restock_on, nine.published, nine.on_hand_left) == (date(2027, 1, 2), False, 4)
    assert ledger.differences() == []
    assert "9 1/2" not in client.get("/products/harbor").text
    assert one("harbor").updated_at > NOW
    for wrong, sentence in [
        ({"sku": eight.sku}, "Another size of the shop has this sku."),
        ({"size": "8"}, "There is such a size"),
        ({"price_minor": ""}, "Please write an amount"),
        ({"price_minor": "1.234"}, "Please write an amount"),
        ({"price_minor": "1e7"}, "Please write an amount"),
        ({"single_minor": "-1"}, "Please write an amount"),
        ({"restock_on": "soon"}, "Please write a day"),
        ({"sku": "a/../b"}, "A sku is one line"),
        ({"counted": ""}, "counted as on hand"),
    ]:
        answer = staff.send(address, **{**based(one("harbor")), **good, **wrong})
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong


def test_missing_sizes_alone_are_made_and_all_stand_in_the_order_written(
    staff: Browser, make: Make
) -> None:
    product = make.product("harbor", colors=("Moss", "Sand"), sizes=("9", "8"), pairs=2)
    make.variant(handle="harbor-moss-7-wide")  # whose sku is in the way
    with db.writing():
        db.session.scalars(select(Variant).where(Variant.size == "9")).first().sku = "mine"  # type: ignore[union-attr]
        other = db.session.scalars(
            select(Variant).join(Product).where(Product.handle == "harbor-moss-7-wide")
        ).one()
        other.sku = "harbor-moss-7-wide"
    sent = {"sizes": "7\n8\n9", "widths": "Wide", "colors": [product.colors[0].id]}

    answers = [
        staff.send("/staff/products/harbor/sizes", **based(one("harbor")), **sent, price_minor="1")
        for _ in range(2)
    ]

    assert [answer.status_code for answer in answers] == [303, 303]
    there = [(v.color.name, v.size, v.sku, v.price_minor) for v in one("harbor").variants]
    assert there[0] == ("Moss", "7", "harbor-moss-7-wide-2", 100)
    assert [size for _, size, *_ in there] == ["7", "8", "8", "9", "9"]
    for wrong in (
        {"colors": ["x"]},
        {"sizes": "\n".join(map(str, range(201)))},
        {"colors": ["7" * 5000]},
    ):
        answer = staff.send(
            "/staff/products/harbor/sizes",
            **{**based(one("harbor")), **sent, "price_minor": "1", **wrong},
        )
        assert answer.status_code == 422, wrong


def test_width_inside_is_written_down_for_all_colors_and_taken_back(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    make.product("harbor", colors=("Moss", "Sand"), sizes=("9", "10"), widths=("Wide", "Extra"))
    page = staff.get("/staff/products/harbor/inside").text
    nine, nine_extra, ten, _ = re.findall(r'name="(inside_[0-9]+)"', page)

    def send(**measured: str) -> int:
        sent = {**based(one("harbor")), **measured}
        return staff.send("/staff/products/harbor/inside", **sent).status_code

    def there() -> list[tuple[str, str, int]]:
        return sorted((row.size, row.width, row.inside_mm) for row in one("harbor").inside)

    assert send(**{nine: "98", nine_extra: "", ten: "100"}) == 303
    assert there() == [("10", "Wide", 100), ("9", "Wide", 98)]
    for color in ("moss", "sand"):
        told = client.get(f"/products/harbor?color={color}").text
        assert "Wide: 2 of 2 sizes in stock, 98 to 100 mm wide inside" in told
    assert (
        f'id="{nine}" inputmode="numeric" name="{nine}" type="text" value="98"'
        in staff.get("/staff/products/harbor/inside").text
    )
    assert send(**{nine: "wide"}) == 422
    assert send(**{nine: "99", ten: ""}) == 303
    assert there() == [("9", "Wide", 99)]
    assert send(**{ten: "101"}) == 303
    assert there() == [("10", "Wide", 101), ("9", "Wide", 99)], "what was not sent stays"


def test_colors_are_named_apart_and_stand_where_they_were_put(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    make.product("harbor", colors=("Moss", "Sand"))
    new = "/staff/products/harbor/colors/new"

    staff.send(new, **based(one("harbor")), name="Night blue", swatch="#000080", place="3")

    third = one("harbor").colors[2]
    assert (third.name, third.slug) == ("Night blue", "night-blue")
    address = f"/staff/products/harbor/colors/{third.id}"
    staff.send(address, **based(one("harbor")), name="Navy", swatch="#000080", place="1")
    assert [color.slug for color in one("harbor").colors] == ["navy", "moss", "sand"]
    for wrong, sentence in [
        ({"name": "moss"}, "a color of that name"),
        ({"name": ""}, "needs a name for each"),
        ({"swatch": "blue"}, "as # and six digits"),
        ({"place": "0"}, "whole number"),
    ]:
        sent = {**based(one("harbor")), "name": "Navy", "place": "1", **wrong}
        answer = staff.send(address, **sent)
        assert (answer.status_code, sentence in answer.text) == (422, True), wrong


def test_pictures_are_added_moved_and_removed_and_shown_in_each_width(
    staff: Browser, client: FlaskClient, make: Make
) -> None:
    color = make.product("harbor").colors[0].id
    address = f"/staff/products/harbor/colors/{color}/pictures"

    def send(place: str = "", **fields: Any) -> int:
        return staff.send(address + place, **based(one("harbor")), **fields).status_code

    assert send(file=(photo(), "x.txt"), alt="A new <shoe>") == 303
    added = one("harbor").colors[0].pictures[1]
    assert (added.alt, added.width, added.height) == ("A new <shoe>", 700, 350)
    assert send(f"/{added.id}", alt="A shoe", action="earlier") == 303
    assert [p.alt for p in one("harbor").colors[0].pictures] == ["A shoe", "harbor in Moss"]
    for page in ("/products/harbor", "/collections/all"):
        text = client.get(page).text
        stem = added.key.partition("-")[0]
        assert f'<source type="image/webp" srcset="/media/{stem}-320.webp 320w' in text
        assert f'src="/media/{added.key}"' in text and "700w" in text
    assert client.get("/products/harbor.json").json["product"]["images"][0]["width"] == 700  # type: ignore[index]
    drawn = one("harbor").colors[0].pictures[1].id
    assert send(f"/{added.id}", alt="A shoe", action="later") == 303
    assert send(f"/{drawn}", alt="x", action="remove") == 303
    assert [(p.alt, p.position) for p in one("harbor").colors[0].pictures] == [("A shoe", 0)]
    assert send(f"/{drawn}", alt="x", action="remove") == 404
    assert send(f"/{added.id}", alt=" ", action="") == 422


def test_a_refused_picture_keeps_what_was_typed_and_a_good_one_is_kept(
    app: Flask, staff: Browser, make: Make
) -> None:
    color = make.product("harbor").colors[0].id
    address = f"/staff/products/harbor/colors/{color}/pictures"
    now = based(one("harbor"))
    for content, sentence in [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture that the shop takes"),
        (b"\0" * (15 * 1024 * 1024 + 1), "larger than 15 MB"),
        (photo().getvalue()[:500], "damaged"),
        (b"", "Please choose a picture"),
    ]:
        sent = whole(content, **now, alt="Typed words", csrf_token=staff.token)
        answer = staff.post(address, **sent)
        assert answer.status_code == 422
        assert sentence in answer.text and 'value="Typed words"' in answer.text
    answer = staff.send(address, **now, kept="0" * 32 + "-700.jpg", alt="x")
    assert answer.status_code == 422
    fresh()
    assert len(db.session.scalars(select(Picture)).all()) == 1

    wordless = staff.send(address, **now, file=(photo("PNG"), "a.png"), alt="")
    key = wordless.text.partition('name="kept" type="hidden" value="')[2].partition('"')[0]
    second = staff.send(address, **now, kept=key, alt="A shoe")

    assert wordless.status_code == 422
    assert '<a href="#alt">Please say what the picture shows' in wordless.text
    assert second.status_code == 303
    assert [p.key for p in one("harbor").colors[0].pictures][1] == key


def test_only_staff_may_send_much_and_only_so_much(app: Flask, make: Make) -> None:
    color = make.product("harbor").colors[0].id
    address = f"/staff/products/harbor/colors/{color}/pictures"
    staff = signed_in(app, "stock")

    stranger = Browser(app).post(address, **whole(b"\0" * 300_000, alt="x"))
    elsewhere = Browser(app).post("/cart/lines", **whole(b"\0" * 300_000))
    too_large = staff.post(address, **whole(b"\0" * 33 * 1024 * 1024, csrf_token=staff.token))

    assert stranger.location == "/staff/sign-in"
    assert (elsewhere.status_code, too_large.status_code) == (413, 413)
    assert "larger than 32 MB" in too_large.text


def test_products_are_found_by_title_handle_and_sku(staff: Browser, make: Make) -> None:
    make.product("harbor", title="Two-Strap")
    make.product("heron", title="Rear Entry", published=False)

    for q, found in {"strap": 1, "heron": 1, "harbor-moss-9": 1, "h": 2, "%": 0, "": 2}.items():
        page = staff.get("/staff/products", query_string={"q": q}).text
        assert page.count('class="lines__go"') == found, q
    assert staff.get("/staff/products/none").status_code == 404
    assert staff.get("/staff/products/harbor/colors/999").status_code == 404
    assert staff.get("/staff/products/harbor/variants/999").status_code == 404
