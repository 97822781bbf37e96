"""Checkout Sessions: opened by the shop, and ended by being paid, closed or too old."""

from typing import Any

from .errors import Refused
from .events import FROM_THE_PAGE, Events
from .ids import new_id
from .session_rules import LONGEST_LIFE
from .state import Body, Condition, State

KIND = "checkout.session"
TAX_MILLIS = 8_250  # thousandths of a percent: the company taxes everybody alike


def open_session(state: State, params: Body, *, public_url: str, now: int) -> Body:
    """Open a Session with checked parameters and return it; its page is under public_url."""
    currency = params["line_items"][0]["price_data"]["currency"].lower()
    lines = [_line(state, line, currency, now) for line in params["line_items"]]
    deliveries = [
        _delivery(state, option["shipping_rate_data"], currency, now)
        for option in params.get("shipping_options", [])
    ]
    id = new_id("cs_test_a1", 56)
    email = params.get("customer_email")
    session: Body = {
        "id": id,
        "object": KIND,
        "adaptive_pricing": None,
        "after_expiration": None,
        "allow_promotion_codes": params.get("allow_promotion_codes"),
        "automatic_tax": _tax_of(params),
        "billing_address_collection": None,
        "cancel_url": params.get("cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "collected_information": None,
        "consent": None,
        "consent_collection": None,
        "created": now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": params.get("custom_text", {}).get("submit") or None,
            "terms_of_service_acceptance": None,
        },
        "customer": None,
        "customer_creation": "if_required",
        "customer_details": customer(email=email) if email else None,
        "customer_email": email,
        "discounts": [],
        "expires_at": params.get("expires_at", now + LONGEST_LIFE),
        "invoice": None,
        "invoice_creation": None,
        "line_items": lines,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": _metadata(params),
        "mode": "payment",
        "origin_context": None,
        "payment_intent": None,
        "payment_intent_data": params.get("payment_intent_data", {}),
        "payment_link": None,
        "payment_method_collection": "if_required",
        "payment_method_configuration_details": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "payment_status": "unpaid",
        "permissions": None,
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "recovered_from": None,
        "saved_payment_method_options": None,
        "setup_intent": None,
        "shipping_address_collection": params.get("shipping_address_collection"),
        "shipping_options": deliveries,
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": params["success_url"],
        "ui_mode": "hosted_page",
        "url": f"{public_url}/pay/{id}",
        "wallet_options": None,
    }
    choose_delivery(session, deliveries[0] if deliveries else None)
    state.add(session)
    return session


def choose_delivery(session: Body, option: Body | None, *, located: bool = False) -> None:
    """Put a delivery, one of the Session's options, into its amounts.

    `located`: the address is known, so tax can be worked out where that was asked for.
    """
    rate = TAX_MILLIS if located and session["automatic_tax"]["enabled"] else 0
    if rate:
        session["automatic_tax"]["status"] = "complete"
    for line in session["line_items"]:
        line["amount_tax"] = _tax(line["amount_subtotal"], rate)
        line["amount_total"] = line["amount_subtotal"] + line["amount_tax"]
    subtotal = sum(line["amount_subtotal"] for line in session["line_items"])
    amount = option["shipping_amount"] if option else 0
    tax_of_delivery = _tax(amount, rate)
    session["shipping_cost"] = option and {
        "amount_subtotal": amount,
        "amount_tax": tax_of_delivery,
        "amount_total": amount + tax_of_delivery,
        "shipping_rate": option["shipping_rate"],
    }
    tax = sum(line["amount_tax"] for line in session["line_items"]) + tax_of_delivery
    session["amount_subtotal"] = subtotal
    session["amount_total"] = subtotal + amount + tax
    session["total_details"] = {"amount_discount": 0, "amount_shipping": amount, "amount_tax": tax}


def _tax(amount: int, rate: int) -> int:
    return (2 * amount * rate + 100_000) // 200_000


def _tax_of(params: Body) -> Body:
    enabled = bool(params.get("automatic_tax", {}).get("enabled"))
    return {
        "enabled": enabled,
        "liability": {"type": "self"} if enabled else None,
        "provider": "stripe" if enabled else None,
        "status": "requires_location_inputs" if enabled else None,
    }


def customer(**known: Any) -> Body:
    """Return what is known of a customer in the shape of a Session's customer_details."""
    return {
        "address": None,
        "business_name": None,
        "email": None,
        "individual_name": None,
        "name": None,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    } | known


def expire(
    state: State, events: Events, session: Body, *, now: int, request: Body = FROM_THE_PAGE
) -> Body:
    """End an open Session unpaid and return it; raise Refused if it has ended already."""
    if session["status"] != "open":
        raise Refused(
            'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session'
            f" has a status of {session['status']}."
        )
    session |= {"status": "expired", "url": None}
    state.save(session)
    intent = state.find(session["payment_intent"] or "")
    if intent is not None:
        state.save(
            intent | {"status": "canceled", "canceled_at": now, "cancellation_reason": "expired"}
        )
    events.record("checkout.session.expired", session, now=now, request=request)
    return session


def expire_overdue(state: State, events: Events, *, now: int) -> None:
    """End every open Session whose time has passed."""
    overdue = [Condition("status", "=", "open"), Condition("expires_at", "<=", now)]
    for session in state.newest(KIND, overdue, limit=1000):
        expire(state, events, session, now=now)


def _line(state: State, params: Body, currency: str, now: int) -> Body:
    data = params["price_data"]
    described = data["product_data"]
    product = {
        "id": new_id("prod_", 14),
        "object": "product",
        "active": False,
        "created": now,
        "default_price": None,
        "description": described.get("description"),
        "images": described.get("images", []),
        "livemode": False,
        "marketing_features": [],
        "metadata": _metadata(described),
        "name": described["name"],
        "package_dimensions": None,
        "shippable": None,
        "statement_descriptor": None,
        "tax_code": described.get("tax_code"),
        "type": "service",
        "unit_label": None,
        "updated": now,
        "url": None,
    }
    state.add(product)
    total = data["unit_amount"] * params["quantity"]
    return {
        "id": new_id("li_1"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": currency,
        "description": described["name"],
        "metadata": _metadata(params),
        "price": {
            "id": new_id("price_1"),
            "object": "price",
            "active": False,
            "billing_scheme": "per_unit",
            "created": now,
            "currency": currency,
            "custom_unit_amount": None,
            "livemode": False,
            "lookup_key": None,
            "metadata": {},
            "nickname": None,
            "product": product["id"],
            "recurring": None,
            "tax_behavior": data.get("tax_behavior", "unspecified"),
            "tiers_mode": None,
            "transform_quantity": None,
            "type": "one_time",
            "unit_amount": data["unit_amount"],
            "unit_amount_decimal": str(data["unit_amount"]),
        },
        "quantity": params["quantity"],
    }


def _delivery(state: State, params: Body, currency: str, now: int) -> Body:
    estimate = params.get("delivery_estimate")
    rate = {
        "id": new_id("shr_1"),
        "object": "shipping_rate",
        "active": False,
        "created": now,
        "delivery_estimate": estimate and {"maximum": None, "minimum": None} | estimate,
        "display_name": params["display_name"],
        "fixed_amount": {"amount": params["fixed_amount"]["amount"], "currency": currency},
        "livemode": False,
        "metadata": _metadata(params),
        "tax_behavior": params.get("tax_behavior", "unspecified"),
        "tax_code": params.get("tax_code"),
        "type": "fixed_amount",
    }
    state.add(rate)
    return {"shipping_amount": rate["fixed_amount"]["amount"], "shipping_rate": rate["id"]}


def _metadata(params: Body) -> Body:
    """Return the metadata given; an empty value means that the key is not set."""
    return {key: value for key, value in params.get("metadata", {}).items() if value}
