"""What a shopper sees of the cart and does with it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlsplit

from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from storefront.cart import changing, cookie, queries
from storefront.cart.forms import AddForm, ChangeForm, DeliveryForm
from storefront.cart.models import Cart
from storefront.catalogue.queries import first_pictures
from storefront.catalogue.sides import NotSold
from storefront.catalogue.views import today
from storefront.countries import country_name
from storefront.delivery.queries import countries

BACK = "back"  # what is flashed under this name is not words, but the fields of a form
FULL = "The cart is full. Please pay for what is in it first."

blueprint = Blueprint("cart", __name__)


@blueprint.get("/cart")
def show() -> Response:
    return page(current())


@blueprint.post("/cart/lines")
def add() -> ResponseReturnValue:
    cart = current()
    form = AddForm()
    if not form.validate_on_submit():
        return page(cart, *_sentences(form), status=422)
    came_from, instead = (request.form.get(name, "")[:80] for name in ("from", "instead"))
    try:
        changed = changing.exchange(
            cart, instead, *form.skus(), form.quantity.data or 0, came_from=came_from
        )
    except NotSold as problem:
        return page(cart, str(problem), status=422)
    if not changed.done:
        return page(changed.cart, changed.said, status=409)
    if "undo" in request.form:
        return _keep(changed.cart, f"Changed back. {changed.said}")
    return _keep(changed.cart, changed.said, changed.back)


@blueprint.post("/cart/lines/<key>")
def change(key: str) -> ResponseReturnValue:
    """Change one line, or all whose numbers were typed into the cart's form."""
    cart = current()
    if "quantity" in request.form:
        return change_lines(cart, typed(cart) | {key: request.form["quantity"]})
    same = cart.line(key)
    wanted = typed(cart) or {key: str(same.quantity) if same else ""}
    try:
        changed = delivered(cart, chosen=False) if "country" in request.form else cart
    except CannotDeliver as problem:
        return page(cart, wrong=problem.wrong, status=422)
    return change_lines(changed, wanted)


def typed(cart: Cart) -> dict[str, str]:
    """Return the numbers of pairs in the request that differ from the cart's, by line."""
    given = {line.key: request.form.get(f"quantity.{line.key}") for line in cart.lines}
    return {
        line.key: text
        for line in cart.lines
        if (text := given[line.key]) is not None and text != str(line.quantity)
    }


def change_lines(cart: Cart, wanted: Mapping[str, str], *, then: str = "") -> ResponseReturnValue:
    """Set the numbers of pairs as far as they are there, and say what was changed."""
    told: list[str] = []
    refused: list[str] = []
    changed, back = cart, None
    for key, text in wanted.items():
        line = cart.line(key)
        if line is None:
            told.append("That is not in your cart any more.")
            continue
        form = ChangeForm(MultiDict({"quantity": text}))
        if not form.validate():
            sides = queries.sides_of(line)
            name = f"{sides.name}: " if sides else ""
            return page(cart, *(name + each for each in _sentences(form)), status=422)
        step = changing.change(changed, line, form.quantity.data or 0)
        changed, back = step.cart, step.back or back
        (told if step.done else refused).append(step.said)
    if refused:
        return page(changed, *told, *refused, status=409)
    return _keep(changed, " ".join(filter(None, (*told, then))), back)


@blueprint.post("/cart/delivery")
def deliver() -> ResponseReturnValue:
    cart = current()
    try:
        changed = delivered(cart)
    except CannotDeliver as problem:
        return page(cart, wrong=problem.wrong, status=422)
    return change_lines(changed, typed(changed), then="That is kept for the payment page.")


class CannotDeliver(Exception):
    """The country or the mail address cannot be taken; `wrong` says why, by the field's name."""

    def __init__(self, wrong: Mapping[str, Sequence[str]]) -> None:
        super().__init__(wrong)
        self.wrong = wrong


def delivered(cart: Cart, *, chosen: bool = True) -> Cart:
    """Return the cart with country and mail address of the request. Raises CannotDeliver, also
    where no country is chosen, unless that can wait.
    """
    form = DeliveryForm()
    form.country.choices = countries()
    if not form.validate_on_submit():
        raise CannotDeliver(form.errors)
    if (chosen or form.country.data) and form.country.data not in form.country.choices:
        raise CannotDeliver({"country": ["We do not send to that country yet."]})
    return replace(cart, country=form.country.data, email=form.email.data or "")


def current() -> Cart:
    """Return the shopper's cart, without what was paid meanwhile, with a country where one fits."""
    cart = queries.without_bought(cookie.read())
    if not cart.country and len(served := countries()) == 1:
        return replace(cart, country=served[0])
    return cart


def page(
    cart: Cart,
    *sentences: str,
    wrong: Mapping[str, Sequence[str]] = MappingProxyType({}),
    status: int = 200,
) -> Response:
    """Show the cart, with sentences about what could not be done, and about fields by name."""
    basket = queries.basket(cart, today=today(), low=current_app.config["LOW_STOCK"])
    response = current_app.make_response(
        render(
            "storefront/cart/show.html",
            basket=basket,
            pictures=first_pictures(
                line.sides.first.color_id for line in basket.lines if line.sides
            ),
            sentences=sentences,
            wrong=wrong,
            typed=request.form if status == 422 else {},
            back=_shoe() if sentences else "",
            countries=[(code, country_name(code)) for code in countries()],
            hold_minutes=current_app.config["HOLD_MINUTES"],
            can_take_payment=bool(current_app.config["STRIPE_SECRET_KEY"]),
        )
    )
    response.status_code = status
    cookie.write(response, cart)
    return response


def _shoe() -> str:
    """Return the address of the shoe that was looked at before, '' where it was none."""
    before = urlsplit(request.referrer or "")
    if before.netloc != request.host or not before.path.startswith("/products/"):
        return ""
    return f"{before.path}?{before.query}" if before.query else before.path


def _sentences(form: AddForm | ChangeForm) -> list[str]:
    return [str(error) for errors in form.errors.values() for error in errors]


def _keep(cart: Cart, told: str, back: Mapping[str, str] | None = None) -> Response:
    response = current_app.make_response(redirect(url_for("cart.show"), 303))
    try:
        cookie.write(response, cart)
    except cookie.TooLarge:
        return page(current(), FULL, status=422)
    if back:
        flash(back, BACK)  # type: ignore[arg-type]  # any JSON will do
    flash(told)
    return response
