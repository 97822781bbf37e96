"""Shoppers who wait for a size, for tests: what they ask, and what they are written."""

from datetime import datetime
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.catalogue.models import Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.models import Letter
from storefront.notices import jobs, wishes
from storefront.notices.models import Notice
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.storefront.staff.people import fresh


def ask(client: FlaskClient, variant: Variant, email: str = "a@example.com") -> TestResponse:
    """Send the form of the product's page."""
    handle, sku = variant.product.handle, variant.sku
    return client.post(f"/products/{handle}/notices", data={"sku": sku, "email": email})


def waiting(variant: Variant, *emails: str, since: datetime | None = None) -> None:
    """Let these wait, in this order, confirmed."""
    from storefront.settings.shop import shop

    now, sku = since or utcnow(), variant.sku
    for email in emails:
        with db.writing():
            wishes.ask(sku, email, shop_url="http://localhost", zone=shop().zone, now=now)
        [notice] = notices(email=email, state="pending")
        with db.writing():
            wishes.confirm(notice.id, now=now)


def notices(**facts: Any) -> list[Notice]:
    """Return the notices of which this is so, oldest first."""
    fresh()
    return list(db.session.scalars(select(Notice).filter_by(**facts).order_by(Notice.id)))


def mails(template: str = "notice_back") -> list[Letter]:
    """Return what was written, by kind, in the order of writing."""
    fresh()
    return list(db.session.scalars(select(Letter).filter_by(template=template).order_by(Letter.id)))


def stock(variant: Variant, pairs: int) -> None:
    """Count so many pairs."""
    fresh()
    now = db.session.get_one(Variant, variant.id)
    old = Shoes(now.on_hand_left, now.on_hand_right)
    id_ = variant.id
    with db.writing():
        ledger.count(id_, Shoes(pairs, pairs), based_on=old, by="Ann", now=utcnow())


def told(app: Flask) -> list[str]:
    """Let the job run once, and return who has been told until now."""
    jobs.tell()
    return [letter.recipient for letter in mails()]
