"""A payment company that answers at once and keeps nothing: all it knows is in a session's id."""

import json
import time
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

StartResponse = Callable[[str, list[tuple[str, str]]], object]


def answer(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
    """Open a session as open, and describe every session asked for as paid."""
    if environ["REQUEST_METHOD"] == "POST":
        length = int(environ.get("CONTENT_LENGTH") or 0)
        session = _opened(parse_qs(environ["wsgi.input"].read(length).decode()))
        host = environ.get("HTTP_HOST", "")
        session |= {"status": "open", "payment_status": "unpaid"}
        session["url"] = f"http://{host}/pay/{session['id']}"
    elif environ["PATH_INFO"] == "/":
        session = {}
    else:
        _, key, subtotal, delivery = environ["PATH_INFO"].rpartition("/")[2].split(".")
        session = _session(key, int(subtotal), int(delivery))
    body = json.dumps(session).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response("200 OK", headers)
    return [body]


def create_app() -> Callable[..., Iterable[bytes]]:
    return answer


def _opened(form: dict[str, list[str]]) -> dict[str, Any]:
    subtotal = line = 0
    while f"line_items[{line}][quantity]" in form:
        each = int(form[f"line_items[{line}][price_data][unit_amount]"][0])
        subtotal += each * int(form[f"line_items[{line}][quantity]"][0])
        line += 1
    price = "shipping_options[0][shipping_rate_data][fixed_amount][amount]"
    return _session(form["metadata[page]"][0], subtotal, int(form[price][0]))


def _session(key: str, subtotal: int, delivery: int) -> dict[str, Any]:
    return {
        "id": f"cs_test.{key}.{subtotal}.{delivery}",
        "object": "checkout.session",
        "amount_subtotal": subtotal,
        "automatic_tax": {"enabled": False},
        "amount_total": subtotal + delivery,
        "collected_information": {
            "shipping_details": {
                "name": "Ann Example",
                "address": {
                    "line1": "1 Main Street",
                    "line2": None,
                    "city": "Santa Barbara",
                    "state": "CA",
                    "postal_code": "93101",
                    "country": "US",
                },
            }
        },
        "created": int(time.time()),
        "currency": "usd",
        "customer_details": {"email": "shopper@example.com", "phone": None},
        "metadata": {"page": key},
        "payment_intent": f"pi_{key}",
        "payment_status": "paid",
        "shipping_cost": {
            "amount_subtotal": delivery,
            "amount_tax": 0,
            "amount_total": delivery,
            "shipping_rate": "shr_1",
        },
        "shipping_options": [{"shipping_amount": delivery, "shipping_rate": "shr_1"}],
        "status": "complete",
        "total_details": {"amount_discount": 0, "amount_tax": 0},
        "url": None,
    }
