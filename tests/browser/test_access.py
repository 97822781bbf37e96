"""axe finds nothing, on every kind of page; nothing scrolls sideways at 320 pixels."""

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Shop
from tests.browser.test_journeys import choose_first_size, fill_payment, sign_in

pytestmark = pytest.mark.browser

TAGS = [
    "wcag2a",
    "wcag2aa",
    "wcag2aaa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "best-practice",
]
VIEWS = [(320, "light"), (1280, "light"), (1280, "dark")]
EVERY_VIEW = [(width, scheme) for width in (320, 768, 1280) for scheme in ("light", "dark", "high")]
# The styles of a setting, in place of those of the page's own address; it is there once they are.
SET = """address => new Promise((done) => {
  const link = document.querySelector("link[href^='/preferences.css']");
  link.onload = done;
  link.href = address;
})"""


def at(address: str) -> Callable[[Page], None]:
    return lambda page: page.goto(address) and None


def open_drawer(page: Page) -> None:
    page.goto("/products/harbor-two-strap?color=sand")
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()
    expect(page.get_by_role("dialog", name="Cart")).to_be_visible()


def fill_cart(page: Page) -> None:
    open_drawer(page)
    page.goto("/cart")


def cart_with_error(page: Page) -> None:
    fill_cart(page)
    page.evaluate("document.querySelector('[name=email]').type = 'text'")
    page.fill("[name=email]", "nonsense")
    with page.expect_response("**/checkout"):
        page.get_by_role("button", name="Go to payment").first.click()
    expect(page.get_by_text("does not look like an email").first).to_be_visible()


def waiting_order(page: Page) -> None:
    fill_cart(page)
    page.get_by_role("button", name="Go to payment").first.click()
    page.locator("button[name=cancel]").click()
    expect(page.get_by_text("kept for you until")).to_be_visible()


def comment_with_errors(page: Page) -> None:
    page.goto("/blog/your-first-fitting")
    page.evaluate("document.querySelector('[name=body]').form.noValidate = true")
    page.get_by_role("button", name="Send the comment").click()
    expect(page.get_by_text("Please look at this again")).to_be_visible()


def feet_that_differ(page: Page) -> None:
    page.goto("/products/heron-rear-entry")
    page.get_by_text("Feet that differ, or one shoe").click()
    expect(page.get_by_label("Left shoe")).to_be_visible()


def sold_out(page: Page) -> None:
    """Choose a size that is not there, which opens the form that asks to be told."""
    page.goto("/products/harbor-two-strap")
    page.locator(".size--gone").first.click(force=True)
    expect(page.get_by_text("Tell me when a size is back")).to_be_focused()


def asked_notice(page: Page) -> None:
    sold_out(page)
    page.get_by_label("Email").fill("reader@example.com")
    page.get_by_role("button", name="Tell me when it is back").click()
    expect(page.get_by_role("heading", name="Please open our email")).to_be_visible()


def staff_at(address: str) -> Callable[[Page], None]:
    def go(page: Page) -> None:
        sign_in(page)
        page.goto(address)

    return go


def staff_color(page: Page) -> None:
    staff_at("/staff/products/harbor-two-strap")(page)
    page.get_by_role("link", name="Sand").click()
    expect(page.get_by_text("Add a picture")).to_be_visible()


def article_with_errors(page: Page) -> None:
    staff_at("/staff/articles/your-first-fitting")(page)
    page.fill("[name=sources-0-authors]", "")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Please look at this again")).to_be_visible()


def phone_order(page: Page) -> None:
    staff_at("/staff/phone-orders")(page)
    page.get_by_role("button", name="Start an order by phone").click()
    page.fill("[name=q]", "harbor sand")
    page.get_by_role("button", name="Find").click()
    page.get_by_role("button", name="Add a pair").first.click()
    expect(page.get_by_text("Total with Standard")).to_be_visible()


def phone_order_begun(page: Page) -> None:
    phone_order(page)
    page.get_by_role("button", name="Read it back").click()
    page.get_by_role("button", name="Begin").click()
    expect(page.get_by_text("The link to pay")).to_be_visible()


def sent_order(page: Page) -> None:
    """Buy a pair and send it; end at the form that asks to send it back."""
    fill_cart(page)
    page.get_by_role("button", name="Go to payment").first.click()
    fill_payment(page)
    page.locator("button[name=pay]").click()
    expect(page.get_by_text("Your order is paid")).to_be_visible()
    address, number = page.url, page.inner_text("h1").split()[-1]
    staff_at(f"/staff/orders/{number}")(page)
    page.get_by_role("button", name="Mark as sent").click()
    page.goto(address)
    page.get_by_text("Send something back, or get another size").click()


def asked_return(page: Page) -> None:
    sent_order(page)
    page.get_by_label("Why").select_option("small")
    page.get_by_role("button", name="Ask to send this back").click()
    expect(page.get_by_text("Please send them by")).to_be_visible()


def return_with_errors(page: Page) -> None:
    sent_order(page)
    page.get_by_role("button", name="Ask to send this back").click()
    expect(page.get_by_text("Please say why").first).to_be_visible()


def slip(page: Page) -> None:
    asked_return(page)
    page.get_by_role("link", name="The slip for the box").click()
    expect(page.get_by_text("In this box")).to_be_visible()


def staff_return(page: Page) -> None:
    asked_return(page)
    page.goto("/staff/returns?state=requested")
    page.locator("a.lines__go").first.click()
    expect(page.get_by_text("It has arrived")).to_be_visible()


def received_return(page: Page) -> None:
    staff_return(page)
    page.get_by_role("button", name="Mark as received").click()
    expect(page.get_by_role("heading", name="Settle it")).to_be_visible()


PAGES: dict[str, Callable[[Page], None]] = {
    "home": at("/"),
    "listing": at("/collections/all"),
    "collection": at("/collections/at-home"),
    "listing, narrowed": at("/collections/all?fits=SMO&size=13&color=plum&max_weight=x"),
    "product": at("/products/harbor-two-strap"),
    "product, feet that differ": feet_that_differ,
    "product, sold out": sold_out,
    "color, sold out": at("/products/hearth-wrap?color=plum"),
    "asked notice": asked_notice,
    "staff wanted": staff_at("/staff/notices"),
    "cart empty": at("/cart"),
    "cart": fill_cart,
    "cart drawer": open_drawer,
    "cart with error": cart_with_error,
    "waiting order": waiting_order,
    "asked return": asked_return,
    "return with errors": return_with_errors,
    "slip": slip,
    "staff return": staff_return,
    "staff received return": received_return,
    "staff returns": staff_at("/staff/returns"),
    "article": at("/blog/walking-with-foot-drop"),
    "comment with errors": comment_with_errors,
    "articles": at("/blog"),
    "person": at("/blog/people/mara-lindqvist"),
    "coaches": at("/coaches?near=Portland"),
    "coaches, unknown place": at("/coaches?near=atlantis"),
    "display settings": at("/accessibility"),
    "display settings, looked at": at("/accessibility?text=150&preview=1"),
    "not found": at("/nothing"),
    "fit finder": at("/fit"),
    "kinds of brace": at("/fit/braces"),
    "fit finder, answered": at("/fit?hands=1&size=8&system=US+women%27s&brace=hinged+AFO"),
    "fit finder, nothing fits": at("/fit?depth=199"),
    "fit finder with errors": at("/fit?depth=1999&size=x"),
    "search": at("/search?q=velcro shoe for a leg brace"),
    "search, nothing found": at("/search?q=zzzz"),
    "find your order": at("/orders/lookup"),
    "find your order, asked": at("/orders/lookup?sent=1"),
    "sign-in": at("/staff/sign-in"),
    "staff today": staff_at("/staff"),
    "staff stock": staff_at("/staff/stock"),
    "staff odd shoes": staff_at("/staff/stock?odd=1"),
    "staff products": staff_at("/staff/products"),
    "staff product": staff_at("/staff/products/harbor-two-strap"),
    "staff color": staff_color,
    "staff sizes": staff_at("/staff/products/harbor-two-strap/sizes"),
    "staff width inside": staff_at("/staff/products/harbor-two-strap/inside"),
    "staff collection": staff_at("/staff/collections/at-home"),
    "staff phone order": phone_order,
    "staff phone order begun": phone_order_begun,
    "staff accounts": staff_at("/staff/accounts"),
    "staff orders": staff_at("/staff/orders"),
    "staff payments": staff_at("/staff/payments"),
    "staff comments": staff_at("/staff/comments"),
    "staff mails": staff_at("/staff/mails"),
    "coach": at("/coaches/duluth-harbor-step"),
    "page of words": at("/pages/shipping"),
    "staff articles": staff_at("/staff/articles"),
    "staff article with errors": article_with_errors,
    "staff revisions": staff_at("/staff/articles/your-first-fitting/revisions"),
    "staff preview": staff_at("/staff/articles/your-first-fitting/preview"),
    "staff review": staff_at("/staff/articles/your-first-fitting/review"),
    "staff reviews": staff_at("/staff/reviews"),
    "staff people": staff_at("/staff/people"),
    "staff person": staff_at("/staff/people/mara-lindqvist"),
    "staff coaches": staff_at("/staff/coaches"),
    "staff coach": staff_at("/staff/coaches/duluth-harbor-step"),
    "staff settings": staff_at("/staff/settings"),
    "staff tax": staff_at("/staff/settings/tax"),
    "staff opening": staff_at("/staff/opening"),
    "staff delivery zone": staff_at("/staff/delivery/1"),
    "staff pages": staff_at("/staff/pages"),
    "staff page": staff_at("/staff/pages/returns?draft=1"),
}
IN_THE_GATE = {
    "home", "listing", "product, feet that differ", "cart", "cart drawer", "cart with error",
    "waiting order", "article", "comment with errors", "display settings", "find your order",
    "search",
}  # fmt: skip


@pytest.fixture(scope="module")
def axe() -> Iterator[Axe]:
    yield Axe()


@pytest.mark.parametrize("name", sorted(IN_THE_GATE))
def test_axe_finds_nothing(shop: Shop, open_page: Callable[..., Page], axe: Axe, name: str) -> None:
    page = open_page()
    PAGES[name](page)

    for view in VIEWS:
        look(page, axe, name, *view)


@pytest.mark.long
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_in_any_view(
    shop: Shop, open_page: Callable[..., Page], axe: Axe, name: str
) -> None:
    page = open_page()
    PAGES[name](page)

    for view in EVERY_VIEW:
        look(page, axe, name, *view)


def look(page: Page, axe: Axe, name: str, width: int, scheme: str) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    page.evaluate(SET, f"/preferences.css?contrast={scheme}&view={width}")
    found = axe.run(page, options={"runOnly": {"type": "tag", "values": TAGS}})

    faults = [
        (rule["id"], node["target"], node["failureSummary"])
        for rule in found.response["violations"]
        for node in rule["nodes"]
    ]
    assert faults == [], f"{name} at {width}, {scheme}"
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width, f"{name} scrolls sideways: {wide} px at {width}"
