"""Lists of things, newest first, a page at a time.

See https://docs.stripe.com/api/pagination.
"""

from collections.abc import Sequence

from .errors import missing, out_of_range
from .state import Body, Condition, State

USUAL, MOST = 10, 100
BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


def list_things(
    state: State, kind: str, params: Body, *, url: str, filters: Sequence[str] = ()
) -> Body:
    """Return one page of the things of a kind whose fields are as the filters in params say."""
    limit = _limit(params)
    conditions = [Condition(name, "=", params[name]) for name in filters if name in params]
    created = params.get("created", {})
    bounds = created if isinstance(created, dict) else {"gte": created, "lte": created}
    conditions += [Condition("created", BOUNDS[name], bounds[name]) for name in bounds]
    below = None
    if "starting_after" in params:
        below = state.rank(params["starting_after"], kind)
        if below is None:
            raise missing(kind, params["starting_after"], "starting_after")
    found = state.newest(kind, conditions, limit=limit + 1, below=below)
    return _page(found, limit, url)


def list_lines(session: Body, params: Body, *, url: str) -> Body:
    """Return one page of a Session's lines, first to last."""
    limit, lines = _limit(params), session["line_items"]
    if "starting_after" in params:
        ids = [line["id"] for line in lines]
        if params["starting_after"] not in ids:
            raise missing("item", params["starting_after"], "starting_after")
        lines = lines[ids.index(params["starting_after"]) + 1 :]
    return _page(lines, limit, url)


def _limit(params: Body) -> int:
    limit: int = params.get("limit", USUAL)
    if limit < 1:
        raise out_of_range("This value must be greater than or equal to 1.", "limit")
    if limit > MOST:
        raise out_of_range(f"This value must be less than or equal to {MOST}.", "limit")
    return limit


def _page(found: list[Body], limit: int, url: str) -> Body:
    return {"object": "list", "data": found[:limit], "has_more": len(found) > limit, "url": url}
