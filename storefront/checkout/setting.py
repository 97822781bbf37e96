"""The settings of a purchase, read from the application once for views, events and jobs."""

from typing import cast

from flask import Flask, current_app

from storefront.checkout.payments import Payments, StripePayments
from storefront.checkout.purchase import Terms
from storefront.settings.shop import shop

KEY = "payments"


def init_app(app: Flask, given: Payments | None) -> None:
    """Connect the payment company: the one given, else the one that the settings name."""
    config = app.config
    app.extensions[KEY] = given or StripePayments(
        config["STRIPE_SECRET_KEY"] or "sk_test_none",
        base=config["STRIPE_API_BASE"],
        webhook_secret=config["STRIPE_WEBHOOK_SECRET"],
    )


def payments() -> Payments:
    """Return the payment company of this application."""
    return cast(Payments, current_app.extensions[KEY])


def terms() -> Terms:
    """Return the settings that a purchase needs."""
    config, ours = current_app.config, shop()
    return Terms(
        currency=ours.currency,
        hold_minutes=config["HOLD_MINUTES"],
        low_stock=config["LOW_STOCK"],
        shop_url=ours.url,
        zone=ours.zone,
        mode="test" if ours.test_mode else "live",
        tax=ours.tax or "none",
        tax_name=ours.tax_name,
        tax_rate_millis=int(ours.tax_rate * 1000) if ours.tax == "included" else 0,
        promotion_codes=ours.promotion_codes,
        sells=ours.is_open or ours.test_mode,
    )
