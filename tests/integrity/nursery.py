"""Loaded once in the process that all others are forked from, so that each starts quickly."""

from contextlib import suppress

from sqlalchemy.orm import configure_mappers

from storefront.checkout.payments import (
    PageDelivery,
    PageLine,
    PageRequest,
    StripePayments,
    Unclear,
)
from storefront.clock import moment_words, utcnow
from tests.integrity import programs

__all__ = ["programs"]

NOBODY = "http://127.0.0.1:9"


def warm() -> None:
    """Load what the libraries load at their first use."""
    configure_mappers()
    now = utcnow()
    moment_words(now, now.tzinfo)  # type: ignore[arg-type]
    request = PageRequest(
        key="warm",
        number=1,
        currency="USD",
        lines=[PageLine("Shoe", 1, 1)],
        country="US",
        deliveries=[PageDelivery("Standard", 1, 1, 1)],
        email="",
        expires_at=1,
        success_url=NOBODY,
        cancel_url=NOBODY,
        note="",
    )
    with programs.create_app({"DATABASE_URL": "sqlite://"}).app_context(), suppress(Unclear):
        StripePayments("sk_test_x", base=NOBODY).open_page(request)


warm()
