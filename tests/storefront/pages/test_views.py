"""Home, display settings, and whether the shop is well."""

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from storefront.coaches import demo as coaches
from storefront.db import db
from storefront.pages.preferences import SETTINGS
from tests.conftest import browser
from tests.factories import Make


def test_home_shows_shoes(client: FlaskClient, make: Make) -> None:
    make.product("harbor", title="Harbor")

    page = client.get("/").text

    assert "Harbor" in page and 'href="/collections/all"' in page


def test_home_of_an_empty_shop_is_a_page(client: FlaskClient) -> None:
    page = client.get("/")

    assert page.status_code == 200 and "no shoes in the shop yet" in page.text


def test_skip_link_is_the_first_thing(client: FlaskClient) -> None:
    body = client.get("/").text.split("<body>")[1].strip()

    assert body.startswith('<a class="skip-link" href="#main">')


@pytest.mark.parametrize(
    ("name", "value", "style"),
    [(s.name, option.value, option.css) for s in SETTINGS for option in s.options[1:]],
)
def test_each_setting_changes_the_styles(
    client: FlaskClient, name: str, value: str, style: str
) -> None:
    answer = client.post("/preferences", data={name: value, "next": "/blog"})
    css = client.get("/preferences.css")

    assert (answer.status_code, answer.headers["Location"]) == (303, "/blog")
    assert style and css.text == style
    assert "Cookie" in css.headers["Vary"] and "private" in css.headers["Cache-Control"]
    assert f'name="{name}" value="{value}" checked' in client.get("/accessibility").text


def test_standard_takes_a_setting_back(client: FlaskClient) -> None:
    client.post("/preferences", data={"text": "200", "contrast": "high"})

    client.post("/preferences", data={"text": "100", "contrast": "high"})

    assert "font-size" not in client.get("/preferences.css").text


@pytest.mark.parametrize(
    "value", ["text.999", "x", "text.125;}body{color:red", "-.-.", "contrast.high-contrast.x", ""]
)
def test_forged_cookie_changes_nothing_it_should_not(app: Flask, value: str) -> None:
    client = browser(app)
    client.set_cookie("preferences", value)

    css = client.get("/preferences.css")

    assert css.status_code == 200 and "color:red" not in css.text and "999" not in css.text


@pytest.mark.parametrize(
    "address",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:x",
        "",
        "/a\nb",
        "/\t/evil.example",
        "/\r/x",
    ],
)
def test_settings_lead_back_to_this_site_only(client: FlaskClient, address: str) -> None:
    answer = client.post("/preferences", data={"next": address})

    assert answer.headers["Location"] == "/accessibility?saved=1"


def test_health(client: FlaskClient) -> None:
    assert client.get("/healthz").text == "ok\n"


def test_no_link_of_the_frame_leads_nowhere(client: FlaskClient, make: Make) -> None:
    import re

    make.product("harbor")
    make.article("walking")
    seen, waiting = set(), ["/"]
    while waiting:
        address = waiting.pop()
        if address in seen or address.startswith(("/static", "/media")):
            continue
        seen.add(address)
        answer = client.get(address)
        assert answer.status_code in {200, 301, 303}, address
        if answer.mimetype == "text/html":
            links = re.findall(r'(?:href|action)="(/[^"#]*)', answer.text)
            waiting += [
                link.replace("&amp;", "&")
                for link in links
                if not re.search(r"lines|comments|preferences$|delivery|checkout", link)
            ]
    assert len(seen) > 8


def test_menu_leaves_out_what_is_empty(client: FlaskClient, make: Make) -> None:
    empty = client.get("/collections/all").text
    make.article("walking")

    assert 'href="/blog"' not in empty and 'href="/coaches"' not in empty
    assert 'href="/blog"' in client.get("/collections/all").text


def test_first_page_has_five_parts_at_most_and_a_shoe_before_all_else(
    client: FlaskClient, make: Make
) -> None:
    make.product("harbor", title="Harbor")
    make.article("walking")
    with db.writing():
        coaches.load()

    page = client.get("/").text

    assert page.count("<h2") - page.count('<h2 class="card__title"') <= 4  # and the shoes
    main = page[page.index("<main") :]
    assert main.index("/products/harbor") < main.index("<h2 id")
    assert main.index("/products/harbor") < main.index('href="/fit"')
    assert "/blog/walking" in main and 'action="/coaches#found"' in main


def test_settings_can_be_looked_at_before_they_are_kept(client: FlaskClient) -> None:
    page = client.get("/accessibility?text=150&contrast=high&preview=1&spacing=nonsense")

    assert "Nothing is kept yet" in page.text and "Set-Cookie" not in page.headers
    [address] = re.findall(r'href="(/preferences\.css\?[^"]+)"', page.text)
    css = client.get(address.replace("&amp;", "&")).text
    assert "font-size: 150%" in css and "--paper: #000" in css
    assert client.get("/preferences.css").text == ""
    assert 'value="150" checked' in page.text
