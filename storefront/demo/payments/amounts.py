"""Amounts of money: what Stripe accepts, and how people read them."""

# https://docs.stripe.com/currencies#zero-decimal and #three-decimal
NO_DECIMALS = frozenset(
    [
        *("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga"),
        *("pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"),
    ]
)
THREE_DECIMALS = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])
SMALLEST_CHARGE = 50
"""The least that can be charged in usd and most currencies, in the minor unit; Stripe's table has
others: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts."""
LARGEST_CHARGE = 99_999_999


def text(amount: int, currency: str) -> str:
    """Return an amount in the minor unit as text, such as "12.00 USD"."""
    decimals = 0 if currency in NO_DECIMALS else 3 if currency in THREE_DECIMALS else 2
    return f"{amount / 10**decimals:,.{decimals}f} {currency.upper()}"
