"""The journeys of shopper, reader and staff in a browser, with script and without."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.db import db
from storefront.staff.demo import DEMO_EMAIL, DEMO_PASSWORD
from tests.browser.conftest import Shop
from tests.payments import GOOD_CARD

pytestmark = pytest.mark.browser
with_and_without = pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])


def free_pairs(shop: Shop, sku: str) -> int:
    with shop.app.app_context():
        return db.session.scalars(select(Variant.free_pairs).where(Variant.sku == sku)).one()


def choose_first_size(page: Page) -> str:
    """Choose the first size of the shown color that is there; return its sku."""
    radio = page.locator("input[name=sku]:not([disabled])").first
    radio.check(force=True)
    return radio.get_attribute("value") or ""


def fill_payment(page: Page) -> None:
    expect(page.get_by_text("No money moves").first).to_be_visible()
    for name, value in {
        "email": "shopper@example.com",
        "name": "Ann Example",
        "line1": "1 Main Street",
        "city": "Santa Barbara",
        "postal_code": "93101",
        "card": GOOD_CARD,
    }.items():
        page.fill(f"[name={name}]", value)


def to_payment(page: Page, *, script: bool) -> None:
    page.get_by_role("button", name="Add to cart").click()
    if script:
        dialog = page.get_by_role("dialog", name="Cart")
        expect(dialog).to_be_visible()
        expect(page.locator("cart-count")).to_contain_text("(1)")
        dialog.get_by_role("button", name="Go to payment").first.click()
    else:
        expect(page).to_have_url(re.compile("/cart$"))
        page.get_by_role("button", name="Go to payment").first.click()


def sign_in(page: Page) -> None:
    page.goto("/staff")
    page.fill("[name=email]", DEMO_EMAIL)
    page.fill("[name=password]", DEMO_PASSWORD)
    page.locator("main [type=submit]").click()
    expect(page).to_have_url(re.compile("/staff/?$"))


@with_and_without
def test_reader_becomes_a_shopper_and_staff_see_it(
    shop: Shop, open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/blog/walking-with-foot-drop")
    rail = page.get_by_role("region", name="With a foot-up strap")
    expect(rail.locator(".stock").first).to_be_visible()
    rail.get_by_role("heading", level=3).first.get_by_role("link").click()
    expect(page).to_have_url(re.compile("from=walking-with-foot-drop"))
    other = page.locator("[data-swap=color]:not([aria-current])").first
    name = other.inner_text().split("\n")[0].strip()
    other.click()
    expect(page.get_by_role("heading", name=f"Color: {name}")).to_be_visible()
    sku = choose_first_size(page)
    before = free_pairs(shop, sku)

    to_payment(page, script=script)
    assert free_pairs(shop, sku) == before - 1
    fill_payment(page)
    page.locator("button[name=pay]").click()

    expect(page.get_by_text("Your order is paid")).to_be_visible()
    number = re.search(r"Order (\d+)", page.inner_text("h1"))
    assert number is not None
    assert free_pairs(shop, sku) == before - 1
    page.goto("/cart")
    expect(page.get_by_text("Your cart is empty.")).to_be_visible()

    staff = open_page(script=script)
    sign_in(staff)
    staff.goto("/staff/orders")
    staff.get_by_role("link", name=re.compile(number[1])).first.click()
    expect(staff.get_by_text("Ann Example").first).to_be_visible()
    staff.goto(f"/staff/stock/{sku}")
    expect(staff.get_by_text(f"Order {number[1]}").first).to_be_visible()


def test_what_cannot_be_put_into_the_cart_is_said_in_the_form_itself(
    shop: Shop, open_page: Callable[..., Page]
) -> None:
    page = open_page(script=True)
    page.goto("/products/heron-rear-entry")

    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("main [role=alert]")).to_have_text("Please choose a size first.")

    choose_first_size(page)
    expect(page.locator("main [role=alert]")).to_be_hidden()
    page.locator("main [name=quantity]").first.fill("0")
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("main [role=alert]")).to_have_text("Please choose at least 1.")
    expect(page.get_by_role("dialog", name="Cart")).not_to_be_visible()

    page.locator("main [name=quantity]").first.fill("1")
    page.get_by_role("button", name="Add to cart").click()
    drawer = page.get_by_role("dialog", name="Cart")
    expect(drawer).to_be_visible()
    expect(page.locator("main [role=alert]")).to_have_count(0)
    unsummed = drawer.get_by_text("The new number is not in the sums yet: press Update.")
    expect(unsummed).to_be_hidden()
    drawer.locator(".cart__quantity").first.fill("2")
    expect(unsummed).to_be_visible()
    drawer.get_by_role("button", name="Update").first.click()
    expect(drawer.get_by_text("now 2 in your cart.")).to_be_visible()
    expect(unsummed).to_be_hidden()


@with_and_without
def test_shopper_whose_feet_differ_buys_two_sizes(
    shop: Shop, open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/products/heron-rear-entry?color=charcoal")
    page.get_by_text("Feet that differ, or one shoe").click()
    page.get_by_label("Left shoe").select_option("heron-rear-entry-charcoal-8-wide")
    page.get_by_label("Right shoe").select_option("heron-rear-entry-charcoal-10-extra-wide")

    page.get_by_role("button", name="Add these to cart").click()

    part = page.get_by_role("dialog", name="Cart") if script else page
    expect(part.locator(".cart__choice")).to_have_text(
        "Charcoal, US men's size: left 8 Wide, right 10 Extra wide"
    )
    part.get_by_role("button", name="Go to payment").first.click()
    fill_payment(page)
    page.locator("button[name=pay]").click()
    expect(page.get_by_text("Your order is paid")).to_be_visible()
    expect(page.get_by_text("left 8 Wide, right 10 Extra wide")).to_be_visible()


@with_and_without
def test_staff_count_a_size(shop: Shop, open_page: Callable[..., Page], script: bool) -> None:
    page = open_page(script=script)
    sign_in(page)
    with shop.app.app_context():
        sku = db.session.scalars(
            select(Variant.sku).where(Variant.counted, Variant.held_left == 0).limit(1)
        ).one()
    before = free_pairs(shop, sku)
    page.goto(f"/staff/stock?q={sku}")
    field = page.locator("[name=pairs]").first
    field.fill(str(before + 7))
    field.press("Enter")

    expect(page.get_by_text(re.compile("^Saved")).first).to_be_visible()
    assert free_pairs(shop, sku) == before + 7
    if not script:
        return
    page.get_by_text("Reason", exact=True).first.click()
    page.get_by_label("Reason").select_option("corrected")
    field.fill(str(before))
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text(re.compile("^Refused"))).to_be_in_viewport()
    page.get_by_label("Note").fill("Box 12")
    left: list[str] = []
    page.on("dialog", lambda dialog: (left.append(dialog.type), dialog.accept()))
    page.get_by_role("button", name="Save").first.click()
    expect(page.get_by_text(re.compile(f"^Saved: {before} "))).to_be_in_viewport()
    expect(page.get_by_label("Note")).to_be_hidden()
    expect(page.get_by_label("Note")).to_have_value("")
    page.goto("/staff")
    page.go_back()
    assert left == []
    field.press_sequentially("1")
    page.goto("/staff")
    assert left == ["beforeunload"]


@with_and_without
def test_enter_in_a_field_sends_no_order(
    shop: Shop, open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/products/cove-sandal")
    choose_first_size(page)
    to_payment(page, script=script)
    fill_payment(page)
    page.locator("button[name=pay]").click()
    number = re.search(r"Order (\d+)", page.inner_text("h1"))
    assert number
    sign_in(page)
    page.goto(f"/staff/orders/{number[1]}")

    page.get_by_label("Carrier").fill("UPS")
    page.get_by_label("Carrier").press("Enter")

    expect(page.get_by_role("heading", level=1)).to_have_text(
        f"Order {number[1]}: paid, not sent yet"
    )
    expect(page.get_by_label("Carrier")).to_have_value("UPS")
    page.get_by_role("button", name="Mark as sent").click()
    expect(page.get_by_text("is told by email.")).to_be_visible()


def test_purchase_by_keyboard_alone(shop: Shop, open_page: Callable[..., Page]) -> None:
    page = open_page()
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip-link")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, ".card__link")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/products/"))
    tab_to(page, "input[name=sku]")
    page.keyboard.press("Space")
    expect(page.locator("input[name=sku]:checked")).to_have_count(1)
    tab_to(page, "[data-add] button[type=submit]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Cart")).to_be_visible()
    tab_to(page, "dialog .button--main[form=pay]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/pay/**")
    tab_to(page, "[name=email]")
    fill_payment(page)
    tab_to(page, "button[name=pay]")
    page.keyboard.press("Enter")

    expect(page.get_by_text("Your order is paid")).to_be_visible()


def tab_to(page: Page, selector: str, most: int = 120) -> None:
    """Press Tab until an element of this kind has the focus, which must be seen."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate(
            "selector => document.activeElement && document.activeElement.matches(selector)",
            selector,
        ):
            return
    raise AssertionError(f"Tab never reached {selector}")


def test_escape_closes_the_drawer_and_gives_the_focus_back(
    shop: Shop, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto("/products/harbor-two-strap?color=sand")
    choose_first_size(page)
    add = page.get_by_role("button", name="Add to cart")
    add.click()
    expect(page.get_by_role("dialog", name="Cart")).to_be_visible()

    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog", name="Cart")).to_be_hidden()
    expect(add).to_be_focused()


def test_swatch_on_a_card_changes_picture_words_and_link(
    shop: Shop, open_page: Callable[..., Page]
) -> None:
    page = open_page()
    page.goto("/collections/all")
    card = page.locator(".card").first
    picture = card.locator("img").get_attribute("src")

    card.get_by_role("link", name="Sand").click()

    assert card.locator("img").get_attribute("src") != picture
    expect(card.locator("[data-color-name]")).to_contain_text("Sand")
    expect(card.locator("[data-link]")).to_have_attribute("href", re.compile("color=sand"))
    expect(page).to_have_url(re.compile("/collections/all$"))


@with_and_without
def test_comment_leads_to_the_writers_page(
    shop: Shop, open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/blog/your-first-fitting")
    page.fill("[name=name]", "Ben")
    page.fill("[name=email]", "ben@example.com")
    page.fill("[name=body]", "A good hint.")
    page.get_by_role("button", name="Send the comment").click()

    expect(page.get_by_text("waits for approval")).to_be_visible()


@with_and_without
def test_display_settings(shop: Shop, open_page: Callable[..., Page], script: bool) -> None:
    page = open_page(script=script)
    page.goto("/accessibility")
    page.get_by_label("Largest").check()
    page.get_by_label("High, light on black").check()
    page.get_by_role("button", name="Use these settings").click()
    page.goto("/collections/all")

    size, ground = (
        page.locator("html").evaluate("e => getComputedStyle(e).fontSize"),
        page.locator("body").evaluate("e => getComputedStyle(e).backgroundColor"),
    )
    assert (size, ground) == ("32px", "rgb(0, 0, 0)")


BROKEN_WORDS = """() => [...document.querySelectorAll("main :is(td, th, button, label, dt, dd)")]
  .filter((e) => e.offsetParent && !e.querySelector("input, select, svg, table"))
  .filter((e) => !e.closest("thead")) // out of sight where rows are blocks
  .filter((e) => e.innerText.trim())
  .filter((e) => {
    const range = document.createRange();
    range.selectNodeContents(e);
    const lines = new Set([...range.getClientRects()].map((box) => Math.round(box.bottom / 8)));
    return lines.size > e.innerText.trim().split(/[\\s-]+/).length;
  })
  .map((e) => e.innerText)"""


@pytest.mark.parametrize(("width", "text"), [(320, "200"), (390, "100"), (1280, "100")])
def test_no_word_is_broken_and_nothing_scrolls_sideways(
    shop: Shop, open_page: Callable[..., Page], width: int, text: str
) -> None:
    page = open_page(width=width)
    page.goto("/accessibility")
    page.locator(f"[name=text][value='{text}']").check()
    page.get_by_role("button", name="Use these settings").click()
    page.goto("/products/heron-rear-entry")
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("dialog").get_by_role("button", name="Go to payment").first.click()
    fill_payment(page)
    page.locator("button[name=pay]").click()
    expect(page.get_by_text("Your order is paid")).to_be_visible()
    order = page.url
    page.goto("/products/heron-rear-entry")
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()

    for address in (
        "/collections/all",
        "/blog/walking-with-foot-drop",
        "/products/heron-rear-entry",
        "/cart",
        order,
        "/orders/lookup",
    ):
        page.goto(address)

        assert page.evaluate(BROKEN_WORDS) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= width, address


def test_list_is_narrowed_in_place_and_the_back_button_goes_back(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.goto("/collections/all")
    everything = page.inner_text("[data-said]")

    page.get_by_label("Two hands").check()

    expect(page.locator("[data-said]")).to_have_text("1 model: Two hands close it.")
    expect(page).to_have_url(re.compile(r"\?hands=2$"))
    expect(page.get_by_label("Two hands")).to_be_focused()
    expect(page.get_by_label("One hand")).to_be_visible()
    page.get_by_label("Sort by").focus()
    page.get_by_label("Sort by").select_option("price")
    expect(page).to_have_url(re.compile(r"\?sort=price&hands=2$"))
    expect(page.get_by_label("Sort by")).to_be_focused()
    page.go_back()
    page.go_back()
    expect(page.locator("[data-said]")).to_have_text(everything)
    expect(page.get_by_label("Two hands")).not_to_be_checked()


def test_choices_stay_and_the_button_makes_sense_where_nothing_matches(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=1280)
    page.goto("/collections/all?fits=solid+AFO")

    page.get_by_label("Two hands").check()

    expect(page.locator("[data-said]")).to_contain_text("No model is all of this.")
    expect(page.get_by_label("Two hands")).to_be_checked()
    expect(page.get_by_label("Solid AFO", exact=False).first).to_be_checked()
    page.get_by_role("button", name="Show the closest").first.click()
    expect(page).to_have_url(re.compile("fits=solid"))


def test_who_comes_back_from_a_shoe_finds_the_list_as_it_was_left(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=768)
    page.goto("/collections/all")
    page.locator(".filters__summary").click()
    page.locator("summary", has_text="Closure").click()
    page.get_by_label("Hook and loop").check()
    expect(page).to_have_url(re.compile("closure="))
    card = page.get_by_role("link", name=re.compile("Harbor Two-Strap")).first
    card.scroll_into_view_if_needed()
    place = page.evaluate("scrollY")
    assert place > 1000

    card.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbor Two-Strap")
    page.go_back()

    expect(page.locator("[data-filters]")).to_have_attribute("open", "")
    expect(page.get_by_label("Hook and loop")).to_be_visible()
    page.wait_for_function("place => Math.abs(scrollY - place) < 40", arg=place)


def test_color_is_seen_where_it_is_changed_on_a_phone(open_page: Callable[..., Page]) -> None:
    page = open_page(width=390)
    page.goto("/products/harbor-two-strap")
    small = page.locator(".product__small img")
    before = small.get_attribute("src")

    page.get_by_role("link", name="Sand").click()

    expect(small).to_be_in_viewport()
    expect(small).not_to_have_attribute("src", before or "")
    page.set_viewport_size({"width": 768, "height": 900})
    expect(small).to_be_hidden()


def test_list_is_narrowed_without_script(open_page: Callable[..., Page]) -> None:
    page = open_page(width=320, script=False)
    page.goto("/collections/all")

    page.locator(".filters__summary").click()
    page.get_by_label("Hinged AFO").check()
    page.get_by_role("button", name="Show these shoes").first.click()

    expect(page.locator("[data-said]")).to_have_text("2 models: Fits hinged AFO.")
    page.get_by_role("link", name=re.compile("Fits hinged AFO.*remove")).click()
    expect(page).to_have_url(re.compile("/collections/all$"))


@with_and_without
def test_settings_are_seen_before_they_are_kept(
    open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    ground = page.locator("body")
    page.goto("/accessibility")

    page.get_by_label("High, light on black").check()
    page.get_by_role("button", name="Show me first").click()

    expect(ground).to_have_css("background-color", "rgb(0, 0, 0)")
    expect(page.get_by_text("Nothing is kept yet.")).to_be_in_viewport()
    page.goto("/accessibility")
    expect(ground).not_to_have_css("background-color", "rgb(0, 0, 0)")


def test_picture_grows_by_buttons_and_a_change_is_said_once(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=320)
    page.goto("/products/harbor-two-strap?color=sand")

    page.get_by_role("button", name="See it larger").first.press("Enter")
    picture = page.get_by_role("dialog").get_by_role("img")
    before = picture.bounding_box()
    page.get_by_role("button", name="Larger", exact=True).click()
    after = picture.bounding_box()
    assert before and after and after["width"] > before["width"] * 1.4
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="See it larger").first).to_be_focused()

    choose_first_size(page)
    said = page.locator("product-choice + [role=status]")
    expect(said).to_contain_text(
        re.compile(r"Color: Sand\. Width: Wide\. \$109\.00\. .*([0-9]+ in stock|Only [0-9] left)")
    )
    page.locator("[data-swap=color]", has_text="Brick").click()
    lost = "US women's size 6 is not in stock in Brick, Wide. Please choose again."
    expect(said).to_contain_text(f"Color: Brick. Width: Wide. {lost} $109.00. Brick: ")
    expect(page.locator("[data-kept]")).to_have_text(lost)


def test_chosen_width_and_size_stay_when_the_color_changes_and_the_size_when_the_width_does(
    open_page: Callable[..., Page],
) -> None:
    page = open_page()
    page.goto("/products/meadow-zip-walker?color=slate")
    name = page.locator("input[name=sku]:checked + .size__face .size__name")

    page.get_by_role("link", name="Wide: ").first.click()
    expect(page.get_by_role("heading", name="Width: Wide")).to_be_visible()
    sku = choose_first_size(page)
    size = name.inner_text()
    page.get_by_role("link", name="Black").click()

    expect(page.get_by_role("heading", name="Color: Black")).to_be_visible()
    expect(page.get_by_role("heading", name="Width: Wide")).to_be_visible()
    expect(name).to_have_text(size)
    page.get_by_role("link", name="Standard: ").click()
    expect(page.get_by_role("heading", name="Width: Standard")).to_be_visible()
    expect(page.get_by_role("link", name="Standard: ")).to_be_focused()
    expect(page.locator("[data-kept]")).to_have_text(re.compile(f"size {size} is chosen"))
    assert "wide" in sku
    expect(
        page.locator(f"input[value={sku.replace('slate', 'black').replace('wide', 'standard')}]")
    ).to_be_checked()


def test_picture_grows_where_it_is_looked_at_and_moves_by_buttons_and_keys(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=768)
    page.goto("/products/heron-rear-entry")
    page.get_by_text("See it larger").first.click()
    frame = page.locator(".zoom__frame")
    whole = (
        "frame => [frame.scrollWidth - frame.clientWidth, frame.scrollHeight - frame.clientHeight]"
    )
    assert frame.evaluate(whole) == [0, 0]
    expect(page.get_by_role("button", name="Look more to the right")).to_be_disabled()

    page.get_by_role("button", name="Larger", exact=True).click()
    page.keyboard.press("ArrowRight")
    for _ in range(4):
        page.get_by_role("button", name="Look more to the right").click()
    page.get_by_role("button", name="Larger", exact=True).click()

    middle = "frame => (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth"
    assert frame.evaluate(middle) > 0.6
    page.get_by_role("button", name="Close").click()
    expect(page.locator("dialog.zoom")).to_have_count(0)


def test_second_click_of_a_trembling_hand_presses_nothing_that_came_to_lie_under_it(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=390)

    def twice(target: Locator) -> None:
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_timeout(200)
        page.mouse.down(click_count=2)
        page.mouse.up(click_count=2)
        page.wait_for_timeout(300)

    page.goto("/collections/all?size=US+women%27s+size+8&width=Extra+wide")
    twice(page.get_by_role("link", name="US women's size 8 , remove"))
    expect(page).to_have_url(re.compile(r"/collections/all\?width=Extra\+wide$"))
    filters = page.locator("[data-filters]")
    twice(filters.locator("summary").first)
    expect(filters).to_have_attribute("open", "")
    box = page.get_by_label(re.compile("Hinged AFO"))
    box.scroll_into_view_if_needed()
    twice(box)
    expect(box).to_be_checked()
    page.wait_for_timeout(600)
    box.uncheck()  # a second click that is meant is taken
    expect(box).not_to_be_checked()

    page.goto("/products/harbor-two-strap?color=sand&width=Wide")
    twice(page.get_by_role("button", name="See it larger").first)
    twice(page.get_by_role("button", name="Close"))
    expect(page).to_have_url(re.compile("/products/harbor-two-strap"))
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_text("Please choose a size first.")).to_be_visible()
    size = page.locator(".size:not(.size--gone)").nth(2)
    twice(size)
    expect(size.locator("input")).to_be_checked()
    twice(page.get_by_role("button", name="Add to cart"))
    expect(page.locator("dialog.drawer .cart__line")).to_have_count(1)
    expect(page.locator("dialog.drawer .cart__quantity")).to_have_value("1")


def test_link_within_a_page_goes_where_it_says(open_page: Callable[..., Page]) -> None:
    page = open_page(width=390)
    page.goto("/products/harbor-two-strap")

    page.get_by_role("link", name="How to choose your size").click()

    expect(page.locator("#fit")).to_be_in_viewport(ratio=1)
    expect(page.get_by_role("button", name="Add to cart")).not_to_be_in_viewport()


def test_shoes_chosen_for_each_foot_stay_when_the_color_changes(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=768)
    page.goto("/products/heron-rear-entry?color=charcoal")
    page.locator("#feet summary").click()
    page.get_by_label("Left shoe").select_option("heron-rear-entry-charcoal-10-extra-wide")
    page.get_by_label("Right shoe").select_option("heron-rear-entry-charcoal-8-wide")

    page.get_by_role("link", name="Slate blue").click()

    expect(page.get_by_role("heading", name="Color: Slate blue")).to_be_visible()
    left, right = page.get_by_label("Left shoe"), page.get_by_label("Right shoe")
    expect(left).to_be_visible()
    expect(left).to_have_value("heron-rear-entry-slate-blue-10-extra-wide")
    expect(right).to_have_value("heron-rear-entry-slate-blue-8-wide")


@with_and_without
def test_another_width_is_chosen_by_keyboard_and_leaves_one_button(
    open_page: Callable[..., Page], script: bool
) -> None:
    page = open_page(script=script)
    page.goto("/products/meadow-zip-walker")
    tab_to(page, "[data-swap=width]:not([aria-current])")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Width: Wide")).to_be_in_viewport()

    tab_to(page, "input[name=sku]")
    page.keyboard.press("Space")

    expect(page.locator("input[name=sku]:checked")).to_have_count(1)
    expect(page.get_by_role("button", name="Add to cart")).to_have_count(1)


def test_nothing_above_the_button_moves_when_a_size_is_chosen(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=390)
    page.goto("/products/harbor-two-strap?color=charcoal&width=Extra+wide")
    sizes = page.locator(".size:not(.size--gone)")
    sizes.nth(3).scroll_into_view_if_needed()
    before = [sizes.nth(at).bounding_box() for at in range(4)]

    sizes.nth(3).click()

    expect(page.locator("input[name=sku]:checked")).to_have_count(1)
    assert [sizes.nth(at).bounding_box() for at in range(4)] == before
    inside = sizes.nth(3).get_attribute("data-inside")
    assert inside
    expect(page.locator(".product__told")).to_contain_text(f"{inside} wide inside")


def test_back_closes_the_drawer_and_the_large_picture_and_stays_on_the_shoe(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=390)
    page.goto("/collections/all")
    page.goto("/products/meadow-zip-walker")

    for _ in range(2):
        page.get_by_role("button", name="See it larger").first.click()
        expect(page.locator("dialog.zoom")).to_be_visible()
        page.go_back()
        expect(page.locator("dialog.zoom")).to_have_count(0)
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.locator("dialog.drawer")).to_be_visible()
    page.go_back()
    expect(page.locator("dialog.drawer")).to_be_hidden()
    expect(page.locator("[data-added]")).to_have_text(re.compile("is in your cart. See your cart$"))
    expect(page).to_have_url(re.compile("/products/meadow-zip-walker$"))
    expect(page.locator("input[name=sku]:checked")).to_have_count(1)


def test_shoe_is_added_as_usual_again_once_it_has_taken_the_place_of_another(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=390)
    page.goto("/products/meadow-zip-walker?color=slate")
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("dialog", name="Cart")).to_be_visible()
    page.goto("/cart")
    page.get_by_role("link", name="Choose another size or color").click()
    expect(page.get_by_text("Choose what takes the place of 1 pair of Slate")).to_be_in_viewport()
    other = page.locator("input[name=sku]:not([disabled]):not(:checked)")
    other.first.check(force=True)

    page.get_by_role("button", name="Change to this").click()
    expect(page.get_by_role("button", name="Change it back")).to_be_visible()
    page.get_by_role("button", name="Close and go on looking").click()

    expect(page.get_by_text("takes the place")).to_have_count(0)
    page.go_back()
    expect(page.get_by_text("takes the place")).to_have_count(0)
    other.first.check(force=True)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("dialog").get_by_text("You now have 2 pairs in")).to_be_visible()


def test_what_is_said_beside_the_colors_goes_when_another_size_is_chosen(
    open_page: Callable[..., Page],
) -> None:
    page = open_page(width=390)
    page.goto("/products/meadow-zip-walker?color=slate")
    sizes = page.locator("input[name=sku]:not([disabled])")
    sizes.first.check(force=True)

    page.get_by_role("link", name="Black").click()
    expect(page.locator("[data-kept]")).to_have_text(re.compile("is chosen"))
    page.locator("input[name=sku]:not([disabled]):not(:checked)").first.check(force=True)

    expect(page.locator("[data-kept]")).to_be_hidden()
