"""A pair is bought under every condition in which our shoppers look at a page."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser.conftest import Shop
from tests.browser.test_journeys import choose_first_size, fill_payment

pytestmark = pytest.mark.browser
STYLES = Path(__file__).parents[2] / "static" / "css"

# WCAG 2.2, 1.4.12: what a reader may set without losing anything.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
word-spacing: 0.16em !important; } p { margin-bottom: 2em !important; }"""

# What Safari 12, Chrome 70 and Firefox 68 do not all know, so that they leave it out.
NEW_AT_RULES = re.compile(r"@(layer|supports|container|property)\b")
NEW_QUERIES = re.compile(r"@media[^{]*(forced-colors|prefers-contrast|prefers-reduced-motion)")
NEW_SELECTORS = re.compile(r":(focus-visible|has|is|where|focus-within)\b")
NEW_DECLARATIONS = re.compile(
    r"(?<=[{;\s])((row-|column-)?gap|inset[a-z-]*|aspect-ratio|accent-color|text-underline-offset"
    r"|text-decoration-thickness|place-[a-z]+|hyphens)\s*:[^;}]*;?"
    r"|(?<=[{;\s])[a-z-]+\s*:[^;{}]*(\bclamp\(|\bmin\(|\bmax\(|:is\(|anywhere)[^;}]*;?"
)
RULE = re.compile(r"([^{}]*)\{([^{}]*)\}")


def as_an_old_device_reads(css: str) -> str:
    """Return styles without what the oldest devices do not know."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    assert not NEW_AT_RULES.search(css), "the layout would hang on it"
    css = NEW_QUERIES.sub("@media not all and (width: 0)", css)
    css = RULE.sub(lambda rule: "" if NEW_SELECTORS.search(rule[1]) else rule[0], css)
    return NEW_DECLARATIONS.sub("", css)


def old_styles(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, body=as_an_old_device_reads(answer.text()))


CONDITIONS: dict[str, dict[str, Any]] = {
    "400 % zoom": {"viewport": {"width": 320, "height": 256}},
    "text spacing": {"viewport": {"width": 390, "height": 800}, "bypass_csp": True},
    "forced colors": {"viewport": {"width": 1280, "height": 800}, "forced_colors": "active"},
    "oldest styles": {"viewport": {"width": 768, "height": 1024}, "java_script_enabled": False},
    "oldest styles on a phone": {"viewport": {"width": 320, "height": 568},
                                 "java_script_enabled": False},
}  # fmt: skip


@pytest.fixture(params=CONDITIONS)
def page(request: pytest.FixtureRequest, chromium: Browser, shop: Shop) -> Iterator[Page]:
    context = chromium.new_context(base_url=shop.url, **CONDITIONS[request.param])
    context.set_default_timeout(10_000)
    page = context.new_page()
    if request.param.startswith("oldest"):
        page.route(re.compile(r"\.css"), old_styles)
    if request.param == "text spacing":
        page.on("load", lambda loaded: loaded.add_style_tag(content=SPACED))
    yield page
    page.unroute_all(behavior="ignoreErrors")
    context.close()


def fits(page: Page) -> None:
    """Nothing scrolls sideways, and the page is styled."""
    page.wait_for_load_state()
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert width <= 0, page.url
    assert page.evaluate("getComputedStyle(document.body).fontSize") != "16px", page.url


def test_pair_is_found_and_bought(page: Page) -> None:
    page.goto("/")
    fits(page)
    page.get_by_role("link", name="See all shoes").click()
    fits(page)
    page.get_by_role("link", name="Meadow Zip Walker").click()
    fits(page)
    choose_first_size(page)
    page.get_by_role("button", name="Add to cart").click()
    page.get_by_role("button", name="Go to payment").first.click()
    fill_payment(page)
    page.locator("button[name=pay]").click()

    expect(page.get_by_text("Your order is paid")).to_be_visible()
    fits(page)


def test_no_layout_hangs_on_what_old_devices_do_not_know() -> None:
    for file in sorted(STYLES.rglob("*.css")):
        css = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"@layer|@container|:has\(|\binset\s*:|aspect-ratio|clamp\(", css), (
            file
        )
        for selector, body in RULE.findall(css):
            assert "&" not in selector, file  # nesting
            assert not (re.search(r"display:\s*(inline-)?flex", body) and "gap:" in body), file
            alone = ":focus-visible" not in selector or "," not in selector
            assert alone, (file, selector)
