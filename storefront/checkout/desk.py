"""What staff must know of payments today."""

from storefront.checkout.setting import payments

HEARS_NOTHING = (
    "No payment events are heard, because STRIPE_WEBHOOK_SECRET is not set. Orders are settled"
    " when shoppers come back from the payment page, and by the jobs process every minute."
)


def note() -> str:
    """Say that no events are heard, '' where they are."""
    return "" if payments().hears_events else HEARS_NOTHING
