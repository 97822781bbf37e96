"""The cart's cookie: signed, for 60 days, small; and the readable one that holds only the count."""

from collections.abc import Iterator
from typing import Any

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from storefront.cart.models import Cart, Line, empty
from storefront.person import Term
from storefront.sessions import cookie_name

DAYS = 60
LIFE = DAYS * 24 * 60 * 60  # seconds
MOST_BYTES = 3_800


class TooLarge(Exception):
    """The cart does not fit into a cookie any more."""


def read() -> Cart:
    """Return the shopper's cart; an empty one where the cookie is missing, old or not ours."""
    value = request.cookies.get(_name("cart"), "")
    try:
        return _unpack(_serializer().loads(value, max_age=LIFE))
    except (BadSignature, KeyError, TypeError, ValueError):
        return empty()


def write(response: Response, cart: Cart) -> None:
    """Keep the cart in the shopper's browser. Raises TooLarge where it does not fit."""
    value = _serializer().dumps(_pack(cart))
    if len(value) > MOST_BYTES:
        raise TooLarge
    secure = bool(current_app.config["SECURE"])
    for name, content, hidden in (
        ("cart", value, True),
        ("cart_count", str(cart.pairs), False),
    ):
        response.set_cookie(
            _name(name), content, max_age=LIFE, secure=secure, httponly=hidden, samesite="Lax"
        )


def terms() -> Iterator[Term]:
    """Say how long a browser keeps the cart."""
    yield Term(
        "Your cart, in your own browser (a cookie)", f"{DAYS} days after you last changed it"
    )


def _name(name: str) -> str:
    return cookie_name(name, secure=current_app.config["SECURE"])


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="cart")


def _pack(cart: Cart) -> list[Any]:
    lines = [[x.left, x.right, x.quantity, x.came_from, x.seen_minor] for x in cart.lines]
    return [cart.id, lines, cart.country, cart.email]


def _unpack(packed: list[Any]) -> Cart:
    id_, lines, country, email = packed
    return Cart(id_, tuple(Line(*line) for line in lines), country, email)
