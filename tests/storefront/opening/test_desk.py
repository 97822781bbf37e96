"""Before the shop opens: settings by form, checks that look for themselves, the closed door."""

from io import BytesIO
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from storefront.checkout.models import PaymentEvent
from storefront.clock import utcnow
from storefront.db import db
from storefront.exchange import keeping
from storefront.mail import jobs
from storefront.mail.models import Letter
from storefront.pages import demo as pages
from storefront.settings import queries
from storefront.settings.shop import shop
from tests.factories import Make
from tests.storefront.catalogue.test_desk import photo
from tests.storefront.staff.people import fresh, signed_in

SETTINGS = {
    "shop_name": "Sure Foot",
    "shop_legal_name": "Sure Foot LLC",
    "shop_address": "2 Any Road\nTown",
    "shop_tax_number": "12-345",
    "shop_email": "help@sure.example",
    "shop_phone": "+1 (805) 555-0111",
    "shop_hours": "9 to 5",
    "shop_accent": "#7a1f1f",
    "shop_timezone": "Europe/Berlin",
    "currency": "EUR",
}


def closed() -> None:
    with db.writing():
        queries.keep({"OPENED_AT": ""}, by="Test", now=utcnow())


def test_home_of_a_shop_that_is_not_open_says_so(client: FlaskClient, make: Make) -> None:
    make.product("harbor", title="Harbor")
    closed()

    home, product = client.get("/"), client.get("/products/harbor")

    assert home.status_code == 200 and "opens soon" in home.text and "Harbor" not in home.text
    for page in (home, product):
        assert '<meta name="robots" content="noindex">' in page.text
        assert "This shop is not open yet." in page.text


def test_nothing_can_be_paid_with_real_money_before_opening(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    variant = make.variant()
    client.post("/cart/lines", data={"sku": variant.sku, "quantity": "1"})
    closed()
    monkeypatch.setitem(app.config, "TEST_MODE", False)

    answer = client.post("/checkout")

    assert answer.status_code == 422 and "not open yet" in answer.text
    assert variant.sku and client.get("/cart").text.count("Shoe 1")


def test_settings_are_said_everywhere_once_saved(app: Flask, client: FlaskClient) -> None:
    owner = signed_in(app, "owner")

    saved = owner.send("/staff/settings", **SETTINGS)

    assert saved.status_code == 303
    page = client.get("/").text
    assert "Sure Foot LLC, 2 Any Road" in page and 'href="tel:+18055550111"' in page
    assert '<link rel="stylesheet" href="/accents/7a1f1f.css">' in page
    assert "--accent: #7a1f1f" in client.get("/accents/7a1f1f.css").text
    ours = shop()
    assert (ours.zone.key, ours.currency, ours.email) == (
        "Europe/Berlin",
        "EUR",
        "help@sure.example",
    )
    form = owner.get("/staff/settings").text
    assert all(value.split("\n")[0] in form for value in SETTINGS.values())


def test_logo_stands_in_place_of_the_name_until_it_is_removed(
    app: Flask, client: FlaskClient
) -> None:
    owner, logo = signed_in(app, "owner"), "/staff/settings/logo"

    saved = owner.send(logo, logo=(photo(), "logo.png"))
    page = client.get("/").text
    no_picture = owner.send(logo, logo=(BytesIO(b"<svg/>"), "logo.svg"))
    no_file = owner.send(logo)

    assert (saved.status_code, saved.location) == (303, "/staff/settings")
    header = page.partition("</header>")[0]
    assert 'alt="Steady Step" width="700" height="350">' in header and "/media/" in header
    assert no_picture.status_code == 422 and "not a picture that the shop takes" in no_picture.text
    assert no_file.status_code == 422 and "Please choose a picture" in no_file.text
    assert client.get("/").text == page
    assert owner.send(f"{logo}/removal").status_code == 303
    assert owner.send(f"{logo}/removal").status_code == 303
    assert "/media/" not in client.get("/").text.partition("</header>")[0]


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("shop_accent", "#ffd700", "The nearest color that people can read is #604800"),
        ("shop_accent", "red", "as # and six signs"),
        ("shop_name", " ", "give the shop a name"),
        ("shop_email", "nobody", "does not look like a mail address"),
        ("shop_phone", "call me", "as one dials it"),
        ("shop_timezone", "Mars/Base", "Not a valid choice"),
        ("currency", "XQQ", "Not a valid choice"),
        ("shop_address", "x" * 501, "at most 500 characters"),
    ],
)
def test_wrong_setting_is_refused_and_what_was_there_stays(
    app: Flask, field: str, value: str, sentence: str
) -> None:
    owner = signed_in(app, "owner")
    before = queries.chosen()

    answer = owner.send("/staff/settings", **{**SETTINGS, field: value})

    assert answer.status_code == 422 and sentence in answer.text
    assert "Sure Foot LLC" in answer.text
    fresh()
    assert queries.chosen() == before


def test_currency_is_fixed_once_there_is_an_order(app: Flask, make: Make) -> None:
    owner = signed_in(app, "owner")
    make.order()

    page = owner.get("/staff/settings")
    saved = owner.send("/staff/settings", **SETTINGS)

    assert "fixed since there is an order" in page.text and 'name="currency"' not in page.text
    assert saved.status_code == 303
    fresh()
    assert shop().currency == "USD" and shop().name == "Sure Foot"


def test_environment_wins_and_is_shown_as_such(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(app.config, "SHOP_NAME", "From Outside")
    monkeypatch.setitem(app.config, "GIVEN", app.config["GIVEN"] | {"SHOP_NAME"})
    owner = signed_in(app, "owner")

    page = owner.get("/staff/settings")
    saved = owner.send("/staff/settings", **SETTINGS)

    assert "Set by the server" in page.text and 'name="shop_name"' not in page.text
    assert saved.status_code == 303
    assert "From Outside" in client.get("/").text


def test_tax_is_chosen_and_a_rate_asked_for_where_prices_include_it(app: Flask) -> None:
    owner = signed_in(app, "owner")

    missing = owner.send("/staff/settings/tax", tax="included", tax_name="VAT", tax_rate="")
    too_much = owner.send("/staff/settings/tax", tax="included", tax_rate="120")
    saved = owner.send("/staff/settings/tax", tax="included", tax_name="VAT", tax_rate="19.5")

    assert missing.status_code == 422 and "rate that the prices include" in missing.text
    assert too_much.status_code == 422
    assert saved.status_code == 303
    fresh()
    assert (shop().tax, shop().tax_name, str(shop().tax_rate)) == ("included", "VAT", "19.5")


def test_returns_are_set_and_a_cost_below_zero_is_refused(app: Flask) -> None:
    owner = signed_in(app, "owner")
    wanted = {"return_days": "30", "return_address": "Here", "return_condition": "Clean"}

    refused = owner.send("/staff/settings/returns", return_cost="-1", **wanted)
    saved = owner.send("/staff/settings/returns", return_cost="6.95", **wanted)

    assert refused.status_code == 422 and "such as 89.00" in refused.text
    assert saved.status_code == 303
    fresh()
    assert (shop().return_days, shop().return_cost_minor) == (30, 695)
    assert 'value="6.95"' in owner.get("/staff/settings/returns").text


def test_shop_stays_closed_while_something_is_missing(app: Flask, client: FlaskClient) -> None:
    closed()
    owner = signed_in(app, "owner")

    page = owner.get("/staff/opening")
    refused = owner.send("/staff/opening")

    assert "Still to be given: legal name" in page.text and "No published product" in page.text
    assert refused.status_code == 409 and "A product with stock" in refused.text
    assert "opens soon" in client.get("/").text
    assert "Still to be given: legal name" in owner.get("/staff").text
    assert "Before you open" not in signed_in(app, "stock").get("/staff").text


def test_shop_opens_once_everything_is_found(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(app.config, "BACKUP_FOLDER", str(tmp_path / "none"))
    closed()
    owner = signed_in(app, "owner")
    make.delivery()
    make.order(state="paid", mode="test")
    for address, fields in (
        ("/staff/settings", SETTINGS),
        ("/staff/settings/tax", {"tax": "none"}),
        ("/staff/settings/returns", {"return_days": "0", "return_cost": "0"}),
    ):
        owner.send(address, **fields)
    monkeypatch.setitem(app.config, "SMTP_URL", "smtp://mail.example")
    monkeypatch.setattr(jobs, "deliver", lambda message: None)
    owner.send("/staff/mails/trial")
    trial = db.session.scalars(select(Letter)).one()
    link = urlsplit(trial.facts["link"]).path
    assert owner.get(link).status_code == 404  # it was not sent yet
    jobs.send_due()
    assert "Yes, mails arrive" in owner.get(link).text
    owner.send(link)
    with db.writing():
        db.session.add(heard())
        pages.load()

    assert "Make the first one here" in owner.get("/staff/opening").text
    assert owner.send("/staff/opening/backup").status_code == 303
    assert keeping.last_made(tmp_path / "none") is not None

    lacking = owner.get("/staff/opening").text
    opened = owner.send("/staff/opening")

    assert "To do" not in lacking and "Later" in lacking
    assert opened.status_code == 303
    assert "opens soon" not in client.get("/").text
    assert owner.send("/staff/opening/closing").status_code == 303
    assert "opens soon" in client.get("/").text


def heard() -> PaymentEvent:
    now = utcnow()
    return PaymentEvent(
        id="evt_1", type="checkout.session.completed", received_at=now, applied_at=now
    )


def test_accent_styles_are_kept_for_a_year_and_unreadable_ones_are_not_there(
    client: FlaskClient,
) -> None:
    good = client.get("/accents/7a1f1f.css")

    assert "immutable" in good.headers["Cache-Control"]
    for bad in ("ffd700", "7A1F1F", "7a1f1f7", "x"):
        assert client.get(f"/accents/{bad}.css").status_code == 404
