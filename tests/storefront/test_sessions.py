"""Public pages carry nothing personal, however much a visitor has done before."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.factories import Make

PUBLIC = ["/", "/collections/all", "/products/harbor", "/products.json", "/blog", "/coaches"]


@pytest.mark.parametrize("address", [*PUBLIC, "/nothing", "/blog/walking"])
def test_public_page_is_the_same_for_everyone(
    client: FlaskClient, make: Make, address: str
) -> None:
    make.delivery()
    product = make.product("harbor")
    make.article("walking")
    stranger = client.get(address)

    client.post("/cart/lines", data={"sku": product.variants[0].sku, "quantity": "1"})
    client.post("/preferences", data={"text": "150"})
    known = client.get(address)

    assert known.text == stranger.text
    for answer in (stranger, known):
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.parametrize("address", ["/cart", "/orders/x", "/staff/sign-in", "/staff"])
def test_personal_page_is_kept_by_nobody(client: FlaskClient, address: str) -> None:
    assert client.get(address).headers["Cache-Control"] == "no-store"


def test_no_get_of_a_public_page_writes(
    client: FlaskClient, make: Make, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from storefront.db import db

    make.product("harbor")
    make.article("walking")

    def refuse() -> None:
        raise AssertionError("a GET wrote")

    monkeypatch.setattr(type(db), "writing", lambda self: refuse())
    for address in [*PUBLIC, "/cart", "/accessibility", "/blog/walking"]:
        assert client.get(address).status_code == 200
