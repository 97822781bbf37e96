"""Before you open: each thing that must be there, found by looking for it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import exists, select

from storefront.catalogue.models import Product, Variant
from storefront.checkout import queries as payments
from storefront.db import db
from storefront.delivery.models import Method, ZoneCountry
from storefront.exchange import keeping
from storefront.settings.shop import Shop

LOOPBACK = {"localhost", "127.0.0.1", "::1"}
MAIL_ARRIVED = "MAIL_ARRIVED"
MAILS = "/staff/mails"


@dataclass(frozen=True)
class Check:
    """One thing to have before opening. `lacks` says what is missing, '' where it is there.

    `address` leads to where it is done, '' where that is the command line.
    """

    words: str
    lacks: str
    address: str = ""
    required: bool = True

    @property
    def is_met(self) -> bool:
        return not self.lacks


@dataclass(frozen=True)
class Server:
    """What the environment says and a form cannot: the checks need to know it."""

    smtp_url: str
    takes_payment: bool
    hears_events: bool
    chosen: Mapping[str, str]
    unpublished: Sequence[str]
    backups: Path


def checks(shop: Shop, server: Server) -> list[Check]:
    """Return every check, in the order in which an owner does them best."""
    return [
        Check("Name and address", _identity(shop), "/staff/settings"),
        Check("Delivery", _delivery(), "/staff/delivery"),
        Check("Tax", _tax(shop), "/staff/settings/tax"),
        Check("Returns", _returns(shop, server), "/staff/settings/returns"),
        Check("Pages", _pages(server), "/staff/pages"),
        Check("A product with stock", _stock(), "/staff/products"),
        Check("Mail arrives", _mail(shop, server), MAILS),
        Check("A test purchase at Stripe", _purchase(server), "/collections/all"),
        Check("Stripe's messages are heard", _webhook(server), "/staff/payments/events"),
        Check("A backup", _backup(server)),
        Check("HTTPS", _https(shop)),
        Check("Real payments", _live(shop), required=False),
    ]


def mail_mark(shop: Shop, smtp_url: str) -> str:
    """Return what stands for this way of sending mails: another server is tried anew."""
    return hashlib.sha256(f"{smtp_url} {shop.email}".encode()).hexdigest()


def _identity(shop: Shop) -> str:
    missing = [
        words
        for words, value in (
            ("legal name", shop.legal_name),
            ("postal address", shop.address),
            ("phone number", shop.phone),
        )
        if not value
    ]
    if shop.email.endswith("@example.com") and not shop.demo:
        missing.append("mail address")
    return f"Still to be given: {', '.join(missing)}." if missing else ""


def _delivery() -> str:
    methods = select(Method.most_days).join(ZoneCountry, ZoneCountry.zone_id == Method.zone_id)
    days = db.session.scalars(methods).all()
    if not days:
        return "There is no country yet with a way to send there."
    if None in days:
        return "Say how many days each way of sending takes."
    return ""


def _tax(shop: Shop) -> str:
    return "" if shop.tax else "Choose whether tax is charged, and how."


def _returns(shop: Shop, server: Server) -> str:
    if "RETURN_DAYS" not in server.chosen:
        return "Say for how long you take shoes back, and what that costs."
    if shop.return_days and not (shop.return_address and shop.return_condition):
        return "Give the address that shoes are sent back to, and in what condition you take them."
    return ""


def _pages(server: Server) -> str:
    missing = ", ".join(server.unpublished)
    return f"Not published yet: {missing}." if missing else ""


def _stock() -> str:
    there = select(
        exists()
        .where(Variant.product_id == Product.id, Product.published, Variant.published)
        .where((Variant.free_pairs > 0) | ~Variant.counted)
    )
    return "" if db.session.scalar(there) else "No published product has a pair in stock."


def _mail(shop: Shop, server: Server) -> str:
    if not server.smtp_url:
        return "No mail server is set: SMTP_URL in the server's environment."
    if server.chosen.get(MAIL_ARRIVED) != mail_mark(shop, server.smtp_url):
        return "Send a trial mail, and press the link in it once it has arrived."
    return ""


def _purchase(server: Server) -> str:
    if not server.takes_payment:
        return "No Stripe key is set: STRIPE_SECRET_KEY in the server's environment."
    if payments.was_paid("test"):
        return ""
    return "With a test key, buy a pair in your own shop and pay with a test card."


def _webhook(server: Server) -> str:
    if not server.hears_events:
        return "No secret is set for Stripe's messages: run “flask payments connect” on the server."
    if payments.last_event_at():
        return ""
    return (
        "No message of Stripe has arrived yet; one comes with a test purchase. If one was paid and"
        " none came, the secret is not theirs: run “flask payments connect --replace”."
    )


def _backup(server: Server) -> str:
    if keeping.last_made(server.backups):
        return ""
    return "Make the first one here; after that a timer on the server does it every night."


def _https(shop: Shop) -> str:
    parts = urlsplit(shop.url)
    if parts.scheme == "https" or parts.hostname in LOOPBACK:
        return ""
    return "SHOP_URL must begin with https://."


def _live(shop: Shop) -> str:
    if shop.test_mode:
        return "The key is a test key: no money moves. Put in the live key when you are ready."
    return ""
