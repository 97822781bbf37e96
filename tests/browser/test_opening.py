"""From an empty database to a shop that sells, by staff pages and `flask staff add` alone."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from storefront.db import db
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.pages.writing import GAP
from tests.browser.conftest import Shop, serve
from tests.browser.test_journeys import choose_first_size, fill_payment, to_payment
from tests.conftest import WEBHOOK_SECRET, browser
from tests.payments import Company, deliver

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "walnut harbor seven kites"


@pytest.fixture
def empty_shop(
    make_database: Callable[..., str],
    company: Company,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Shop]:
    """Serve a shop with an empty database; its mails are taken by somebody who keeps none."""
    monkeypatch.setattr(jobs, "deliver", lambda message: None)
    with serve(make_database("sqlite", "opening"), company, tmp_path_factory, DEMO=False) as shop:
        shop.app.config["SMTP_URL"] = "smtp://mail.example"
        yield shop


@pytest.fixture
def page(chromium: Browser, empty_shop: Shop) -> Iterator[Page]:
    context = chromium.new_context(base_url=empty_shop.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    yield context.new_page()
    context.close()


def fill(page: Page, address: str, fields: dict[str, str], button: str = "Save") -> None:
    """Open a page of the desk, fill its form and send it; it must be taken."""
    page.goto(address)
    send(page, fields, button)


def send(page: Page, fields: dict[str, str], button: str = "Save") -> None:
    for name, value in fields.items():
        page.fill(f"[name='{name}']", value)
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_text("Please look at this again")).to_have_count(0)


def take_over(page: Page, app: Flask) -> None:
    """Add the owner on the command line, and set the password by the link that is printed."""
    said = app.test_cli_runner().invoke(args=["staff", "add", "ann@example.com", "--role", "owner"])
    fields = {"password": PASSWORD, "password_confirm": PASSWORD}
    fill(page, said.output.split()[-1], fields, "Set the password")
    page.fill("[name=email]", "ann@example.com")
    page.fill("[name=password]", PASSWORD)
    page.locator("main [type=submit]").click()
    expect(page.get_by_role("heading", name="Before you open")).to_be_visible()


def set_up(page: Page) -> None:
    fill(
        page,
        "/staff/settings",
        {
            "shop_name": "Sure Foot",
            "shop_legal_name": "Sure Foot LLC",
            "shop_address": "2 Any Road, Town",
            "shop_email": "help@sure.example",
            "shop_phone": "+1 805 555 0111",
        },
    )
    page.goto("/staff/settings/tax")
    page.get_by_label("No tax is charged").check()
    send(page, {})
    address = {"return_address": "2 Any Road, Town", "return_condition": "Worn indoors only"}
    fill(page, "/staff/settings/returns", {"return_days": "60", "return_cost": "0", **address})
    page.goto("/staff/delivery")
    page.get_by_role("link", name="United States").click()
    send(page, {"methods-0-least_days": "3", "methods-0-most_days": "6"})
    for slug in ("terms", "shipping", "returns", "privacy", "contact"):
        page.goto(f"/staff/pages/{slug}")
        draft = page.locator("[name=body]").input_value()
        send(page, {"body": GAP.sub("as we have agreed", draft)}, "Save and publish")


def add_shoe(page: Page) -> None:
    fill(page, "/staff/products/new", {"title": "Harbor"})
    page.get_by_label("Published").check()
    send(page, {})
    page.get_by_role("link", name="Add sizes and widths").click()
    page.locator("[name=colors]").first.check()
    send(page, {"sizes": "8\n9", "widths": "Wide", "price_minor": "89"}, "Make the missing sizes")
    page.goto("/staff/stock")
    page.locator("[name=pairs]").first.fill("5")
    page.locator("[name=pairs]").first.press("Enter")
    expect(page.get_by_text("Saved").first).to_be_visible()


def try_mail(page: Page, app: Flask) -> None:
    page.goto("/staff/mails")
    page.get_by_role("button", name="trial").click()
    with app.app_context():
        jobs.send_due()
        trial = db.session.scalars(select(Letter).where(Letter.template == "trial")).one()
        page.goto(trial.facts["link"])
    page.get_by_role("button", name="Yes, mails arrive").click()


def buy(page: Page, shop: Shop, company: Company) -> None:
    page.goto("/products/harbor")
    choose_first_size(page)
    to_payment(page, script=True)
    fill_payment(page)
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("Your order is paid")).to_be_visible()
    session = company.sessions()[0]["id"]
    told = company.events(session)[-1]
    with shop.app.app_context():
        assert deliver(browser(shop.app), told, WEBHOOK_SECRET).status_code == 200


def send_back(page: Page) -> None:
    """Ask on the order's page to send the pair back; take it in and give the money back."""
    page.get_by_text("Send something back, or get another size").click()
    page.get_by_label("Why").select_option("small")
    page.get_by_role("button", name="Ask to send this back").click()
    expect(page.get_by_text("Please send them by")).to_be_visible()
    page.goto("/staff/returns")
    page.locator("a.lines__go").first.click()
    page.locator("[name$=restock]").check()
    send(page, {}, "Mark as received and tell the shopper")
    send(page, {}, "Work out the amount")
    send(page, {}, "Give $89.00 back and settle return 1")
    expect(page.get_by_role("heading", name="Return 1 is settled")).to_be_visible()


def test_owner_opens_a_shop_and_sells_in_it(page: Page, empty_shop: Shop, company: Company) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="opens soon")).to_be_visible()
    take_over(page, empty_shop.app)
    set_up(page)
    add_shoe(page)
    try_mail(page, empty_shop.app)
    buy(page, empty_shop, company)
    order_page = page.url

    page.goto("/staff/opening")
    page.get_by_role("button", name="Make a backup now").click()
    page.get_by_role("button", name="Open the shop").click()

    expect(page.get_by_role("heading", name="The shop is open")).to_be_visible()
    page.goto("/")
    expect(page.get_by_role("link", name="Harbor")).to_be_visible()
    page.goto("/staff/orders/1001")
    page.get_by_role("button", name=re.compile("Mark as sent")).click()
    page.goto(order_page)
    expect(page.get_by_text("Your order is on its way")).to_be_visible()
    send_back(page)
    page.goto(order_page)
    expect(page.get_by_text("This was settled on")).to_be_visible()
    expect(page.get_by_text("Credit note 1")).to_be_visible()
    page.goto("/staff/stock")
    expect(page.locator("[name=pairs]").first).to_have_value("5")
