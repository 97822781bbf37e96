"""Staff see what is wanted as numbers, and nobody's address."""

from datetime import date

from flask import Flask
from sqlalchemy import update

from storefront.catalogue.models import Variant
from storefront.db import db
from tests.factories import Make
from tests.storefront.notices.asking import waiting
from tests.storefront.staff.people import signed_in


def test_what_is_wanted_is_listed_in_numbers_without_addresses(app: Flask, make: Make) -> None:
    little, much = make.variant(pairs=0), make.variant(pairs=0)
    waiting(little, "a@example.com")
    waiting(much, "a@example.com", "b@example.com")
    sku, other = much.sku, little.sku
    with db.writing():
        changed = update(Variant).where(Variant.sku == sku)
        db.session.execute(changed.values(restock_on=date(2026, 12, 24)))
    staff = signed_in(app, "stock")

    page = staff.get("/staff/notices").text

    assert page.index(sku) < page.index(other)
    assert 'data-label="Waiting">2<' in page and "24 December 2026" in page
    assert f'href="/staff/stock/{sku}"' in page and "example.com" not in page.split("<h1>")[1]
    ledger = staff.get(f"/staff/stock/{sku}").text
    assert "2 waiting</a> to be told" in ledger
    assert "Nobody waits" in staff.get("/staff/notices?page=2").text
