"""What a shopper sees of the checkout: the way to the payment page and back."""

import logging

from flask import Blueprint, abort, current_app, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from storefront.cart import cookie
from storefront.cart import views as cart_views
from storefront.cart.queries import without_bought
from storefront.checkout import phone, purchase
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.orders import views as orders
from storefront.orders.models import Order, PaymentPage
from storefront.settings.shop import shop

REFUSED = (
    "We could not open the payment page for this cart. Nothing was charged, and waiting will not"
    " help. Please write to us{phone}, and we will find out why."
)
LOOK_AGAIN = "Please look at the new total, then go to payment."
NOT_SET_UP = "Paying is not set up in this shop yet."
SILENT = (
    "The payment company does not answer just now. Your cart is kept and nothing was charged."
    " Please try again in a few minutes{phone}."
)

STILL_KEPT = (
    "The payment company does not answer just now. Your shoes are kept for you meanwhile."
    " Please try again in a few minutes{phone}."
)
NO_NEW_PAGE = (
    "The payment company gave us no new payment page, so the time could not be made longer."
    " Nothing was charged. Please write to us{phone}."
)
TOO_OFTEN = (
    "Payment was started very often from your network. Please wait an hour, or write to us and we"
    " will help you."
)
LINKS_TOO_OFTEN = (
    "Links were tried very often from your network. Please wait an hour, or call us and we will"
    " help you."
)

log = logging.getLogger(__name__)

blueprint = Blueprint("checkout", __name__)


def _in_own_demo() -> bool:
    """Return whether somebody tries the demonstration on their own machine."""
    return bool(current_app.config["DEMO"]) and request.remote_addr in {"127.0.0.1", "::1"}


@blueprint.post("/checkout")
@limiter.limit("30 per hour", exempt_when=_in_own_demo, error_message=TOO_OFTEN)
def start() -> ResponseReturnValue:
    """Hold the shoes and send the shopper to the payment page."""
    cart = cart_views.current()
    if not current_app.config["STRIPE_SECRET_KEY"]:
        return cart_views.page(cart, NOT_SET_UP, status=503)
    wanted = cart
    if "country" in request.form:  # the page of the cart sends what stands in it
        try:
            wanted = cart_views.delivered(cart)
        except cart_views.CannotDeliver as problem:
            return cart_views.page(cart, wrong=problem.wrong, status=422)
    typed = cart_views.typed(cart)
    if typed or wanted.country != cart.country:
        return cart_views.change_lines(wanted, typed, then=LOOK_AGAIN)
    cart = wanted
    try:
        address = purchase.start(cart, payments=payments(), terms=terms(), now=utcnow())
    except purchase.CannotBuy as problem:
        return cart_views.page(cart, *problem.sentences, status=409 if problem.gone else 422)
    except purchase.AlreadyPaid as paid:
        return redirect(url_for("orders.show", reference=paid.reference), 303)
    except Refused as error:
        log.error("the payment page for cart %s was refused: %s", cart.id, error)
        return cart_views.page(cart, _with_phone(REFUSED), status=503)
    except Unclear as error:
        log.error("no answer about a payment page for cart %s: %s", cart.id, error)
        return cart_views.page(cart, _with_phone(SILENT), status=503)
    response = current_app.make_response(redirect(address, 303))
    cookie.write(response, cart)
    return response


@blueprint.post("/orders/<reference>/extension")
@limiter.limit("30 per hour", exempt_when=_in_own_demo, error_message=TOO_OFTEN)
def extend(reference: str) -> ResponseReturnValue:
    """Give a waiting order more time to be paid: a new payment page, and the same hold."""
    order_id = db.session.scalar(select(Order.id).where(Order.reference == reference)) or abort(404)
    try:
        purchase.extend(order_id, payments=payments(), terms=terms(), now=utcnow())
    except purchase.AlreadyPaid:
        pass  # the order's page says so
    except purchase.CannotExtend as problem:
        return orders.page(reference, str(problem), status=409)
    except Refused as error:
        log.error("order %s got no new page: %s", order_id, error)
        return orders.page(reference, _with_phone(NO_NEW_PAGE), status=503)
    except Unclear as error:
        log.error("no answer about a new page for order %s: %s", order_id, error)
        return orders.page(reference, _with_phone(STILL_KEPT), status=503)
    else:
        flash(f"You have {current_app.config['HOLD_MINUTES']} minutes again from now.")
    return redirect(url_for("orders.show", reference=reference), 303)


@blueprint.get("/checkout/return")
def come_back() -> ResponseReturnValue:
    """Settle the order that was paid for and show it: the one GET that writes."""
    session_id = request.args.get("session_id", "")
    order = db.session.scalar(
        select(Order).join(Order.pages).where(PaymentPage.session_id == session_id)
    ) or abort(404)
    checking = None
    try:
        purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())
    except (Refused, Unclear) as error:
        log.warning("order %s is not settled yet: %s", order.number, error)
        checking = "1"
    order_page = url_for("orders.show", reference=order.reference, checking=checking)
    response = current_app.make_response(redirect(order_page, 303))
    cart = cookie.read()
    if cart.id == order.cart_id:
        cookie.write(response, without_bought(cart))
    return response


@blueprint.get("/p/<code>")
@limiter.limit("30 per hour", exempt_when=_in_own_demo, error_message=LINKS_TOO_OFTEN)
def follow(code: str) -> ResponseReturnValue:
    """Lead whoever was read out a link to the page of their order."""
    reference = phone.reference_of(code, now=utcnow()) or abort(404)
    return redirect(url_for("orders.show", reference=reference), 303)


def _with_phone(sentence: str) -> Markup:
    ours = shop()
    link = Markup(', or call us: <a href="{}">{}</a>')
    return Markup(sentence).format(phone=link.format(ours.tel, ours.phone) if ours.phone else "")  # noqa: S704 - our own words
