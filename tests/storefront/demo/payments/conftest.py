"""A company on a free port, a shop that takes its events, and hands to act with."""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
import stripe

from storefront.demo.payments import clock, running, webhooks

KEY = "sk_test_company"
SECRET = "whsec_company"
PAYS = "4242 4242 4242 4242"
DECLINED = "4000 0000 0000 0002"
TYPED = {
    "email": "ann@example.com",
    "name": "Ann Smith",
    "line1": "1 Main Street",
    "line2": "",
    "city": "Springfield",
    "state": "IL",
    "postal_code": "62701",
    "country": "US",
    "phone": "",
}


@dataclass
class Answer:
    """What came back over HTTP, redirects not followed."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def send(method: str, url: str, form: Any = None, headers: dict[str, str] | None = None) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    body = form if isinstance(form, bytes) else urlencode(form) if form is not None else None
    kind = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, body, kind | (headers or {}))
        response = connection.getresponse()
        return Answer(response.status, dict(response.headers), response.read().decode())
    finally:
        connection.close()


@dataclass
class Shop:
    """The receiver of events; answers with the statuses set, then with 200."""

    url: str
    statuses: list[int] = field(default_factory=list)
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def events(self, number: int) -> list[Any]:
        """Wait for this many deliveries and return their events."""
        for _ in range(250):
            if len(self.received) >= number:
                break
            time.sleep(0.02)
        return [json.loads(body) for _, body in self.received]


@pytest.fixture
def shop() -> Iterator[Shop]:
    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            shop.received.append((dict(self.headers), body))
            self.send_response(shop.statuses.pop(0) if shop.statuses else 200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Takes) as server:
        shop = Shop(f"http://127.0.0.1:{server.server_address[1]}/webhooks/stripe")
        thread = threading.Thread(target=server.serve_forever, args=(0.005,))
        thread.start()
        yield shop
        server.shutdown()
        thread.join()


@dataclass
class Company:
    """A running company, asked through the real SDK."""

    url: str
    client: stripe.StripeClient

    def open(self, **changes: Any) -> Any:
        return self.client.v1.checkout.sessions.create(wish(**changes))  # type: ignore[arg-type]

    def session(self, id: str, *expand: str) -> Any:
        return self.client.v1.checkout.sessions.retrieve(id, {"expand": list(expand)})

    def submit(self, session: Any, button: str = "pay", **changes: str) -> Answer:
        """Fill in the session's page and press a button."""
        rates = [option.shipping_rate for option in session.shipping_options]
        chosen = {"shipping_rate": rates[0]} if rates else {}
        form = TYPED | {"card": PAYS} | chosen | changes | {button: "1"}
        return send("POST", f"{self.url}/pay/{session.id}", form)

    def paid(self, **changes: Any) -> Any:
        session = self.open(**changes)
        assert self.submit(session).status == 303
        return self.session(session.id)

    def refused(self, act: Callable[[], object]) -> stripe.StripeError:
        """Return the error that the SDK raises for what must be refused."""
        with pytest.raises(stripe.StripeError) as caught:
            act()
        return caught.value

    def raw(self, method: str, path: str, form: Any = None, **headers: str) -> Answer:
        bearer = {"Authorization": f"Bearer {KEY}"}
        return send(method, self.url + path, form, bearer | headers)

    def tell(self, path: str, /, **fields: Any) -> Answer:
        """Tell the company something under /_test/."""
        return self.raw("POST", f"/_test/{path}", json.dumps(fields).encode())

    def told(self, path: str, /, **fields: Any) -> Any:
        """Tell the company something that it takes, and return its answer."""
        answer = self.tell(path, **fields)
        assert answer.status == 200, answer.text
        return answer.json


def wish(**changes: Any) -> dict[str, Any]:
    """What a shop asks of a Session, changed; None leaves a parameter out."""
    asked = {
        "mode": "payment",
        "success_url": "http://shop.test/return?session_id={CHECKOUT_SESSION_ID}",
        "cancel_url": "http://shop.test/cart",
        "line_items": [line("Drift, left and right", 12_000, 2)],
        "shipping_address_collection": {"allowed_countries": ["US", "CA"]},
        "shipping_options": [delivery("Standard", 800), delivery("Express", 2_000)],
    } | changes
    return {name: value for name, value in asked.items() if value is not None}


def line(name: str, amount: int, quantity: int = 1, currency: str = "usd") -> dict[str, Any]:
    product = {"name": name}
    price = {"currency": currency, "unit_amount": amount, "product_data": product}
    return {"quantity": quantity, "price_data": price}


def delivery(name: str, amount: int, currency: str = "usd") -> dict[str, Any]:
    price = {"amount": amount, "currency": currency}
    return {
        "shipping_rate_data": {"type": "fixed_amount", "display_name": name, "fixed_amount": price}
    }


def flat(value: Any, name: str = "") -> dict[str, Any]:
    """Write nested parameters with brackets."""
    if not isinstance(value, dict | list):
        return {name: value}
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return {
        key: leaf
        for part, item in items
        for key, leaf in flat(item, f"{name}[{part}]" if name else str(part)).items()
    }


def client_of(url: str) -> stripe.StripeClient:
    return stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the courier look around often, so that a moved clock is soon noticed."""
    monkeypatch.setattr(webhooks, "LONGEST_WAIT", 0.02)


@pytest.fixture
def company(shop: Shop) -> Iterator[Company]:
    """A company that tells the shop; failed deliveries are tried again at once."""
    with running(
        ":memory:",
        key=KEY,
        webhook_url=shop.url,
        webhook_secret=SECRET,
        pauses=(0.05, 0.1),
    ) as url:
        yield Company(url, client_of(url))


@pytest.fixture(scope="session")
def shared() -> Iterator[Company]:
    """A company, without a shop, for tests that look only at what they made themselves."""
    with running(":memory:", key=KEY) as url:
        yield Company(url, client_of(url))


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Move the company's clock on by so many seconds."""

    def move(seconds: float) -> None:
        then = clock.now() + seconds
        monkeypatch.setattr(clock, "now", lambda: then)

    return move
