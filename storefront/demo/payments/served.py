"""Which of Stripe's parameters this company acts on; others are refused, not ignored."""

from .errors import Refused
from .parameters import leaves
from .state import Body

SHOW = frozenset({"expand"})
LIST = SHOW | {"limit", "starting_after"}
CREATED = frozenset({"created", "created[gt]", "created[gte]", "created[lt]", "created[lte]"})
SESSIONS = LIST | CREATED | {"payment_intent", "status"}
INTENTS = LIST | CREATED
CHARGES = LIST | CREATED | {"payment_intent"}
REFUNDS = LIST | CREATED | {"payment_intent", "charge"}
EVENTS = LIST | CREATED | {"type"}
ENDPOINT = SHOW | {"api_version", "description", "enabled_events", "metadata", "url"}
REFUND = SHOW | {"amount", "charge", "metadata", "payment_intent", "reason"}

SESSION = SHOW | {
    "allow_promotion_codes",
    "automatic_tax[enabled]",
    "cancel_url",
    "client_reference_id",
    "currency",
    "custom_text[submit][message]",
    "customer_email",
    "expires_at",
    "line_items[metadata]",
    "line_items[price_data][currency]",
    "line_items[price_data][product_data][description]",
    "line_items[price_data][product_data][images]",
    "line_items[price_data][product_data][metadata]",
    "line_items[price_data][product_data][name]",
    "line_items[price_data][product_data][tax_code]",
    "line_items[price_data][tax_behavior]",
    "line_items[price_data][unit_amount]",
    "line_items[quantity]",
    "locale",
    "metadata",
    "mode",
    "payment_intent_data[description]",
    "payment_intent_data[metadata]",
    "phone_number_collection[enabled]",
    "shipping_address_collection[allowed_countries]",
    "shipping_options[shipping_rate_data][delivery_estimate][maximum][unit]",
    "shipping_options[shipping_rate_data][delivery_estimate][maximum][value]",
    "shipping_options[shipping_rate_data][delivery_estimate][minimum][unit]",
    "shipping_options[shipping_rate_data][delivery_estimate][minimum][value]",
    "shipping_options[shipping_rate_data][display_name]",
    "shipping_options[shipping_rate_data][fixed_amount][amount]",
    "shipping_options[shipping_rate_data][fixed_amount][currency]",
    "shipping_options[shipping_rate_data][metadata]",
    "shipping_options[shipping_rate_data][tax_behavior]",
    "shipping_options[shipping_rate_data][tax_code]",
    "shipping_options[shipping_rate_data][type]",
    "submit_type",
    "success_url",
    "ui_mode",
}


def check(params: Body, served: frozenset[str]) -> None:
    """Raise Refused for a parameter that Stripe knows and this company does not act on."""
    for name in leaves(params):
        if name not in served:
            raise Refused(f"The test payment company does not act on: {name}", param=name)
