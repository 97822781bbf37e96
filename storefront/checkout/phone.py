"""Orders by phone: staff fill a cart for a shopper, who pays like any other, by a short link.

The cart is a row, as a browser's is a cookie; what follows is the very same purchase.
"""

import secrets
from collections.abc import Callable
from dataclasses import astuple, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from storefront.cart import changing
from storefront.cart.changing import Changed
from storefront.cart.models import Cart, Line
from storefront.cart.queries import Basket, basket
from storefront.checkout import letters, purchase
from storefront.checkout.models import PhoneCart
from storefront.checkout.payments import Payments, Unclear
from storefront.checkout.purchase import AlreadyPaid, Terms
from storefront.clock import day_of
from storefront.db import db, new_secret
from storefront.delivery.queries import countries
from storefront.orders import of_cart
from storefront.orders.models import Order

ALPHABET = "23456789abcdefghjkmnpqrstuvwxyz"  # none that sounds or looks like another
KEPT = timedelta(days=30)  # carts and links; so few links are open at once that none is guessed


class NotWaiting(Exception):
    """The order does not wait for payment any more."""


@dataclass(frozen=True)
class Call:
    """An order by phone as it stands.

    `order` waits for payment with just what is in the basket; `other` waits with something else;
    `paid` is paid.
    """

    kept: PhoneCart
    basket: Basket
    order: Order | None
    other: Order | None
    paid: Order | None


def open_cart(*, by: str, now: datetime) -> str:
    """Start an order by phone and return its id; those of more than 30 days ago are forgotten."""
    with db.writing():
        db.session.execute(delete(PhoneCart).where(PhoneCart.at < now - KEPT))
        served = countries()
        kept = PhoneCart(
            cart_id=new_secret(), country=served[0] if len(served) == 1 else "", by=by, at=now
        )
        db.session.add(kept)
        return kept.cart_id


def call(cart_id: str, *, terms: Terms, now: datetime) -> Call | None:
    """Return an order by phone with today's prices and stock, None where there is none."""
    kept = db.session.get(PhoneCart, cart_id)
    if kept is None:
        return None
    chosen = basket(cart_of(kept), today=day_of(now, terms.zone), low=terms.low_stock)
    waiting = chosen.waiting
    same = waiting is not None and (
        waiting.contents == purchase.contents_of(chosen, terms.currency)
        and waiting.phone_code is not None
        and waiting.page.expires_at > now
    )
    return Call(
        kept,
        chosen,
        order=waiting if same else None,
        other=None if same else waiting,
        paid=of_cart.bought(kept.cart_id),
    )


def cart_of(kept: PhoneCart) -> Cart:
    """Return what was chosen as the cart that a browser would hold."""
    lines = tuple(Line(*line) for line in kept.lines)
    return Cart(kept.cart_id, lines, kept.country, kept.email)


def change(cart_id: str, how: Callable[[Cart], Changed]) -> Changed:
    """Change what was chosen, as it is now. Raises AlreadyPaid, and what `how` raises."""
    with db.writing():
        kept = db.session.get_one(PhoneCart, cart_id, populate_existing=True, with_for_update=True)
        paid = of_cart.bought(kept.cart_id)
        if paid is not None:
            raise AlreadyPaid(paid.reference)
        changed = how(cart_of(kept))
        kept.lines = [list(astuple(line)) for line in changed.cart.lines]
        kept.country, kept.email = changed.cart.country, changed.cart.email
        return changed


def put(cart: Cart, key: str, quantity: int) -> Changed:
    """Set how many of a line there are; 0 takes it out."""
    line = cart.line(key)
    if line is None:
        return Changed(cart, "That is not in your cart any more.", done=False)
    return changing.change(cart, line, quantity)


def send_to(cart: Cart, country: str, email: str) -> Changed:
    """Set where it goes, and the address that the payment page knows."""
    return Changed(replace(cart, country=country, email=email), "Delivery is set.")


def begin(cart_id: str, *, payments: Payments, terms: Terms, by: str, now: datetime) -> None:
    """Begin the purchase as a shopper does, and give its order a short link.

    Raises what purchase.start raises; the same order again keeps its link.
    """
    kept = db.session.get_one(PhoneCart, cart_id, populate_existing=True)
    cart = cart_of(kept)
    purchase.start(cart, payments=payments, terms=terms, now=now)
    with db.writing():
        order = of_cart.pending(cart.id)
        if order is None:
            raise Unclear("the order has ended meanwhile")
        db.session.execute(
            update(Order)
            .where(Order.id == order.id, Order.phone_code.is_(None))
            .values(phone_code=_new_code(), taken_by=by)
        )


def link_of(order: Order, shop_url: str) -> str:
    """Return the link that is read out: the code in two halves, in small letters."""
    code = order.phone_code or ""
    return f"{shop_url}/p/{code[:4]}-{code[4:]}"


def reference_of(code: str, *, now: datetime) -> str | None:
    """Return the reference of the order of a link, as it was typed; None after 30 days."""
    meant = code.replace("-", "").lower()
    return db.session.scalar(
        select(Order.reference).where(Order.phone_code == meant, Order.created_at > now - KEPT)
    )


def mail_link(cart_id: str, email: str, *, terms: Terms, now: datetime) -> bool:
    """Mail the link of the waiting order; return False where that is done just now.

    Raises NotWaiting.
    """
    with db.writing():
        known = call(cart_id, terms=terms, now=now)
        if known is None or known.order is None:
            raise NotWaiting
        return letters.payment_link(
            known.order,
            email,
            link=link_of(known.order, terms.shop_url),
            kept_until=known.order.page.expires_at,
            zone=terms.zone,
            now=now,
        )


def _new_code() -> str:
    return "".join(secrets.choice(ALPHABET) for _ in range(8))
