"""What the interface can do: the operations of Stripe's that the company serves."""

from collections.abc import Callable
from dataclasses import dataclass

from . import endpoints, lists, refunds, served, session_rules, sessions
from .company import Company
from .errors import missing
from .state import Body


@dataclass(frozen=True)
class Call:
    """One request to the interface: its checked parameters, its path and id, when it came."""

    company: Company
    params: Body
    id: str
    path: str
    now: int
    request: Body


@dataclass(frozen=True)
class Operation:
    """What is checked before any work (and kept under no key), and the work itself."""

    check: Callable[[Body, int], None]
    work: Callable[[Call], Body]


def _only(names: frozenset[str]) -> Callable[[Body, int], None]:
    return lambda params, now: served.check(params, names)


def _retrieve(kind: str, param: str) -> Operation:
    return Operation(_only(served.SHOW), lambda call: _found(call, kind, param))


def _found(call: Call, kind: str, param: str) -> Body:
    thing = call.company.state.find(call.id, kind)
    if thing is None:
        raise missing(kind, call.id, param)
    return thing


def _list(kind: str, names: frozenset[str], *filters: str) -> Operation:
    def work(call: Call) -> Body:
        return lists.list_things(
            call.company.state, kind, call.params, url=call.path, filters=filters
        )

    return Operation(_only(names), work)


def _session(call: Call) -> Body:
    return _found(call, sessions.KIND, "session")


def _open_session(call: Call) -> Body:
    company = call.company
    return sessions.open_session(
        company.state, call.params, public_url=company.public_url, now=call.now
    )


def _expire(call: Call) -> Body:
    company = call.company
    return sessions.expire(
        company.state, company.events, _session(call), now=call.now, request=call.request
    )


def _lines(call: Call) -> Body:
    return lists.list_lines(_session(call), call.params, url=call.path)


def _connect(call: Call) -> Body:
    return endpoints.make(call.company.state, call.params, now=call.now)


def _disconnect(call: Call) -> Body:
    endpoint = _found(call, endpoints.KIND, "webhook_endpoint")
    return endpoints.remove(call.company.state, endpoint)


def _refund(call: Call) -> Body:
    company = call.company
    return refunds.refund(
        company.state, company.events, call.params, now=call.now, request=call.request
    )


OPERATIONS = {
    ("POST", "/v1/checkout/sessions"): Operation(session_rules.check, _open_session),
    ("GET", "/v1/checkout/sessions"): _list(
        sessions.KIND, served.SESSIONS, "payment_intent", "status"
    ),
    ("GET", "/v1/checkout/sessions/{session}"): _retrieve(sessions.KIND, "session"),
    ("POST", "/v1/checkout/sessions/{session}/expire"): Operation(_only(served.SHOW), _expire),
    ("GET", "/v1/checkout/sessions/{session}/line_items"): Operation(_only(served.LIST), _lines),
    ("GET", "/v1/payment_intents"): _list("payment_intent", served.INTENTS),
    ("GET", "/v1/payment_intents/{intent}"): _retrieve("payment_intent", "intent"),
    ("GET", "/v1/charges"): _list("charge", served.CHARGES, "payment_intent"),
    ("GET", "/v1/charges/{charge}"): _retrieve("charge", "charge"),
    ("POST", "/v1/refunds"): Operation(refunds.check, _refund),
    ("GET", "/v1/refunds"): _list("refund", served.REFUNDS, "payment_intent", "charge"),
    ("GET", "/v1/refunds/{refund}"): _retrieve("refund", "refund"),
    ("GET", "/v1/events"): _list("event", served.EVENTS, "type"),
    ("GET", "/v1/events/{id}"): _retrieve("event", "id"),
    ("GET", "/v1/shipping_rates/{shipping_rate_token}"): _retrieve(
        "shipping_rate", "shipping_rate_token"
    ),
    ("POST", "/v1/webhook_endpoints"): Operation(endpoints.check, _connect),
    ("GET", "/v1/webhook_endpoints"): _list(endpoints.KIND, served.LIST),
    ("DELETE", "/v1/webhook_endpoints/{webhook_endpoint}"): Operation(
        _only(served.SHOW), _disconnect
    ),
}
