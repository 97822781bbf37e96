"""Webhook endpoints: made, listed and removed as Stripe's are; their secret is told once.

They are kept and nothing more: events go where the company was started to send them.
"""

from .errors import Refused
from .ids import new_id
from .served import ENDPOINT
from .served import check as check_served
from .session_rules import ADDRESS, check_metadata
from .state import Body, State

KIND = "webhook_endpoint"
MOST = 16


def check(params: Body, now: int) -> None:
    """Raise Refused if Stripe would not make an endpoint with these parameters."""
    check_served(params, ENDPOINT)
    if not ADDRESS.fullmatch(params["url"]):
        raise Refused("Not a valid URL", param="url", code="url_invalid")
    if not params["enabled_events"]:
        raise Refused("You must enable at least one event.", param="enabled_events")
    check_metadata(params.get("metadata") or {}, "metadata")


def make(state: State, params: Body, *, now: int) -> Body:
    """Keep a new endpoint and return it with its secret; raise Refused beyond sixteen."""
    if len(state.newest(KIND, limit=MOST)) == MOST:
        raise Refused(f"You have reached the maximum of {MOST} test webhook endpoints.")
    endpoint: Body = {
        "id": new_id("we_1"),
        "object": KIND,
        "api_version": params.get("api_version"),
        "application": None,
        "created": now,
        "description": params.get("description"),
        "enabled_events": params["enabled_events"],
        "livemode": False,
        "metadata": params.get("metadata") or {},
        "status": "enabled",
        "url": params["url"],
    }
    state.add(endpoint)
    return endpoint | {"secret": new_id("whsec_", 32)}


def remove(state: State, endpoint: Body) -> Body:
    """Forget an endpoint, and say so as Stripe does."""
    state.remove(endpoint["id"])
    return {"id": endpoint["id"], "object": KIND, "deleted": True}
