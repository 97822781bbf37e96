"""Answers kept under their Idempotency-Key, so that a repeated request does its work once.

See https://docs.stripe.com/api/idempotent_requests.
"""

import sqlite3

from .errors import Refused
from .state import State

KEPT = 24 * 60 * 60
LONGEST_KEY = 255


def stored(state: State, key: str, request: str) -> sqlite3.Row | None:
    """Return the answer given under this key; raise Refused if the request was another one."""
    if len(key) > LONGEST_KEY:
        raise Refused(
            f"Idempotency keys are at most {LONGEST_KEY} characters long.", kind="idempotency_error"
        )
    answer: sqlite3.Row | None = state.connection.execute(
        "SELECT * FROM answers WHERE key = ?", (key,)
    ).fetchone()
    if answer is not None and answer["request"] != request:
        raise Refused(
            "Keys for idempotent requests can only be used with the same parameters they were first"
            f" used with. Try using a key other than '{key}' if you meant to execute a different"
            " request.",
            kind="idempotency_error",
        )
    return answer


def keep(
    state: State, key: str, request: str, *, request_id: str, status: int, body: str, now: float
) -> None:
    """Remember an answer for a day, and forget those older than that."""
    state.connection.execute("DELETE FROM answers WHERE at < ?", (now - KEPT,))
    state.connection.execute(
        "INSERT INTO answers (key, request, request_id, status, body, at)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (key, request, request_id, status, body, now),
    )
