"""What happened, told to the shop: an event and the delivery it waits for."""

import secrets
import sqlite3

from .ids import new_id
from .sending import Sending
from .showing import public
from .state import Body, State

API_VERSION = "2026-10-28.endive"
FROM_THE_PAGE: Body = {"id": None, "idempotency_key": None}


class Events:
    """Writes events into the state, each with a delivery when there is an address to send it to."""

    def __init__(self, state: State, *, delivered: bool) -> None:
        self.state = state
        self.delivered = delivered
        self.sending = Sending()

    def record(
        self,
        type: str,
        thing: Body,
        *,
        now: int,
        request: Body = FROM_THE_PAGE,
        previous: Body | None = None,
    ) -> None:
        """Record that something happened to a thing, as it is now."""
        data: Body = {"object": public(thing)}
        if previous is not None:
            data["previous_attributes"] = previous
        event: Body = {
            "id": new_id("evt_1"),
            "object": "event",
            "api_version": API_VERSION,
            "created": now,
            "data": data,
            "livemode": False,
            "pending_webhooks": int(self.delivered),
            "request": request,
            "type": type,
        }
        self.state.add(event)
        if self.delivered:
            self._deliver(event["id"], now)

    def _deliver(self, event_id: str, now: int) -> None:
        lost = secrets.SystemRandom().random() < self.sending.lose
        state, answer = ("given up", "lost, as told") if lost else ("waiting", "")
        self.state.connection.execute(
            "INSERT INTO deliveries (event_id, state, due_at, answer) VALUES (?, ?, ?, ?)",
            (event_id, state, now + self.sending.late, answer),
        )
        self.state.news.set()

    def deliveries(self, limit: int) -> list[sqlite3.Row]:
        """Return the latest deliveries, newest first, each with the type of its event."""
        return self.state.connection.execute(
            "SELECT deliveries.*, json_extract(body, '$.type') AS type"
            " FROM deliveries JOIN things ON things.id = event_id ORDER BY rank DESC LIMIT ?",
            (limit,),
        ).fetchall()
