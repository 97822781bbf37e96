"""The shop's settings while the database does not answer: a page has words, no rule has a guess."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from storefront.db import db
from storefront.orders.models import Order
from storefront.settings import queries
from tests.factories import Make


def test_nothing_is_bought_under_settings_that_could_not_be_read(
    app: Flask, client: FlaskClient, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    client.post("/cart/lines", data={"sku": make.variant().sku, "quantity": "1"})

    def fail() -> dict[str, str]:
        raise OperationalError("SELECT", {}, Exception("away"))

    monkeypatch.setattr(queries, "chosen", fail)
    answer = client.post("/checkout")

    assert answer.status_code == 503 and "Steady Step" in answer.text
    assert "not open yet" not in answer.text
    assert db.session.scalars(select(Order)).all() == []
