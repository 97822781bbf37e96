"""Money given back, never more than was charged."""

from .amounts import text
from .errors import Refused, missing, out_of_range
from .events import Events
from .ids import new_id
from .served import REFUND
from .served import check as check_served
from .session_rules import check_metadata
from .state import Body, State


def check(params: Body, now: int) -> None:
    """Raise Refused if Stripe would not read a refund out of these parameters."""
    check_served(params, REFUND)
    named = [name for name in ("payment_intent", "charge") if name in params]
    if not named:
        raise Refused(
            "One of the following params should be provided for this request: payment_intent or"
            " charge.",
            code="parameter_missing",
        )
    if len(named) > 1:
        raise Refused(
            "You may only specify one of these parameters: payment_intent, charge.",
            code="parameters_exclusive",
        )
    if params.get("amount", 1) < 1:
        raise out_of_range("This value must be greater than or equal to 1.", "amount")
    check_metadata(params.get("metadata") or {}, "metadata")


def refund(state: State, events: Events, params: Body, *, now: int, request: Body) -> Body:
    """Give back what is left of a charge, or the amount asked for; raise Refused if too much."""
    charge = _charge(state, params)
    left = charge["amount_captured"] - charge["amount_refunded"]
    amount = params.get("amount", left)
    if left == 0:
        raise Refused(
            f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded"
        )
    if amount > left:
        currency = charge["currency"]
        raise Refused(
            f"Refund amount ({text(amount, currency)}) is greater than unrefunded amount on charge"
            f" ({text(left, currency)})",
            param="amount",
        )
    made = {
        "id": new_id("re_3"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "destination_details": {"card": {"type": "refund"}, "type": "card"},
        "metadata": {k: v for k, v in (params.get("metadata") or {}).items() if v},
        "payment_intent": charge["payment_intent"],
        "reason": params.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": "succeeded",
        "transfer_reversal": None,
    }
    state.add(made)
    previous = {name: charge[name] for name in ("amount_refunded", "refunded")}
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    state.save(charge)
    events.record("refund.created", made, now=now, request=request)
    events.record("charge.refunded", charge, now=now, request=request, previous=previous)
    return made


def _charge(state: State, params: Body) -> Body:
    if "charge" in params:
        charge = state.find(params["charge"], "charge")
        if charge is None:
            raise missing("charge", params["charge"], "charge")
    else:
        intent = state.find(params["payment_intent"], "payment_intent")
        if intent is None:
            raise missing("payment_intent", params["payment_intent"], "payment_intent")
        charge = state.find(intent["latest_charge"] or "", "charge")
    if charge is None or not charge["paid"]:
        raise Refused(
            "This payment does not have a successful charge to refund.",
            param="payment_intent" if "payment_intent" in params else "charge",
        )
    return charge
