"""What can be wrong with payments: the key, the events, and the process that looks after them."""

from collections.abc import Iterator

from flask import current_app

from storefront.checkout import connection, queries
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.setting import payments
from storefront.clock import moment_words, utcnow
from storefront.db import db
from storefront.doctor import Finding, ok, warning, wrong
from storefront.settings.shop import shop


def key() -> Iterator[Finding]:
    """Look whether the company takes our key, and whether it moves real money."""
    config = current_app.config
    if not config["STRIPE_SECRET_KEY"]:
        yield warning("Payment key", "STRIPE_SECRET_KEY is empty, so nothing can be bought.")
        return
    where = config["STRIPE_API_BASE"] or "Stripe"
    try:
        payments().paid_pages(utcnow())
    except Refused as error:
        yield wrong("Payment key", f"{where} refuses it: {error}")
        return
    except Unclear as error:
        yield wrong("Payment key", f"{where} does not answer: {error}")
        return
    if config["STRIPE_API_BASE"] and payments().mode == "live":
        yield wrong("Payment key", f"a live key is sent to {where}: empty STRIPE_API_BASE.")
    elif payments().mode == "live":
        yield ok("Payment key", "taken by Stripe, live: real money moves")
    else:
        yield warning("Payment key", f"taken by {where}, a test key: no real money moves")
    if config["STRIPE_LIVE"] and payments().mode == "test":
        yield warning("STRIPE_LIVE", "is 1, but STRIPE_SECRET_KEY is a test key.")


def events() -> Iterator[Finding]:
    """Look whether the company tells us of payments, and whether what it told had its effect."""
    config = current_app.config
    if not config["STRIPE_SECRET_KEY"]:
        return
    if not payments().hears_events:
        yield warning(
            "Events",
            "STRIPE_WEBHOOK_SECRET is empty, so payments are looked up each minute."
            " `flask payments connect` prints one.",
        )
    elif not config["STRIPE_API_BASE"]:  # the test payment company was told where when it started
        try:
            problem = connection.problem(payments(), config["SHOP_URL"])
            yield wrong("Events", problem) if problem else ok("Events", "are sent to this shop")
        except (Refused, Unclear) as error:
            yield warning("Events", f"where they are sent could not be read: {error}")
    heard = queries.last_event_at()
    if heard is None:
        yield warning("Last event", "none yet: buy something with a test key, and look again.")
    else:
        yield ok("Last event", moment_words(heard, shop().zone))
    if failed := queries.failed_events():
        yield warning("Failed events", f"{failed}: see {config['SHOP_URL']}/staff/payments/events")


def due() -> Iterator[Finding]:
    """Look for payment pages that nobody looked after: the jobs process leaves no other sign."""
    late = db.session.scalar(queries.overdue_pages(payments().account, now=utcnow())) or 0
    if late:
        yield wrong(
            "Payment pages",
            f"over for five minutes and not looked after: {late}. Is the"
            " jobs process running? (`systemctl status shop-jobs`)",
        )
    else:
        yield ok("Payment pages", "none is overdue")
