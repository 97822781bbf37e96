"""What Stripe demands of a new Checkout Session beyond the types of its parameters."""

import re
from collections.abc import Iterator

from .amounts import LARGEST_CHARGE, SMALLEST_CHARGE
from .errors import Refused, out_of_range
from .served import SESSION
from .served import check as check_served
from .state import Body

SHORTEST_LIFE = 30 * 60
LONGEST_LIFE = 24 * 60 * 60
MOST_LINES = 100
MOST_DELIVERIES = 5
METADATA_KEYS, METADATA_KEY, METADATA_VALUE = 50, 40, 500
CURRENCY = re.compile(r"[A-Za-z]{3}")
ADDRESS = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?([/?#][^\x00-\x20\x7f]*)?")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


def check(params: Body, now: int) -> None:
    """Raise Refused if Stripe would not open a Session with these parameters."""
    check_served(params, SESSION)
    if params.get("mode") != "payment":
        raise (
            _missing("mode")
            if "mode" not in params
            else Refused("The test payment company opens payment Sessions only.", param="mode")
        )
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise Refused("The test payment company has hosted pages only.", param="ui_mode")
    _check_addresses(params)
    if "customer_email" in params and not EMAIL.fullmatch(params["customer_email"]):
        raise Refused(
            f"Invalid email address: {params['customer_email']}",
            param="customer_email",
            code="email_invalid",
        )
    _check_life(params, now)
    _check_lines(params)
    _check_deliveries(params)
    _check_currencies(params)
    _check_total(params)
    _check_tax(params)
    for param, metadata in _metadata(params):
        check_metadata(metadata, param)


def check_metadata(metadata: Body, param: str) -> None:
    """Raise Refused for metadata beyond https://docs.stripe.com/api/metadata."""
    if len(metadata) > METADATA_KEYS:
        raise Refused(
            f"You can have up to {METADATA_KEYS} metadata keys; you passed {len(metadata)}.",
            param=param,
        )
    for key, value in metadata.items():
        if len(key) > METADATA_KEY:
            raise Refused(
                f"Metadata keys can be at most {METADATA_KEY} characters long: {key}.", param=param
            )
        if len(value) > METADATA_VALUE:
            raise Refused(
                f"Metadata values can have up to {METADATA_VALUE} characters, but you passed in a"
                f" value that is {len(value)} characters.",
                param=f"{param}[{key}]",
            )


def _missing(param: str) -> Refused:
    return Refused(f"Missing required param: {param}.", param=param, code="parameter_missing")


def _check_addresses(params: Body) -> None:
    if "success_url" not in params:
        raise _missing("success_url")
    for param in ("success_url", "cancel_url"):
        if param in params and not ADDRESS.fullmatch(params[param]):
            raise Refused("Not a valid URL", param=param, code="url_invalid")


def _check_life(params: Body, now: int) -> None:
    life = params.get("expires_at", now + LONGEST_LIFE) - now
    if life < SHORTEST_LIFE:
        raise Refused(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session"
            " creation.",
            param="expires_at",
        )
    if life > LONGEST_LIFE:
        raise Refused(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.",
            param="expires_at",
        )


def _check_lines(params: Body) -> None:
    lines = params.get("line_items")
    if not lines:
        raise _missing("line_items")
    if len(lines) > MOST_LINES:
        raise Refused(f"You may only specify up to {MOST_LINES} line items.", param="line_items")
    for i, line in enumerate(lines):
        here = f"line_items[{i}]"
        if "price_data" not in line:
            raise _missing(f"{here}[price_data]")
        if "quantity" not in line:
            raise _missing(f"{here}[quantity]")
        if "product_data" not in line["price_data"]:
            raise _missing(f"{here}[price_data][product_data]")
        if "unit_amount" not in line["price_data"]:
            raise _missing(f"{here}[price_data][unit_amount]")
        _check_range(line["quantity"], 1, 999_999, f"{here}[quantity]")
        _check_range(
            line["price_data"]["unit_amount"], 0, LARGEST_CHARGE, f"{here}[price_data][unit_amount]"
        )


def _check_deliveries(params: Body) -> None:
    options = params.get("shipping_options", [])
    if len(options) > MOST_DELIVERIES:
        raise Refused(
            f"You may only specify up to {MOST_DELIVERIES} shipping options.",
            param="shipping_options",
        )
    for i, option in enumerate(options):
        here = f"shipping_options[{i}][shipping_rate_data]"
        if "fixed_amount" not in option["shipping_rate_data"]:
            raise _missing(f"{here}[fixed_amount]")
        amount = option["shipping_rate_data"]["fixed_amount"]["amount"]
        _check_range(amount, 0, LARGEST_CHARGE, f"{here}[fixed_amount][amount]")


def _check_tax(params: Body) -> None:
    """Ask how each price stands to tax, which Stripe needs to know where it works out the tax."""
    if not params.get("automatic_tax", {}).get("enabled"):
        return
    priced = [
        (f"line_items[{i}][price_data]", line["price_data"])
        for i, line in enumerate(params["line_items"])
    ]
    priced += [
        (f"shipping_options[{i}][shipping_rate_data]", option["shipping_rate_data"])
        for i, option in enumerate(params.get("shipping_options", []))
    ]
    for here, price in priced:
        if price.get("tax_behavior") != "exclusive":
            raise Refused(
                "The test payment company works out tax on top of prices only.",
                param=f"{here}[tax_behavior]",
            )


def _check_range(number: int, least: int, most: int, param: str) -> None:
    if number < least:
        raise out_of_range(f"This value must be greater than or equal to {least}.", param)
    if number > most:
        raise out_of_range(f"This value must be less than or equal to {most}.", param)


def _check_currencies(params: Body) -> None:
    given = [("currency", params[name]) for name in ("currency",) if name in params]
    given += [
        (f"line_items[{i}][price_data][currency]", line["price_data"]["currency"])
        for i, line in enumerate(params["line_items"])
    ]
    given += [
        (
            f"shipping_options[{i}][shipping_rate_data][fixed_amount][currency]",
            option["shipping_rate_data"]["fixed_amount"]["currency"],
        )
        for i, option in enumerate(params.get("shipping_options", []))
    ]
    for param, currency in given:
        if not CURRENCY.fullmatch(currency):
            raise Refused(f"Invalid currency: {currency}", param=param)
        if currency.lower() != given[0][1].lower():
            raise Refused(
                f"All prices on a Checkout Session must have the same currency: {currency} is not"
                f" {given[0][1]}.",
                param=param,
            )


def _check_total(params: Body) -> None:
    subtotal = sum(
        line["quantity"] * line["price_data"]["unit_amount"] for line in params["line_items"]
    )
    deliveries = [
        option["shipping_rate_data"]["fixed_amount"]["amount"]
        for option in params.get("shipping_options", [])
    ]
    for total in (subtotal + delivery for delivery in deliveries or [0]):
        if 0 < total < SMALLEST_CHARGE:
            raise Refused(
                "The Checkout Session's total amount due must add up to at least"
                f" {SMALLEST_CHARGE} of the currency's minor unit.",
                code="amount_too_small",
            )
        if total > LARGEST_CHARGE:
            raise Refused(
                f"The Checkout Session's total amount due must be no more than {LARGEST_CHARGE}.",
                code="amount_too_large",
            )


def _metadata(params: Body) -> Iterator[tuple[str, Body]]:
    """Yield every metadata given, with the name it was given under."""
    yield "metadata", params.get("metadata", {})
    yield "payment_intent_data[metadata]", params.get("payment_intent_data", {}).get("metadata", {})
    for i, line in enumerate(params["line_items"]):
        yield f"line_items[{i}][metadata]", line.get("metadata", {})
        yield (
            f"line_items[{i}][price_data][product_data][metadata]",
            line["price_data"]["product_data"].get("metadata", {}),
        )
    for i, option in enumerate(params.get("shipping_options", [])):
        yield (
            f"shipping_options[{i}][shipping_rate_data][metadata]",
            option["shipping_rate_data"].get("metadata", {}),
        )
