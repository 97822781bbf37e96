"""What a thing shows of itself, and the opening of ids into what they name ("expand").

See https://docs.stripe.com/expand.
"""

from .errors import Refused
from .state import Body, State

PRIVATE = frozenset({"line_items", "payment_intent_data"})
EXPANDABLE = frozenset(
    {"charge", "latest_charge", "line_items", "payment_intent", "product", "shipping_rate"}
)
LINES_SHOWN = 10


def public(thing: Body) -> Body:
    """Return a thing without what is shown only on demand."""
    return {name: value for name, value in thing.items() if name not in PRIVATE}


def show(state: State, answer: Body, expand: list[str]) -> Body:
    """Return an answer as the interface shows it; raise Refused for an expand that cannot be."""
    for path in expand:
        if path.split(".")[-1] not in EXPANDABLE:
            raise _unexpandable(path)
    return _opened(state, answer, [path.split(".") for path in expand])


def _opened(state: State, thing: Body, paths: list[list[str]]) -> Body:
    shown = public(thing)
    if thing.get("object") == "list":
        shown["data"] = [_opened(state, item, _below(paths, "data")) for item in thing["data"]]
    for name in {path[0] for path in paths if path} - {"data"}:
        if name not in thing:
            raise _unexpandable(name)
        value = _lines(thing) if name == "line_items" else thing[name]
        if isinstance(value, str):
            value = state.find(value)
        if isinstance(value, list):
            value = [_opened(state, item, _below(paths, name)) for item in value]
        elif value is not None:
            value = _opened(state, value, _below(paths, name))
        shown[name] = value
    return shown


def _below(paths: list[list[str]], name: str) -> list[list[str]]:
    return [path[1:] for path in paths if path and path[0] == name]


def _lines(session: Body) -> Body:
    """Return a Session's first lines; Stripe shows ten, and a list of its own has the rest."""
    lines = session["line_items"]
    return {
        "object": "list",
        "data": lines[:LINES_SHOWN],
        "has_more": len(lines) > LINES_SHOWN,
        "url": f"/v1/checkout/sessions/{session['id']}/line_items",
    }


def _unexpandable(path: str) -> Refused:
    return Refused(f"This property cannot be expanded ({path}).", param="expand")
