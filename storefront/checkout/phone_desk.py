"""What staff do for a shopper on the phone: choose, read it back, hand over the link to pay."""

from collections.abc import Callable, Mapping

from flask import abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import select
from werkzeug.exceptions import Conflict

from storefront.cart import changing
from storefront.cart.changing import Changed
from storefront.cart.forms import AddForm, ChangeForm
from storefront.cart.models import Cart
from storefront.catalogue.availability import availability
from storefront.catalogue.sides import NotSold, Sides
from storefront.checkout import phone, purchase
from storefront.checkout.forms import CallForm, LinkForm
from storefront.checkout.models import PhoneCart
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.phone import Call
from storefront.checkout.setting import payments, terms
from storefront.clock import day_of, utcnow
from storefront.countries import country_name
from storefront.db import db
from storefront.delivery.queries import countries
from storefront.orders.models import Order
from storefront.staff.desk import desk_blueprint, page_number
from storefront.staff.paging import page_of
from storefront.stock import queries as stock

ROLES = ("stock",)
PAID = "This order is paid. Please start another one for what is still wanted."
NOT_SET_UP = "Paying is not set up in this shop yet, so no order can be begun."
REFUSED = "The payment company refused to open a payment page: {}. Nothing is kept."
SILENT = (
    "The payment company does not answer just now. Please try again in a minute; what you have put"
    " together stays here."
)

blueprint = desk_blueprint("phone_desk", __name__, roles=ROLES)


@blueprint.get("/phone-orders")
def listing() -> str:
    """List the orders by phone of the last 30 days, newest first."""
    page = page_of(
        select(PhoneCart).order_by(PhoneCart.at.desc(), PhoneCart.cart_id), page_number()
    )
    made = select(Order).where(Order.cart_id.in_([kept.cart_id for kept in page.rows]))
    return render(
        "storefront/checkout/desk_phone_listing.html",
        page=page,
        orders={order.cart_id: order for order in db.session.scalars(made.order_by(Order.id))},
        cart_of=phone.cart_of,
    )


@blueprint.post("/phone-orders")
def start() -> ResponseReturnValue:
    """Start an order by phone."""
    cart_id = phone.open_cart(by=current_user.known_as, now=utcnow())
    return redirect(url_for("phone_desk.show", cart_id=cart_id), 303)


@blueprint.get("/phone-orders/<cart_id>")
def show(cart_id: str) -> ResponseReturnValue:
    return _page(cart_id)


@blueprint.post("/phone-orders/<cart_id>/lines")
def add(cart_id: str) -> ResponseReturnValue:
    """Add a pair, or the shoe of each foot."""
    _call(cart_id)
    form = AddForm()
    if not form.validate():
        return _page(cart_id, adding=form, status=422)
    left, right = form.skus()
    try:
        return _change(
            cart_id, lambda cart: changing.add(cart, left, right, form.quantity.data or 0)
        )
    except NotSold as problem:
        return _page(cart_id, str(problem), adding=form, status=422)


@blueprint.post("/phone-orders/<cart_id>/lines/<key>")
def put(cart_id: str, key: str) -> ResponseReturnValue:
    """Set how many of a line there are; 0 takes it out."""
    _call(cart_id)
    form = ChangeForm()
    if not form.validate():
        return _page(cart_id, typed={key: form.quantity}, status=422)
    return _change(cart_id, lambda cart: phone.put(cart, key, form.quantity.data or 0))


@blueprint.post("/phone-orders/<cart_id>/delivery")
def deliver(cart_id: str) -> ResponseReturnValue:
    """Set country and mail address; go on to the reading where that was pressed."""
    _call(cart_id)
    form = _call_form()
    if not form.validate():
        return _page(cart_id, delivering=form, status=422)
    country, email = form.country.data, form.email.data or ""
    return _change(cart_id, lambda cart: phone.send_to(cart, country, email))


@blueprint.get("/phone-orders/<cart_id>/reading")
def read_back(cart_id: str) -> ResponseReturnValue:
    """Show all of it in large type, to be read out: before it is begun, and after."""
    return _reading(cart_id)


@blueprint.post("/phone-orders/<cart_id>/payment")
def begin(cart_id: str) -> ResponseReturnValue:
    """Begin the purchase: hold the shoes, and get the link to pay."""
    _call(cart_id)
    if not current_app.config["STRIPE_SECRET_KEY"]:
        return _reading(cart_id, NOT_SET_UP, status=503)
    try:
        phone.begin(
            cart_id, payments=payments(), terms=terms(), by=current_user.known_as, now=utcnow()
        )
    except purchase.CannotBuy as problem:
        said = map(_of_an_order, problem.sentences)
        return _reading(cart_id, *said, status=409 if problem.gone else 422)
    except purchase.AlreadyPaid:
        raise Conflict(PAID) from None
    except Refused as error:
        return _reading(cart_id, REFUSED.format(error), status=503)
    except Unclear:
        return _reading(cart_id, SILENT, status=503)
    return redirect(url_for("phone_desk.read_back", cart_id=cart_id), 303)


@blueprint.post("/phone-orders/<cart_id>/mail")
def mail(cart_id: str) -> ResponseReturnValue:
    """Mail the link to pay; to the same address once more, if asked again."""
    _call(cart_id)
    form = LinkForm()
    if not form.validate():
        return _reading(cart_id, mailing=form, status=422)
    email = form.email.data or ""
    try:
        is_due = phone.mail_link(cart_id, email, terms=terms(), now=utcnow())
    except phone.NotWaiting:
        raise Conflict("The order does not wait for payment, so no link was mailed.") from None
    flash(
        f"The link is mailed to {email} within a minute."
        if is_due
        else f"The mail to {email} is on its way just now."
    )
    return redirect(url_for("phone_desk.read_back", cart_id=cart_id), 303)


def _change(cart_id: str, how: Callable[[Cart], Changed]) -> ResponseReturnValue:
    try:
        changed = phone.change(cart_id, how)
    except purchase.AlreadyPaid:
        raise Conflict(PAID) from None
    said = _of_an_order(changed.said)
    if not changed.done:
        return _page(cart_id, said, status=409)
    if request.form.get("then") == "read":
        return redirect(url_for("phone_desk.read_back", cart_id=cart_id), 303)
    flash(said)
    q = request.form.get("q") or None
    return redirect(url_for("phone_desk.show", cart_id=cart_id, q=q), 303)


def _of_an_order(said: str) -> str:
    """Return for staff what the cart's rules say to a shopper."""
    return said.replace("your cart", "the order").replace("Your cart", "The order")


def _call(cart_id: str) -> Call:
    return phone.call(cart_id, terms=terms(), now=utcnow()) or abort(404)


def _page(
    cart_id: str,
    *sentences: str,
    adding: AddForm | None = None,
    delivering: CallForm | None = None,
    typed: Mapping[str, object] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    known = _call(cart_id)
    q = request.values.get("q", "").strip()[: stock.MOST_SEARCHED]
    page = render(
        "storefront/checkout/desk_phone_call.html",
        call=known,
        sentences=sentences,
        q=q,
        found=_found(q) if q else [],
        adding=adding or AddForm(formdata=None),
        delivering=delivering
        or _call_form(formdata=None, country=known.kept.country, email=known.kept.email),
        typed=typed or {},
    )
    return page, status


def _found(q: str) -> list[tuple[Sides, str, list[str]]]:
    """Return the sizes on sale of which every word is found, with words for stock.

    The third part is what of it can be added: "sku" for a pair, "left_sku", "right_sku".
    """
    ours, today = terms(), day_of(utcnow(), terms().zone)
    found = []
    for variant in stock.variants(q=q).rows:
        if variant.published and variant.product.published:
            told = availability(variant, today=today, low=ours.low_stock)
            can_add = ["sku"] if told.can_buy else []
            if variant.single_minor is not None:
                can_add += [
                    f"{side}_sku"
                    for side in ("left", "right")
                    if variant.free(side) or not variant.counted
                ]
            found.append((Sides(variant, variant), told.words, can_add))
    return found


def _call_form(**given: object) -> CallForm:
    form = CallForm(**given)
    form.country.choices = [(code, country_name(code)) for code in countries()]
    if not form.country.data:
        form.country.choices.insert(0, ("", "Please choose"))
    return form


def _reading(
    cart_id: str, *sentences: str, mailing: LinkForm | None = None, status: int = 200
) -> ResponseReturnValue:
    known = _call(cart_id)
    page = render(
        "storefront/checkout/desk_phone_reading.html",
        call=known,
        sentences=sentences,
        mailing=mailing or LinkForm(formdata=None, email=known.kept.email),
        link=phone.link_of(known.order, terms().shop_url) if known.order else "",
        hold_minutes=terms().hold_minutes,
    )
    return page, status
