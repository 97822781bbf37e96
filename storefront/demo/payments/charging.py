"""What happens when a shopper pays: a payment intent, a charge, a completed Session."""

from dataclasses import dataclass

from .events import Events
from .ids import new_id
from .sessions import customer
from .state import Body, State

PAYS = "4242424242424242"
DECLINED = "4000000000000002"
DECLINE = "Your card was declined."


@dataclass(frozen=True)
class Buyer:
    """Who pays, and where the goods go if the shop asked."""

    email: str
    name: str
    phone: str | None = None
    address: Body | None = None


def pay(
    state: State, events: Events, session: Body, buyer: Buyer, card: str, *, now: int
) -> str | None:
    """Pay an open Session with one of the two test cards; return why not, if it was declined."""
    if session["amount_total"] == 0:
        _complete(state, events, session, buyer, "no_payment_required", now)
        return None
    intent = _intent(state, session, buyer, now)
    charge = _charge(intent, buyer, card, now)
    intent["latest_charge"] = charge["id"]
    state.add(charge)
    if card == DECLINED:
        intent["last_payment_error"] = {
            "charge": charge["id"],
            "code": "card_declined",
            "decline_code": "generic_decline",
            "message": DECLINE,
            "type": "card_error",
        }
        state.save(intent)
        state.save(session)
        events.record("payment_intent.payment_failed", intent, now=now)
        return DECLINE
    intent |= {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "payment_method": charge["payment_method"],
        "status": "succeeded",
    }
    state.save(intent)
    events.record("payment_intent.succeeded", intent, now=now)
    _complete(state, events, session, buyer, "paid", now)
    return None


def _complete(
    state: State, events: Events, session: Body, buyer: Buyer, payment_status: str, now: int
) -> None:
    goes_to = buyer.address and {"name": buyer.name, "address": buyer.address}
    session |= {
        "collected_information": {
            "business_name": None,
            "individual_name": None,
            "shipping_details": goes_to,
        },
        "customer_details": customer(
            address=buyer.address, email=buyer.email, name=buyer.name, phone=buyer.phone
        ),
        "payment_status": payment_status,
        "status": "complete",
        "url": None,
    }
    state.save(session)
    events.record("checkout.session.completed", session, now=now)


def _intent(state: State, session: Body, buyer: Buyer, now: int) -> Body:
    """Return the Session's intent for what is due now, made at the first try like Stripe's."""
    intent = state.find(session["payment_intent"] or "")
    if intent is None:
        intent = _new_intent(session, now)
        state.add(intent)
        session["payment_intent"] = intent["id"]
    intent["amount"] = session["amount_total"]
    intent["shipping"] = buyer.address and {
        "address": buyer.address,
        "carrier": None,
        "name": buyer.name,
        "phone": buyer.phone,
        "tracking_number": None,
    }
    return intent


def _new_intent(session: Body, now: int) -> Body:
    given = session["payment_intent_data"]
    id = new_id("pi_3")
    return {
        "id": id,
        "object": "payment_intent",
        "amount": session["amount_total"],
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic_async",
        "client_secret": new_id(f"{id}_secret_"),
        "confirmation_method": "automatic",
        "created": now,
        "currency": session["currency"],
        "customer": None,
        "description": given.get("description"),
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {key: value for key, value in given.get("metadata", {}).items() if value},
        "next_action": None,
        "on_behalf_of": None,
        "payment_method": None,
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": None,
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }


def _charge(intent: Body, buyer: Buyer, card: str, now: int) -> Body:
    paid = card == PAYS
    return {
        "id": new_id("ch_3"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": {
            "address": buyer.address,
            "email": buyer.email,
            "name": buyer.name,
            "phone": buyer.phone,
            "tax_id": None,
        },
        "calculated_statement_descriptor": None,
        "captured": paid,
        "created": now,
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None if paid else "card_declined",
        "failure_message": None if paid else DECLINE,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "reason": None if paid else "generic_decline",
            "risk_level": "normal",
            "seller_message": "Payment complete." if paid else "The bank declined the payment.",
            "type": "authorized" if paid else "issuer_declined",
        },
        "paid": paid,
        "payment_intent": intent["id"],
        "payment_method": new_id("pm_1"),
        "payment_method_details": {
            "card": {
                "brand": "visa",
                "checks": {
                    "address_line1_check": None,
                    "address_postal_code_check": None,
                    "cvc_check": None,
                },
                "country": "US",
                "exp_month": 12,
                "exp_year": 2040,
                "funding": "credit",
                "last4": card[-4:],
                "network": "visa",
                "three_d_secure": None,
                "wallet": None,
            },
            "type": "card",
        },
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": intent["shipping"],
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "succeeded" if paid else "failed",
        "transfer_data": None,
        "transfer_group": None,
    }
