"""The test payment company as tests use it: serve it, pay on its pages, deliver its events."""

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from storefront.demo.payments.app import create_company
from storefront.demo.payments.server import listen, server
from wsgi import TEST_KEY

GOOD_CARD = "4242 4242 4242 4242"
DECLINED_CARD = "4000 0000 0000 0002"
SHOPPER = {
    "email": "shopper@example.com",
    "name": "Ann Example",
    "line1": "1 Main Street",
    "line2": "",
    "city": "Santa Barbara",
    "state": "CA",
    "postal_code": "93101",
    "country": "US",
    "phone": "",
    "card": GOOD_CARD,
}


@dataclass(frozen=True)
class Company:
    """A running test payment company."""

    url: str

    @classmethod
    @contextmanager
    def serve(cls, state: Path) -> Iterator["Company"]:
        """Serve one in a thread at a free port."""
        listening = listen("127.0.0.1", 0)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = create_company(str(state), TEST_KEY, None, "", url)
        serving = server(app, listening)
        thread = threading.Thread(target=serving.serve_forever, daemon=True)
        thread.start()
        yield cls(url)
        serving.shutdown()
        thread.join(5)
        serving.server_close()
        listening.close()
        app.extensions["company"].close()

    def pay(self, address: str, *, rate: int = 0, **fields: str) -> str:
        """Pay on a payment page with the delivery at this place; return where it sends us."""
        answer = self.post(address, rate=rate, pay="1", **fields)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["Location"])

    def post(self, address: str, *, rate: int = 0, **fields: str) -> requests.Response:
        """Send a payment page's form."""
        rates = self.session(address.rpartition("/")[2])["shipping_options"]
        form = {**SHOPPER, "shipping_rate": rates[rate]["shipping_rate"], **fields}
        return requests.post(address, data=form, allow_redirects=False, timeout=10)

    def session(self, session_id: str) -> dict[str, Any]:
        """Return a checkout session as the company describes it."""
        return self._get(f"checkout/sessions/{session_id}")

    def sessions(self) -> list[dict[str, Any]]:
        """Return the company's newest hundred checkout sessions."""
        return list(self._get("checkout/sessions?limit=100")["data"])

    def expire(self, session_id: str) -> None:
        """End a session as its owner would in the dashboard."""
        requests.post(
            f"{self.url}/v1/checkout/sessions/{session_id}/expire", auth=(TEST_KEY, ""), timeout=10
        ).raise_for_status()

    def refunds(self, payment_intent: str) -> list[dict[str, Any]]:
        """Return the refunds of a payment, newest first."""
        return list(self._get(f"refunds?payment_intent={payment_intent}&limit=100")["data"])

    def events(self, id_: str) -> list[dict[str, Any]]:
        """Return the events about a checkout session or a refund, oldest first."""
        events = self._get("events?limit=100")["data"]
        return [e for e in reversed(events) if e["data"]["object"]["id"] == id_]

    def _get(self, path: str) -> dict[str, Any]:
        answer = requests.get(f"{self.url}/v1/{path}", auth=(TEST_KEY, ""), timeout=10)
        answer.raise_for_status()
        return dict(answer.json())


def deliver(
    client: FlaskClient, event: dict[str, Any], secret: str, *, at: float | None = None
) -> TestResponse:
    """Post an event to the shop as the company would, signed at a moment."""
    return deliver_raw(client, json.dumps(event).encode(), secret, at=at)


def deliver_raw(
    client: FlaskClient, body: bytes, secret: str, *, at: float | None = None
) -> TestResponse:
    """Post any bytes to the shop with a correct signature."""
    stamp = int(at if at is not None else time.time())
    digest = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    return client.post(
        "/webhooks/stripe",
        data=body,
        content_type="application/json",
        headers={"Stripe-Signature": f"t={stamp},v1={digest}", "Sec-Fetch-Site": "cross-site"},
    )
