"""The demonstration shop in a folder of its own, so that measuring leaves nothing behind."""

import os
from pathlib import Path

from flask import Flask, Response
from flask_migrate import upgrade
from sqlalchemy import select

import wsgi
from storefront.cart import cookie
from storefront.cart.models import Cart, Line
from storefront.catalogue.models import Variant
from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.stock import ledger
from storefront.stock.ledger import Shoes

FOLDER = "BENCH_FOLDER"
PAGES_KEPT = "BENCH_PAGES_KEPT"  # seconds
SECRET = "whsec_of_the_bench"  # noqa: S105 - it signs events of no company
MANY = 500_000  # pairs, so that nothing sells out while it is measured


def create_app() -> Flask:
    """Return the shop over the folder that the environment names."""
    folder = Path(os.environ[FOLDER])
    return wsgi.create_app(
        {
            "SECRET_KEY": "the key of a shop that is only measured",
            "MEDIA_FOLDER": str(folder / "media"),
            "MAIL_FOLDER": str(folder / "mail"),
            "STRIPE_WEBHOOK_SECRET": SECRET,
            "RATELIMIT_ENABLED": False,
            "PAGES_KEPT": float(os.environ.get(PAGES_KEPT, "1")),
            "DEMO": True,
        }
    )


def load(app: Flask) -> str:
    """Load the demonstration and return the sku of a size of which there are very many."""
    with app.app_context():
        upgrade()
        app.test_cli_runner().invoke(args=["demo", "load"])
        db.session.expire_all()
        variant = db.session.scalars(
            select(Variant).where(Variant.counted, Variant.free_pairs > 0).order_by(Variant.id)
        ).first()
        if variant is None:
            raise RuntimeError("the demonstration has nothing to sell")
        there = Shoes(variant.on_hand_left, variant.on_hand_right)
        with db.writing():
            ledger.count(
                variant.id, Shoes(MANY, MANY), based_on=there, by="Measuring", now=utcnow()
            )
        db.session.remove()
        return variant.sku


def carts(app: Flask, sku: str, number: int) -> list[str]:
    """Return so many Cookie headers, each of another cart with one pair of this size."""
    with app.test_request_context():
        variant = db.session.scalars(select(Variant).where(Variant.sku == sku)).one()
        line = Line(variant.id, variant.id, 1, "", variant.price_minor)
        db.session.remove()
        return [_cookie(Cart(new_secret(), (line,), "US")) for _ in range(number)]


def _cookie(cart: Cart) -> str:
    response = Response()
    cookie.write(response, cart)
    return "; ".join(h.partition(";")[0] for h in response.headers.getlist("Set-Cookie"))
