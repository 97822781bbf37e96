"""The payment company in our words: the only module that knows the `stripe` package."""

import hashlib
import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import stripe

from storefront.db import db

FAILED = {"requires_payment_method", "canceled"}  # what a delayed payment becomes in the end
DECIDED = {"won", "lost", "warning_closed", "prevented"}  # what a dispute becomes in the end
TIMEOUT = 10  # seconds for one request
API_VERSION = stripe.api_version  # of what is asked, and so of the events that we can read
EVENTS = (  # what the shop hears, and all that it asks to be sent
    "checkout.session.completed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.async_payment_failed",
    "checkout.session.expired",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.dispute.closed",
)
BUSY_TRIES = 20  # while another request with the same key is at work
BUSY_PAUSE = 0.25  # seconds


class Refused(Exception):
    """The payment company refused the request (4xx); its sentence is for staff, not shoppers."""


class Unclear(Exception):
    """No clear answer came (time-out, cut line, 5xx): the request may have been carried out."""


class BadEvent(Exception):
    """An event that is not signed by the company, is stale, or cannot be read."""


@dataclass(frozen=True)
class PageLine:
    name: str
    unit_minor: int
    quantity: int


@dataclass(frozen=True)
class PageDelivery:
    name: str
    price_minor: int
    least_days: int | None
    most_days: int | None


@dataclass(frozen=True)
class PageRequest:
    """All that is needed to ask for a payment page, and to ask for the very same one again.

    `expires_at` is in seconds since 1970, as the company counts.
    """

    key: str
    number: int
    currency: str
    lines: list[PageLine]
    country: str
    deliveries: list[PageDelivery]
    email: str
    expires_at: int
    success_url: str
    cancel_url: str
    note: str
    automatic_tax: bool = False
    promotion_codes: bool = False

    def as_data(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "PageRequest":
        lines = [PageLine(**line) for line in data["lines"]]
        deliveries = [PageDelivery(**delivery) for delivery in data["deliveries"]]
        return cls(**{**data, "lines": lines, "deliveries": deliveries})


@dataclass(frozen=True)
class OpenPage:
    session_id: str
    address: str


@dataclass(frozen=True)
class PageFacts:
    """A payment page as the company describes it. Amounts are minor units.

    `delivery` is the place of the chosen method among those offered, None before the choice.
    `taxes`, on top of the prices, is that of each line and, last, of the delivery; empty where the
    company works out none.
    """

    session_id: str
    key: str
    status: str
    payment_status: str
    currency: str
    subtotal_minor: int
    discount_minor: int
    delivery_minor: int
    tax_minor: int
    total_minor: int
    delivery: int | None
    payment_intent: str | None
    has_failed: bool = False
    person: Mapping[str, str] = field(default_factory=dict)
    taxes: Sequence[int] = ()

    @property
    def is_paid(self) -> bool:
        return self.status == "complete" and self.payment_status in {"paid", "no_payment_required"}


@dataclass(frozen=True)
class RefundFacts:
    """A refund as the company describes it; `key` is ours, '' for one that is not of the shop.

    `status` is pending, succeeded or failed; `why` says why it failed.
    """

    refund_id: str
    key: str
    amount_minor: int
    status: str
    why: str


@dataclass(frozen=True)
class Endpoint:
    """An address that the company sends events to. `hears_all`: on, ours, of our API version."""

    endpoint_id: str
    address: str
    hears_all: bool


@dataclass(frozen=True)
class DisputeFacts:
    """That a bank took a payment back, or what became of it. `has_ended`: it is decided."""

    dispute_id: str
    amount_minor: int
    reason: str
    status: str
    has_ended: bool


@dataclass(frozen=True)
class Event:
    """What a signed message says happened, and to which payment page or payment.

    `not_ours` says why it is not for this shop, '' where it is.
    """

    id: str
    type: str
    session_id: str | None
    payment_intent: str | None = None
    dispute: DisputeFacts | None = None
    not_ours: str = ""


class Payments(Protocol):
    """What the shop asks of a payment company. `account` differs from key to key."""

    hears_events: bool
    account: str
    mode: str

    def open_page(self, request: PageRequest) -> OpenPage: ...
    def look_up(self, session_id: str) -> PageFacts | None: ...
    def lines_of(self, session_id: str) -> list[PageLine]: ...
    def close_page(self, session_id: str) -> None: ...
    def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts: ...
    def refunds_of(self, payment_intent: str) -> list[RefundFacts]: ...
    def paid_pages(self, since: datetime) -> list[PageFacts]: ...
    def refunded_since(self, since: datetime) -> list[str]: ...
    def find_event(self, event_id: str) -> Event | None: ...
    def read_event(self, body: bytes, signature: str) -> Event: ...
    def endpoints(self) -> list[Endpoint]: ...
    def connect(self, address: str) -> str: ...
    def disconnect(self, endpoint_id: str) -> None: ...


class StripePayments:
    """Stripe, or whatever speaks its interface at `base`."""

    def __init__(self, key: str, *, base: str = "", webhook_secret: str = "") -> None:
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": base} if base else {},
            http_client=stripe.RequestsClient(timeout=TIMEOUT),
            max_network_retries=0,
        )
        self._secret = webhook_secret
        self.mode = "live" if "_live_" in key else "test"
        self.hears_events = bool(webhook_secret)
        self.account = hashlib.sha256(key.encode()).hexdigest()[:16]

    def open_page(self, request: PageRequest) -> OpenPage:
        """Open a payment page; the same request again gives the same page.

        Raises Refused or Unclear.
        """
        for _ in range(BUSY_TRIES):
            try:
                with _in_our_words():
                    session = self._client.v1.checkout.sessions.create(
                        _parameters(request), {"idempotency_key": request.key}
                    )
                return OpenPage(session.id, session.url or "")
            except _Busy:
                time.sleep(BUSY_PAUSE)
        raise Unclear("another request with the same key is still at work")

    def look_up(self, session_id: str) -> PageFacts | None:
        """Return what the company knows of a page, or None where it knows no such page."""
        try:
            with _in_our_words():
                session = self._client.v1.checkout.sessions.retrieve(
                    session_id, {"expand": ["payment_intent"]}
                )
                facts = _facts(session)
                if facts.is_paid and session.automatic_tax.enabled:
                    return replace(facts, taxes=self._taxes(session))
                return facts
        except _Missing:
            return None

    def lines_of(self, session_id: str) -> list[PageLine]:
        """Return the lines of a page, first to last. Raises Refused or Unclear."""
        with _in_our_words():
            return [
                PageLine(
                    line.description or "",
                    (line.price.unit_amount or 0) if line.price else 0,
                    line.quantity or 0,
                )
                for line in self._lines(session_id)
            ]

    def _lines(self, session_id: str) -> Iterator[stripe.LineItem]:
        found = self._client.v1.checkout.sessions.line_items.list(session_id, {"limit": 100})
        return found.auto_paging_iter()

    def _taxes(self, session: stripe.checkout.Session) -> list[int]:
        """Return the tax of each line, in the order in which they were sent, and of delivery."""
        lines = [line.to_dict() for line in self._lines(session.id)]
        of_lines = {int(line["metadata"]["line"]): int(line["amount_tax"]) for line in lines}
        cost = session.shipping_cost
        return [*(of_lines[place] for place in sorted(of_lines)), cost.amount_tax if cost else 0]

    def close_page(self, session_id: str) -> None:
        """End a page so that nobody can pay on it; one that has ended already stays as it is."""
        try:
            with _in_our_words():
                self._client.v1.checkout.sessions.expire(session_id)
        except Refused:
            pass  # complete or expired: the look-up that follows says which

    def refund(self, payment_intent: str, amount_minor: int, key: str) -> RefundFacts:
        """Give money back; the same key again gives the same refund. Raises Refused or Unclear."""
        with _in_our_words():
            return _refund_facts(
                self._client.v1.refunds.create(
                    {
                        "payment_intent": payment_intent,
                        "amount": amount_minor,
                        "metadata": {"refund": key},
                    },
                    {"idempotency_key": key},
                )
            )

    def refunds_of(self, payment_intent: str) -> list[RefundFacts]:
        """Return every refund of a payment, newest first. Raises Refused or Unclear."""
        with _in_our_words():
            found = self._client.v1.refunds.list({"payment_intent": payment_intent, "limit": 100})
            return [_refund_facts(refund) for refund in found.auto_paging_iter()]

    def paid_pages(self, since: datetime) -> list[PageFacts]:
        """Return the pages opened since a moment that were paid. Raises Refused or Unclear."""
        with _in_our_words():
            found = self._client.v1.checkout.sessions.list(
                {"status": "complete", "created": {"gte": in_seconds(since)}, "limit": 100}
            )
            facts = [_facts(session) for session in found.auto_paging_iter()]
            return [each for each in facts if each.is_paid]

    def refunded_since(self, since: datetime) -> list[str]:
        """Return the payments of which money was given back since a moment, each once."""
        with _in_our_words():
            found = self._client.v1.refunds.list(
                {"created": {"gte": in_seconds(since)}, "limit": 100}
            )
            intents = [refund.payment_intent for refund in found.auto_paging_iter()]
            return sorted({_id(intent) for intent in intents if intent is not None})

    def find_event(self, event_id: str) -> Event | None:
        """Return an event of the last 30 days again, None where the company knows it no more."""
        try:
            with _in_our_words():
                return self._event(self._client.v1.events.retrieve(event_id).to_dict())
        except _Missing:
            return None

    def read_event(self, body: bytes, signature: str) -> Event:
        """Return a signed event. Raises BadEvent for a forged, stale or unreadable one."""
        try:
            stripe.WebhookSignature.verify_header(
                body.decode(), signature, self._secret, stripe.Webhook.DEFAULT_TOLERANCE
            )
            return self._event(json.loads(body))
        except (
            stripe.SignatureVerificationError,
            AttributeError,
            KeyError,
            TypeError,
            RecursionError,
            ValueError,  # not UTF-8, not JSON
        ) as error:
            raise BadEvent(str(error)) from error

    def endpoints(self) -> list[Endpoint]:
        """Return the addresses that events are sent to. Raises Refused or Unclear."""
        with _in_our_words():
            found = self._client.v1.webhook_endpoints.list({"limit": 100})
            return [_endpoint(each) for each in found.auto_paging_iter()]

    def connect(self, address: str) -> str:
        """Have our events sent to an address; return the secret that they are signed with.

        The company tells the secret this once. Raises Refused or Unclear.
        """
        with _in_our_words():
            parameters: Any = {
                "url": address,
                "api_version": API_VERSION,
                "enabled_events": list(EVENTS),
            }
            return self._client.v1.webhook_endpoints.create(parameters).secret or ""

    def disconnect(self, endpoint_id: str) -> None:
        """Have no more events sent to an address. Raises Refused or Unclear."""
        with _in_our_words():
            self._client.v1.webhook_endpoints.delete(endpoint_id)

    def _event(self, told: Mapping[str, Any]) -> Event:
        event = _event(str(told["id"]), told["type"], told["data"]["object"])
        live = told.get("livemode")
        mode = self.mode if live is None else "live" if live else "test"
        if mode != self.mode:
            why = f"It is of {mode} mode, and this shop's key is of {self.mode} mode."
            return replace(event, not_ours=why)
        if told.get("account"):
            return replace(event, not_ours="It is of another account of the payment company.")
        return event


def _event(id_: str, type_: str, thing: Mapping[str, Any]) -> Event:
    if type_.startswith("checkout.session."):
        return Event(id_, type_, str(thing["id"]))
    intent = thing.get("payment_intent")
    intent = str(intent["id"] if isinstance(intent, dict) else intent) if intent else None
    if not type_.startswith("charge.dispute."):
        return Event(id_, type_, None, intent if "refund" in type_ else None)
    status = str(thing["status"])
    dispute = DisputeFacts(
        dispute_id=str(thing["id"]),
        amount_minor=int(thing["amount"]),
        reason=str(thing.get("reason") or ""),
        status=status,
        has_ended=status in DECIDED,
    )
    return Event(id_, type_, None, intent, dispute)


class _Missing(Refused):
    """The company knows no such thing."""


class _Busy(Unclear):
    """Another request with the same key is being carried out."""


@contextmanager
def _in_our_words() -> Iterator[None]:
    """Call the company with no transaction open, and turn its errors into ours.

    https://docs.stripe.com/error-low-level: a 4xx is final, anything else may have been done.
    """
    db.assert_idle()
    try:
        yield
    except stripe.StripeError as error:
        status = error.http_status or 0
        if status == 404:
            raise _Missing(error.user_message or str(error)) from error
        if status == 409:
            raise _Busy from error
        if 400 <= status < 500 and status != 429:
            raise Refused(error.user_message or str(error)) from error
        if isinstance(error, stripe.APIConnectionError):  # which tells the whole of its own story
            raise Unclear("it cannot be reached, or did not answer in time") from error
        raise Unclear(str(error)) from error


def _parameters(request: PageRequest) -> Any:
    """Write a page request as a Checkout Session (API 2026-10-28.endive)."""
    currency = request.currency.lower()
    parameters: dict[str, Any] = {
        "mode": "payment",
        "ui_mode": "hosted_page",
        "client_reference_id": str(request.number),
        "metadata": {"page": request.key},
        "expires_at": request.expires_at,
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "line_items": [
            {
                "quantity": line.quantity,
                "metadata": {"line": str(place)},
                "price_data": {
                    "currency": currency,
                    "unit_amount": line.unit_minor,
                    "tax_behavior": "exclusive",
                    "product_data": {"name": line.name},
                },
            }
            for place, line in enumerate(request.lines)
        ],
        "shipping_address_collection": {"allowed_countries": [request.country]},
        "shipping_options": [
            {"shipping_rate_data": _shipping_rate(delivery, currency)}
            for delivery in request.deliveries
        ],
        "custom_text": {"submit": {"message": request.note}},
        # Always said: left out, an account's own default may add a tax that nobody chose here.
        # https://docs.stripe.com/tax/checkout/automatic-tax-default
        "automatic_tax": {"enabled": request.automatic_tax},
    }
    if request.promotion_codes:
        parameters["allow_promotion_codes"] = True
    if request.email:
        parameters["customer_email"] = request.email
    return parameters


def _shipping_rate(delivery: PageDelivery, currency: str) -> dict[str, Any]:
    rate: dict[str, Any] = {
        "type": "fixed_amount",
        "display_name": delivery.name,
        "tax_behavior": "exclusive",
        "fixed_amount": {"amount": delivery.price_minor, "currency": currency},
    }
    if delivery.most_days:
        estimate = {"maximum": {"unit": "business_day", "value": delivery.most_days}}
        if delivery.least_days:
            estimate["minimum"] = {"unit": "business_day", "value": delivery.least_days}
        rate["delivery_estimate"] = estimate
    return rate


def _facts(session: stripe.checkout.Session) -> PageFacts:
    totals = session.total_details
    cost = session.shipping_cost
    intent = session.payment_intent
    return PageFacts(
        session_id=session.id,
        key=(session.to_dict().get("metadata") or {}).get("page", ""),
        status=session.status or "",
        payment_status=session.payment_status,
        currency=(session.currency or "").upper(),
        subtotal_minor=session.amount_subtotal or 0,
        discount_minor=totals.amount_discount if totals else 0,
        delivery_minor=cost.amount_subtotal if cost else 0,
        tax_minor=totals.amount_tax if totals else 0,
        total_minor=session.amount_total or 0,
        delivery=_chosen_delivery(session),
        payment_intent=_id(intent) if intent else None,
        has_failed=not isinstance(intent, str | None) and intent.status in FAILED,
        person=_person(session),
    )


def _refund_facts(refund: stripe.Refund) -> RefundFacts:
    told = refund.to_dict()
    status = told.get("status") or "pending"
    return RefundFacts(
        refund_id=refund.id,
        key=(told.get("metadata") or {}).get("refund", ""),
        amount_minor=refund.amount,
        status={"succeeded": "succeeded", "failed": "failed", "canceled": "failed"}.get(
            status, "pending"
        ),
        why=told.get("failure_reason") or "",
    )


def _endpoint(endpoint: stripe.WebhookEndpoint) -> Endpoint:
    heard = set(endpoint.enabled_events)
    return Endpoint(
        endpoint_id=endpoint.id,
        address=endpoint.url,
        hears_all=endpoint.status == "enabled"
        and endpoint.api_version == API_VERSION
        and ("*" in heard or heard >= set(EVENTS)),
    )


def _chosen_delivery(session: stripe.checkout.Session) -> int | None:
    """Return the place of the chosen rate in `shipping_options`, which keep our order."""
    chosen = session.shipping_cost.shipping_rate if session.shipping_cost else None
    for place, option in enumerate(session.shipping_options or []):
        if chosen is not None and _id(option.shipping_rate) == _id(chosen):
            return place
    return None


def _id(thing: Any) -> str:
    return thing if isinstance(thing, str) else str(thing.id)


def _person(session: stripe.checkout.Session) -> dict[str, str]:
    details = session.customer_details
    collected = session.collected_information
    shipping = collected.shipping_details if collected else None
    address = shipping.address if shipping else None
    return {
        "email": (details.email if details else None) or "",
        "phone": (details.phone if details else None) or "",
        "name": (shipping.name if shipping else None) or "",
        "line1": (address.line1 if address else None) or "",
        "line2": (address.line2 if address else None) or "",
        "city": (address.city if address else None) or "",
        "region": (address.state if address else None) or "",
        "postal_code": (address.postal_code if address else None) or "",
    }


def in_seconds(moment: datetime) -> int:
    """Return a moment as the company counts it: whole seconds since 1970."""
    return int(moment.timestamp())
