"""Sends each event to the shop, signed, again and again until it is taken; and ends old Sessions.

See https://docs.stripe.com/webhooks#verify-manually for the signature.
"""

import hmac
import http.client
import json
import logging
import sqlite3
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from . import clock
from .clock import Clock
from .events import Events
from .overdue import catch_up
from .state import State

PAUSES = (1, 5, 30, 120, 600)
"""Seconds to wait after each failed try; the last is repeated."""
GIVES_UP_AFTER = 3 * 24 * 60 * 60
LONGEST_WAIT = 1.0
ANSWER_WITHIN = 10

log = logging.getLogger(__name__)


def signature(payload: bytes, secret: str, at: int) -> str:
    """Return the Stripe-Signature header of a payload sent at a time."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + payload, "sha256").hexdigest()
    return f"t={at},v1={digest}"


class Courier(threading.Thread):
    """The background thread that delivers and that ends Sessions whose time has passed."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        events: Events,
        *,
        url: str | None,
        secret: str,
        pauses: Sequence[float] = PAUSES,
    ) -> None:
        super().__init__(name="courier", daemon=True)
        self.state = state
        self.clock = clock
        self.events = events
        self.url = url
        self.secret = secret
        self.pauses = pauses
        self.stopped = threading.Event()

    def run(self) -> None:
        """Deliver what is due, wait for more, until stopped."""
        while not self.stopped.is_set():
            self.state.news.clear()
            try:
                wait = self._round()
            except Exception:
                log.exception("a round of deliveries failed")
                wait = LONGEST_WAIT
            self.state.news.wait(wait)

    def stop(self) -> None:
        """Stop after the delivery under way."""
        self.stopped.set()
        self.state.news.set()
        if self.is_alive():
            self.join(timeout=ANSWER_WITHIN + 1)

    def _round(self) -> float:
        """Deliver everything due now; return the seconds until there may be more."""
        with self.state.transaction():
            catch_up(self.state, self.events, now=int(self.clock.now()))
        if self.url is None:
            return LONGEST_WAIT
        while not self.stopped.is_set():
            with self.state.transaction():
                delivery = self._next()
            if delivery is None:
                return LONGEST_WAIT
            wait = float(delivery["due_at"]) - self.clock.now()
            if wait > 0:
                return min(wait, LONGEST_WAIT)
            answer, taken = self._send_copies(self.url, delivery["body"])
            with self.state.transaction():
                self._write_down(delivery, answer, taken)
        return 0

    def _next(self) -> sqlite3.Row | None:
        shuffle, now = self.events.sending.shuffle, self.clock.now()
        row: sqlite3.Row | None = self.state.connection.execute(
            "SELECT * FROM deliveries JOIN things ON things.id = event_id WHERE state = 'waiting'"
            " ORDER BY CASE WHEN ? THEN max(due_at, ?) ELSE due_at END,"
            " CASE WHEN ? THEN random() ELSE rank END LIMIT 1",
            (shuffle, now, shuffle),
        ).fetchone()
        return row

    def _send_copies(self, url: str, body: str) -> tuple[str, bool]:
        """Send an event, all its copies at once; it is taken when every one was."""
        copies = self.events.sending.copies
        with ThreadPoolExecutor(copies) as pool:
            answers = list(pool.map(lambda _: _send(url, self.secret, body), range(copies)))
        return next((answer for answer in answers if not answer[1]), answers[0])

    def _write_down(self, delivery: sqlite3.Row, answer: str, taken: bool) -> None:
        now, event = self.clock.now(), json.loads(delivery["body"])
        if taken:
            state, due_at = "delivered", now
            self.state.save(event | {"pending_webhooks": 0})
        else:
            pause = self.pauses[min(delivery["tries"], len(self.pauses) - 1)]
            state, due_at = "waiting", now + pause
            if due_at > event["created"] + GIVES_UP_AFTER:
                state = "given up"
        self.state.connection.execute(
            "UPDATE deliveries SET state = ?, due_at = ?, tries = tries + 1, answer = ?"
            " WHERE event_id = ?",
            (state, due_at, answer, event["id"]),
        )


def _send(url: str, secret: str, body: str) -> tuple[str, bool]:
    """Post an event; return the answer in a few words and whether the shop took it."""
    parts = urlsplit(url)
    payload = json.dumps(json.loads(body), indent=2).encode()
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=ANSWER_WITHIN)
    try:
        connection.request(
            "POST",
            parts.path + (f"?{parts.query}" if parts.query else ""),
            payload,
            {
                "Content-Type": "application/json; charset=utf-8",
                # The machine's time, whatever the company's clock says: the shop compares the two.
                "Stripe-Signature": signature(payload, secret, int(clock.now())),
                "User-Agent": "test-payment-company",
            },
        )
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        return f"{type(error).__name__}: {error}", False
    finally:
        connection.close()
    return str(status), 200 <= status < 300
