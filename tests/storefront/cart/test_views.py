"""The cart as a shopper without script uses it."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from storefront.cart.models import Cart, Line
from storefront.catalogue.models import Product, Variant
from storefront.db import db
from storefront.delivery import zones
from storefront.delivery.zones import MethodTerms
from storefront.orders.models import Order
from tests.conftest import browser
from tests.factories import Make

FAR_TOO_MANY = str(10**30)


def add(client: FlaskClient, sku: str, quantity: object = 1, **more: str) -> str:
    answer = client.post("/cart/lines", data={"sku": sku, "quantity": str(quantity), **more})
    assert answer.status_code == 303, answer.text
    return client.get("/cart").text


def quantities(page: str) -> list[int]:
    return [int(n) for n in re.findall(r'name="quantity\.[\d.]+" value="(\d+)" min', page)]


def test_empty_cart_leads_to_the_shoes(client: FlaskClient) -> None:
    page = client.get("/cart")

    assert page.status_code == 200
    assert "Your cart is empty." in page.text
    assert 'href="/collections/all"' in page.text


def test_added_pair_is_in_the_cart_with_its_total(client: FlaskClient, make: Make) -> None:
    make.delivery()
    variant = make.variant(title="Harbor")

    page = add(client, variant.sku, 2)

    assert f"2 pairs of {variant.name} are in your cart." in page
    assert quantities(page) == [2]
    assert "$178.00" in page
    assert "Standard delivery" in page and "Express delivery" in page
    assert "$192.95" in page  # with Express
    assert "Nothing is reserved yet" in page


def test_delivery_is_free_from_its_amount(client: FlaskClient, make: Make) -> None:
    make.delivery()

    page = add(client, make.variant(price_minor=9999).sku)
    assert "$106.94" in page  # 99.99 + 6.95
    assert "Free from $100.00: $0.01 more" in page

    page = add(client, make.variant(price_minor=1).sku)
    assert "Free" in page and "$100.00" in page and "Free from" not in page


def test_same_size_again_adds_up(client: FlaskClient, make: Make) -> None:
    variant = make.variant()

    add(client, variant.sku, 1)

    assert quantities(add(client, variant.sku, 2)) == [3]


def test_cart_says_how_much_is_in_it_and_shows_first_what_came_last(
    client: FlaskClient, make: Make
) -> None:
    first = make.variant(title="Harbor")
    last = make.variant(title="Meadow", single_minor=5000)
    assert "You now have" not in add(client, first.sku, 2)

    page = add(client, last.sku)

    assert f"{last.name} is in your cart. You now have 3 pairs in your cart." in page
    shown = re.findall(r'class="cart__name"><a href="/products/([\w-]+)', page)
    assert shown == [last.product.handle, first.product.handle]
    client.post("/cart/lines", data={"left_sku": last.sku, "quantity": "1"})
    assert "You now have 4 items in your cart." in client.get("/cart").text


def test_more_than_there_is_caps_and_says_so(client: FlaskClient, make: Make) -> None:
    variant = make.variant(pairs=3)

    page = add(client, variant.sku, 5)

    assert quantities(page) == [3]
    assert "there are only 3" in page


def test_adding_to_more_than_there_is_now_lowers_it_and_says_so(
    client: FlaskClient, make: Make
) -> None:
    variant = make.variant(pairs=4)
    add(client, variant.sku, 4)
    make.order((variant, 2))

    answer = client.post("/cart/lines", data={"sku": variant.sku, "quantity": "1"})

    assert answer.status_code == 409
    assert f"{variant.name}: there are only 2, so your cart has 2." in answer.text
    assert quantities(answer.text) == [2]
    assert quantities(client.get("/cart").text) == [2]


@pytest.mark.parametrize("number", ["7", str(10**9)])
def test_number_that_no_order_can_have_caps_and_says_so(
    client: FlaskClient, make: Make, number: str
) -> None:
    variant = make.variant(pairs=50)
    said = f"{variant.name}: an order can have 6 of one size and 12 in all, so your cart has 6"

    added = add(client, variant.sku, int(number))
    client.post(f"/cart/lines/{variant.id}.{variant.id}", data={"quantity": "2"})
    client.post(f"/cart/lines/{variant.id}.{variant.id}", data={"quantity": number})
    changed = client.get("/cart").text

    assert said in added and said in changed
    assert quantities(added) == quantities(changed) == [6]


def test_one_pair_is_said_in_the_singular(client: FlaskClient, make: Make) -> None:
    variant = make.variant(pairs=3)
    add(client, variant.sku, 3)
    make.order((variant, 2))

    assert "There is only 1 pair now." in client.get("/cart").text
    client.post(f"/cart/lines/{variant.id}.{variant.id}", data={"quantity": "3"})
    assert "there is only 1, so your cart has 1." in client.get("/cart").text


def test_more_than_six_of_one_size_caps_and_says_so(client: FlaskClient, make: Make) -> None:
    variant = make.variant(pairs=50)
    add(client, variant.sku, 4)

    page = add(client, variant.sku, 4)

    assert quantities(page) == [6]
    assert "6 of one size" in page


def test_more_than_twelve_in_all_caps_and_says_so(client: FlaskClient, make: Make) -> None:
    for _ in range(2):
        add(client, make.variant(pairs=50).sku, 5)

    page = add(client, make.variant(pairs=50).sku, 5)

    assert quantities(page) == [2, 5, 5]
    assert "12 in all" in page


def test_sold_out_size_is_not_added(client: FlaskClient, make: Make) -> None:
    variant = make.variant(pairs=0)

    answer = client.post("/cart/lines", data={"sku": variant.sku, "quantity": "1"})

    assert answer.status_code == 409
    assert "out of stock" in answer.text
    assert quantities(client.get("/cart").text) == []


@pytest.mark.parametrize(
    ("quantity", "sentence"),
    [
        ("0", "Please choose at least 1."),
        ("-1", "Please choose at least 1."),
        (FAR_TOO_MANY, "a number such as 1"),
        ("two", "a number such as 1"),
        ("", "a number such as 1"),
        ("1.5", "a number such as 1"),
    ],
)
def test_bad_quantity_is_refused_with_a_sentence(
    client: FlaskClient, make: Make, quantity: str, sentence: str
) -> None:
    variant = make.variant()
    add(client, variant.sku, 2)

    answer = client.post("/cart/lines", data={"sku": variant.sku, "quantity": quantity})

    assert answer.status_code == 422
    assert sentence in answer.text
    assert quantities(client.get("/cart").text) == [2]


@pytest.mark.parametrize("quantity", ["-1", FAR_TOO_MANY, "two", ""])
def test_bad_change_is_refused_and_loses_nothing(
    client: FlaskClient, make: Make, quantity: str
) -> None:
    variant = make.variant()
    add(client, variant.sku, 2)

    answer = client.post(f"/cart/lines/{variant.id}.{variant.id}", data={"quantity": quantity})

    assert answer.status_code == 422
    assert quantities(client.get("/cart").text) == [2]


def test_nul_is_refused(client: FlaskClient, make: Make) -> None:
    variant = make.variant()

    answer = client.post("/cart/lines", data={"sku": variant.sku + "\0", "quantity": "1"})

    assert answer.status_code == 400
    assert "character that cannot be kept" in answer.text
    assert client.get("/cart?x=%00").status_code == 400


@pytest.mark.parametrize("sku", ["forged", "x" * 65, "'; DROP TABLE variants; --", ""])
def test_forged_sku_is_refused(client: FlaskClient, make: Make, sku: str) -> None:
    make.variant()

    answer = client.post("/cart/lines", data={"sku": sku, "quantity": "1"})

    assert answer.status_code == 422
    assert "Your cart is empty" in answer.text


@pytest.mark.parametrize("model", [Product, Variant])
def test_unpublished_product_or_size_cannot_be_added(
    client: FlaskClient, make: Make, model: type[Product]
) -> None:
    variant = make.variant()
    with db.writing():
        db.session.execute(update(model).values(published=False))

    answer = client.post("/cart/lines", data={"sku": variant.sku, "quantity": "1"})

    assert answer.status_code == 422
    assert "not sold here" in answer.text


def test_change_and_remove(client: FlaskClient, make: Make) -> None:
    variant = make.variant()
    add(client, variant.sku, 1)
    key = f"{variant.id}.{variant.id}"

    client.post(f"/cart/lines/{key}", data={"quantity": "4"})
    assert quantities(client.get("/cart").text) == [4]

    client.post(f"/cart/lines/{key}", data={"quantity": "0"})
    assert "Your cart is empty." in client.get("/cart").text


def test_changing_what_is_gone_from_the_cart_says_so(client: FlaskClient) -> None:
    answer = client.post("/cart/lines/9.9", data={"quantity": "1"}, follow_redirects=True)

    assert answer.status_code == 200
    assert "not in your cart any more" in answer.text


def test_problems_of_a_line_are_sentences(client: FlaskClient, make: Make) -> None:
    few, gone, moved = make.variant(), make.variant(), make.variant()
    for variant in (few, gone, moved):
        add(client, variant.sku, 3)
    with db.writing():
        db.session.execute(update(Variant).where(Variant.id == gone.id).values(published=False))
        db.session.execute(update(Variant).where(Variant.id == moved.id).values(price_minor=5000))
    make.order((few, 3), state="paid")

    page = client.get("/cart").text

    assert "There are only 2 now" in page
    assert "not sold any more" in page
    assert "price has changed" in page
    assert "Go to payment" not in page


def test_cart_holds_nothing(client: FlaskClient, make: Make) -> None:
    variant = make.variant(pairs=1)

    add(client, variant.sku, 1)

    db.session.rollback()
    held = db.session.scalar(select(Variant.held_left).where(Variant.id == variant.id))
    assert held == 0


def test_cookie_of_another_key_is_an_empty_cart(
    app: Flask, client: FlaskClient, make: Make
) -> None:
    add(client, make.variant().sku)
    cookie = client.get_cookie("cart")
    assert cookie is not None
    stranger = browser(app)
    stranger.set_cookie("cart", cookie.value[:-4] + "AAAA")

    assert "Your cart is empty." in stranger.get("/cart").text


def test_cookies_are_hidden_from_scripts_but_for_the_count(client: FlaskClient, make: Make) -> None:
    answer = client.post("/cart/lines", data={"sku": make.variant().sku, "quantity": "2"})

    cookies = {c.split("=")[0]: c for c in answer.headers.getlist("Set-Cookie")}
    assert "HttpOnly" in cookies["cart"] and "SameSite=Lax" in cookies["cart"]
    assert "HttpOnly" not in cookies["cart_count"]
    assert cookies["cart_count"].startswith("cart_count=2;")


def test_fullest_cart_fits_its_cookie(app: Flask) -> None:
    lines = tuple(Line(10**12 + n, 10**12 + n, 1, "a" * 80, 99_999_999) for n in range(12))
    cart = Cart("x" * 22, lines, "US", "a" * 240 + "@example.com")

    from storefront.cart import cookie

    with app.test_request_context():
        response = app.make_response("")
        cookie.write(response, cart)
        assert all(len(c) < 3900 for c in response.headers.getlist("Set-Cookie"))


def test_email_is_kept_and_a_wrong_one_refused(client: FlaskClient, make: Make) -> None:
    make.delivery()
    add(client, make.variant().sku)

    client.post("/cart/delivery", data={"country": "US", "email": "ann@example.com"})
    assert 'value="ann@example.com"' in client.get("/cart").text

    answer = client.post("/cart/delivery", data={"country": "US", "email": "ann@"})
    assert answer.status_code == 422
    assert "does not look like an email address" in answer.text


@pytest.mark.parametrize("country", ["DE", "", "USA", "'"])
def test_country_not_served_is_refused_in_a_sentence(
    client: FlaskClient, make: Make, country: str
) -> None:
    make.delivery()
    add(client, make.variant().sku)

    answer = client.post("/cart/delivery", data={"country": country, "email": ""})

    assert answer.status_code == 422
    assert "do not send to that country" in answer.text


def test_own_waiting_order_never_blocks_its_cart(client: FlaskClient, make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    add(client, variant.sku)
    client.post("/checkout")

    page = client.get("/cart").text

    assert "of yours waits for payment" in page
    assert "Not available now" not in page
    assert client.post("/checkout").status_code == 303
    db.session.rollback()
    assert db.session.scalar(select(func.count(Order.id))) == 1


def test_paying_is_said_to_be_missing_without_a_key(app: Flask, make: Make) -> None:
    make.delivery()
    variant = make.variant()
    key, app.config["STRIPE_SECRET_KEY"] = app.config["STRIPE_SECRET_KEY"], ""
    try:
        client = browser(app)
        assert "Paying is not set up" in add(client, variant.sku)
        assert client.post("/checkout").status_code == 503
    finally:
        app.config["STRIPE_SECRET_KEY"] = key


def test_number_that_was_typed_is_not_lost_when_paying(client: FlaskClient, make: Make) -> None:
    make.delivery()
    variant = make.variant()
    add(client, variant.sku, 2)
    field = f"quantity.{variant.id}.{variant.id}"

    answer = client.post("/checkout", data={field: "1"})

    assert (answer.status_code, answer.headers["Location"]) == (303, "/cart")
    page = client.get("/cart").text
    assert quantities(page) == [1]
    assert "look at the new total" in page
    db.session.rollback()
    assert db.session.scalar(select(func.count(Order.id))) == 0
    assert client.post("/checkout", data={field: "1"}).status_code == 303


def test_all_numbers_that_were_typed_are_changed_at_once(client: FlaskClient, make: Make) -> None:
    one, two = make.variant(), make.variant()
    add(client, one.sku, 2)
    add(client, two.sku, 2)
    fields = {f"quantity.{one.id}.{one.id}": "3", f"quantity.{two.id}.{two.id}": "0"}

    client.post(f"/cart/lines/{two.id}.{two.id}", data=fields)

    assert quantities(client.get("/cart").text) == [3]


def test_wrong_number_that_was_typed_stops_the_payment(client: FlaskClient, make: Make) -> None:
    make.delivery()
    variant = make.variant()
    add(client, variant.sku, 2)

    answer = client.post("/checkout", data={f"quantity.{variant.id}.{variant.id}": "-1"})

    assert answer.status_code == 422
    assert f"{variant.name}: Please write a number such as 1, 2 or 6." in answer.text
    assert quantities(client.get("/cart").text) == [2]


def test_number_and_email_that_were_typed_are_still_there_when_one_of_them_is_wrong(
    client: FlaskClient, make: Make
) -> None:
    make.delivery()
    variant = make.variant()
    add(client, variant.sku, 2)
    fields = {f"quantity.{variant.id}.{variant.id}": "3", "country": "US", "email": "ann@nowhere"}

    answer = client.post("/checkout", data=fields)

    assert answer.status_code == 422
    assert quantities(answer.text) == [3]
    assert "data-unsummed>" in answer.text
    assert "data-unsummed hidden>" in client.get("/cart").text
    assert 'value="ann@nowhere"' in answer.text
    assert '<a href="#cart-email">That does not look like an email address' in answer.text
    assert 'id="cart-email-error">That does not look like' in answer.text
    assert 'cart-email-error" aria-invalid="true"' in answer.text


def test_new_number_of_pairs_keeps_the_email_that_was_typed(
    client: FlaskClient, make: Make
) -> None:
    make.delivery()
    variant = make.variant()
    add(client, variant.sku, 2)
    line = f"{variant.id}.{variant.id}"
    fields = {f"quantity.{line}": "3", "country": "US", "email": "ann@example.com"}

    answer = client.post(f"/cart/lines/{line}", data=fields)
    page = client.get("/cart").text
    wrong = client.post(f"/cart/lines/{line}", data={**fields, "email": "ann"})

    assert answer.status_code == 303
    assert quantities(page) == [3] and 'value="ann@example.com"' in page
    assert wrong.status_code == 422 and 'value="ann"' in wrong.text


def test_number_of_pairs_changes_before_a_country_is_chosen(
    client: FlaskClient, make: Make
) -> None:
    variant = make.variant()
    add(client, variant.sku, 2)
    line = f"{variant.id}.{variant.id}"
    fields = {f"quantity.{line}": "3", "country": "", "email": "ann@example.com"}

    answer = client.post(f"/cart/lines/{line}", data=fields)
    page = client.get("/cart").text

    assert answer.status_code == 303 and quantities(page) == [3]
    assert client.post(f"/cart/lines/{line}", data={**fields, "country": "XX"}).status_code == 422


@pytest.mark.parametrize(
    ("referrer", "back"),
    [
        ("http://localhost/products/harbor?color=sand", "/products/harbor?color=sand"),
        ("http://localhost/cart", ""),
        ("http://other.example/products/harbor", ""),
        ('http://localhost/products/"><script>', "/products/&#34;&gt;&lt;script&gt;"),
    ],
)
def test_who_chose_no_size_is_led_back_to_the_shoe(
    client: FlaskClient, referrer: str, back: str
) -> None:
    answer = client.post("/cart/lines", data={"quantity": "1"}, headers={"Referer": referrer})

    assert answer.status_code == 422 and "choose a size" in answer.text
    assert (f'href="{back}#sizes">Back to the shoe' in answer.text) is bool(back)


def test_cart_shows_the_picture_the_total_and_a_way_to_another_size(
    client: FlaskClient, make: Make
) -> None:
    variant = make.variant(handle="harbor", colors=("Moss",), price_minor=8900)
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": "2"})

    page = client.get("/cart").text

    assert re.search(r'class="cart__picture" src="/media/[^"]+" alt=""', page)
    key = f"{variant.id}.{variant.id}"
    assert (
        f'href="/products/harbor?variant={variant.sku}&amp;instead={key}&amp;pairs=2#instead"'
        in page
    )
    assert page.index("$178.00") < page.index("cart__lines")  # at once, above the lines


def test_payment_takes_the_email_that_was_typed_and_refuses_a_wrong_one(
    client: FlaskClient, make: Make
) -> None:
    make.delivery()
    add(client, make.variant().sku)

    wrong = client.post("/checkout", data={"country": "US", "email": "nonsense"})
    paying = client.post("/checkout", data={"country": "US", "email": "ann@example.com"})

    assert wrong.status_code == 422 and "does not look like an email" in wrong.text
    assert 'value="nonsense"' in wrong.text  # nothing that was typed is lost
    assert paying.status_code == 303 and "/cart" not in paying.location
    assert 'value="ann@example.com"' in client.get("/cart").text


def test_other_country_is_looked_at_before_paying(client: FlaskClient, make: Make) -> None:
    make.delivery()
    with db.writing():
        way = MethodTerms("Post", 1900, None, None, None)
        zones.save(None, name="Canada", countries=["CA"], methods=[way])
    add(client, make.variant().sku)
    client.post("/cart/delivery", data={"country": "US"})

    answer = client.post("/checkout", data={"country": "CA", "email": ""}, follow_redirects=True)

    assert "look at the new total" in answer.text and db.session.scalar(select(Order.id)) is None


def test_what_was_taken_out_is_put_back_by_one_button(client: FlaskClient, make: Make) -> None:
    make.product("harbor", pairs=5)
    client.post("/cart/lines", data={"sku": "harbor-moss-9-wide", "quantity": "2", "from": "a"})
    page = client.get("/cart").text
    key = re.search(r"/cart/lines/([0-9.]+)", page)
    assert key and "Put it back" not in page

    client.post(f"/cart/lines/{key[1]}", data={"quantity": "0"})
    emptied = client.get("/cart").text
    form = emptied[emptied.index('action="/cart/lines"') : emptied.index("Put it back")]
    client.post("/cart/lines", data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)))

    assert "Your cart is empty" in emptied
    back = client.get("/cart").text
    assert 'value="2" min="0"' in back and "Moss, Size 9, Wide" in back


def test_another_size_takes_the_place_of_the_one_that_was_chosen(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", colors=["Moss", "Sand"], sizes=["9", "10"], pairs=5)
    page = add(client, "harbor-moss-9-wide", 2)
    other = re.search(r'href="(/products/harbor[^"]+)"[^>]*>Choose another', page)
    assert other
    product = client.get(other[1].replace("&amp;", "&").split("#")[0]).text
    instead = re.search(r'name="instead" value="([^"]+)"', product)

    assert instead and "takes the place of 2 pairs of Moss, Size 9, Wide." in product
    assert "Change to this" in product and 'name="quantity" value="2"' in product
    assert (
        f"color=sand&amp;width=Wide&amp;size=9&amp;instead={instead[1]}&amp;pairs=2#color"
        in product
    )
    page = add(client, "harbor-sand-10-wide", instead=instead[1])
    assert "This replaces 2 of Moss, Size 9, Wide." in page
    assert quantities(page) == [1] and "Sand, Size 10, Wide" in page
    page = add(client, "harbor-moss-10-wide", instead=instead[1])  # the same page, used again
    assert quantities(page) == [1] and "This replaces Sand, Size 10, Wide." in page
    add(client, "harbor-sand-9-wide")
    page = add(client, "harbor-moss-9-wide", instead="9.9")  # of two, nobody knows which
    assert quantities(page) == [1, 1, 1] and "takes the place" not in page


def test_number_that_was_typed_is_not_lost_when_another_line_is_taken_out(
    client: FlaskClient, make: Make
) -> None:
    kept, gone = make.variant(pairs=9), make.variant()
    add(client, kept.sku, 4)
    add(client, gone.sku)
    fields = {f"quantity.{kept.id}.{kept.id}": "3", f"quantity.{gone.id}.{gone.id}": "1"}

    client.post(f"/cart/lines/{gone.id}.{gone.id}", data={**fields, "quantity": "0"})

    page = client.get("/cart").text
    assert quantities(page) == [3] and f"{gone.name} was taken out of your cart." in page
    assert f"{kept.name}: now 3 in your cart." in page and "Put it back" in page


def test_exchange_is_taken_back_by_one_button(client: FlaskClient, make: Make) -> None:
    product = make.product("harbor", sizes=["9", "10", "11"], pairs=5)
    nine = product.variants[0].id
    add(client, "harbor-moss-9-wide", 2)
    add(client, "harbor-moss-11-wide")
    page = add(client, "harbor-moss-10-wide", 3, instead=f"{nine}.{nine}")
    assert "3 pairs of Harbor, Moss, Size 10, Wide are in your cart." in page

    form = page[page.index('action="/cart/lines"') : page.index("Change it back")]
    client.post("/cart/lines", data=dict(re.findall(r'name="(\w+)" value="([^"]*)"', form)))

    back = client.get("/cart").text
    assert "Changed back. 2 pairs of Harbor" in back and "Change it back" not in back
    assert quantities(back) == [2, 1] and "Size 9, Wide" in back and "Size 11, Wide" in back
    page = add(client, "harbor-moss-11-wide", instead=f"{nine}.{nine}")
    assert quantities(page) == [2] and "Change it back" not in page  # it would take both
    page = add(client, "harbor-moss-11-wide", 3, instead=f"{nine}.{nine}")  # the same size
    assert quantities(page) == [3] and "now 3 in your cart." in page and "replaces" not in page


def test_what_cannot_be_had_takes_no_place(client: FlaskClient, make: Make) -> None:
    make.product("harbor", pairs=5)
    make.product("gone", pairs=0)
    page = add(client, "harbor-moss-9-wide", 2)
    key = re.search(r"/cart/lines/([0-9.]+)", page)
    assert key

    for sku, status in (("gone-moss-9-wide", 409), ("none", 422)):
        answer = client.post("/cart/lines", data={"sku": sku, "instead": key[1]})
        assert answer.status_code == status
    assert quantities(client.get("/cart").text) == [2]
