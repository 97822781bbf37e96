"""Orders that were sent, and returns of them, for tests."""

import re
from datetime import datetime, timedelta
from typing import Any

from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from storefront.catalogue.models import Product, Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders.models import Order
from storefront.returns.models import Return
from storefront.settings import queries
from storefront.stock.ledger import Shoes
from tests.conftest import browser
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import again, buy
from tests.storefront.staff.people import Browser

EMAIL = "shopper@example.com"


def take_back(*, days: int = 30, cost: str = "0") -> None:
    """Set the terms of returns."""
    chosen = {
        "RETURN_DAYS": str(days),
        "RETURN_COST": cost,
        "RETURN_ADDRESS": "Returns\n1 Example Street",
        "RETURN_CONDITION": "Worn indoors only.",
    }
    with db.writing():
        queries.keep(chosen, by="Tests", now=utcnow())


def send(order: Order, at: datetime | None = None) -> Order:
    """Send a paid order."""
    with db.writing():
        dispatching.dispatch(
            order.id, by="Ben", carrier="", tracking="", order_address="x", now=at or utcnow()
        )
    return again(order)


def sent(make: Make, company: Company, *chosen: tuple[Variant, int], days_ago: int = 0) -> Order:
    """Buy pairs, pay for them and send them."""
    order = buy(make, company, *chosen)
    return send(order, utcnow() - timedelta(days=days_ago))


def size(product: Product, name: str) -> Variant:
    return db.session.scalars(
        select(Variant).where(Variant.product_id == product.id, Variant.size == name)
    ).one()


def asking(place: int = 0, quantity: Any = 1, wish: str = "money", **more: Any) -> dict[str, Any]:
    """Return the fields of the shopper's form for one line."""
    fields = {"quantity": quantity, "reason": "small", "wish": wish, **more}
    return {f"line-{place}-{name}": value for name, value in fields.items()}


def ask(app: Flask, order: Order, *lines: dict[str, Any]) -> TestResponse:
    data = {name: value for line in lines or (asking(),) for name, value in line.items()}
    return browser(app).post(f"/orders/{order.reference}/returns", data=data)


def at_desk(desk: Browser, act: str, number: int = 1, **fields: Any) -> TestResponse:
    """Send one of the desk's forms; `line_0_…` are the fields of a line."""
    named = {re.sub(r"^line_(\d)_", r"line-\1-", name): value for name, value in fields.items()}
    return desk.send(f"/staff/returns/{number}/{act}", **named)


def settled(desk: Browser, number: int = 1, **fields: Any) -> TestResponse:
    """Look at what goes back, and give it; return the first answer where that is refused."""
    looked = at_desk(desk, "settlement", number, **fields)
    if looked.status_code != 200:
        return looked
    [expected] = re.findall(r'name="expected"[^>]* value="(\d+)"', looked.text)
    return at_desk(desk, "settlement", number, action="give", expected=expected, **fields)


def received(desk: Browser, number: int = 1, **fields: Any) -> TestResponse:
    """Note that one pair of the first line came, as new, and goes back into stock."""
    filled = {"line_0_whole": 1, "line_0_condition": "new", "line_0_restock": "y", **fields}
    return at_desk(desk, "receipt", number, **filled)


def returns() -> list[Return]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(Return).order_by(Return.id)))


def counts(variant: Variant) -> tuple[Shoes, Shoes]:
    """Return what of a variant is on hand, and what is held."""
    db.session.rollback()
    one = db.session.get_one(Variant, variant.id, populate_existing=True)
    return Shoes(one.on_hand_left, one.on_hand_right), Shoes(one.held_left, one.held_right)


def told(template: str) -> int:
    db.session.rollback()
    queued = select(func.count(Letter.id)).where(Letter.template == template)
    return db.session.scalar(queued) or 0
