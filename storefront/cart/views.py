"""What a shopper sees of the cart and does with it."""

from collections.abc import Mapping
from dataclasses import replace

from babel import Locale
from flask import Blueprint, Response, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from storefront.cart import cookie, queries
from storefront.cart.forms import AddForm, ChangeForm, DeliveryForm
from storefront.cart.models import MOST_IN_ALL, Cart, Line
from storefront.catalogue.models import Variant
from storefront.catalogue.queries import variant_on_sale, variants_by_id
from storefront.catalogue.views import today
from storefront.delivery.queries import countries

NOT_SOLD = "That size is not sold here. Please choose another."
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
    variant = variant_on_sale(form.sku.data or "")
    if variant is None:
        return page(cart, NOT_SOLD, status=422)
    there = _pairs_for(cart, variant)
    if there == 0:
        return page(cart, f"{variant.name} is out of stock, so it was not added.", status=409)
    line = cart.line(Line(variant.id, variant.id, 0).key)
    had = line.quantity if line else 0
    came_from = request.form.get("from", "")[:80] or (line.came_from if line else "")
    wanted = had + (form.quantity.data or 0)
    changed, quantity = _put(cart, variant, wanted, came_from, there)
    if quantity <= had:
        kept = cart if quantity == had else changed
        return page(kept, f"{variant.name}: {_why_not_more(quantity, there)}", status=409)
    told = f"{variant.name} is in your cart."
    if quantity < wanted:
        told = f"{variant.name}: {_why_not_more(quantity, there)}"
    return _keep(changed, told)


@blueprint.post("/cart/lines/<key>")
def change(key: str) -> ResponseReturnValue:
    """Change one line, or all whose numbers were typed into the cart's form."""
    cart = current()
    if "quantity" in request.form:
        return change_lines(cart, {key: request.form["quantity"]})
    same = cart.line(key)
    return change_lines(cart, typed(cart) or {key: str(same.quantity) if same else ""})


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
    changed = cart
    for key, text in wanted.items():
        line = cart.line(key)
        if line is None:
            told.append("That is not in your cart any more.")
            continue
        form = ChangeForm(MultiDict({"quantity": text}))
        if not form.validate():
            return page(cart, *_sentences(form), status=422)
        changed, sentence, done = _change(changed, line, form.quantity.data or 0)
        (told if done else refused).append(sentence)
    if refused:
        return page(changed, *told, *refused, status=409)
    return _keep(changed, " ".join(filter(None, (*told, then))))


def _change(cart: Cart, line: Line, wanted: int) -> tuple[Cart, str, bool]:
    """Return the cart with so many pairs, what is to be said, and whether it could be done."""
    variant = variants_by_id({line.left or 0}).get(line.left or 0)
    if wanted == 0 or variant is None:
        name = variant.name if variant else "That shoe"
        return cart.put(replace(line, quantity=0)), f"{name} was taken out of your cart.", True
    there = _pairs_for(cart, variant)
    changed, quantity = _put(cart, variant, wanted, line.came_from, there)
    if quantity == 0:
        return cart, f"{variant.name} is out of stock now.", False
    if quantity < wanted:
        return changed, f"{variant.name}: {_why_not_more(quantity, there)}", True
    return changed, f"{variant.name}: now {quantity} in your cart.", True


@blueprint.post("/cart/delivery")
def deliver() -> ResponseReturnValue:
    cart = current()
    form = DeliveryForm()
    form.country.choices = countries()
    if not form.validate_on_submit():
        return page(cart, *_sentences(form), status=422)
    if form.country.data not in form.country.choices:
        return page(cart, "We do not send to that country yet.", status=422)
    return _keep(
        replace(cart, country=form.country.data, email=form.email.data or ""),
        "Delivery is set.",
    )


def current() -> Cart:
    """Return the shopper's cart, without what was paid meanwhile, with a country where one fits."""
    cart = queries.without_bought(cookie.read())
    if not cart.country and len(served := countries()) == 1:
        return replace(cart, country=served[0])
    return cart


def page(cart: Cart, *sentences: str, status: int = 200) -> Response:
    """Show the cart, with sentences about what could not be done."""
    basket = queries.basket(cart, today=today(), low=current_app.config["LOW_STOCK"])
    territories = Locale("en", "US").territories
    response = current_app.make_response(
        render(
            "storefront/cart/show.html",
            basket=basket,
            sentences=sentences,
            countries=[(code, territories.get(code, code)) for code in countries()],
            can_take_payment=bool(current_app.config["STRIPE_SECRET_KEY"]),
        )
    )
    response.status_code = status
    cookie.write(response, cart)
    return response


def _put(cart: Cart, variant: Variant, wanted: int, came_from: str, there: int) -> tuple[Cart, int]:
    """Put pairs into the cart, at most what is there and what an order may have."""
    line = Line(variant.id, variant.id, 0, came_from, variant.price_minor)
    quantity = min(wanted, there, cart.room_for(line.key))
    return cart.put(replace(line, quantity=quantity)), quantity


def _why_not_more(quantity: int, there: int) -> str:
    if quantity == there:
        pairs = "is only 1 pair" if there == 1 else f"are only {there}"
        return f"there {pairs}, so your cart has {quantity}."
    return (
        f"an order can have 6 pairs of one size and {MOST_IN_ALL} in all,"
        f" so your cart has {quantity} of it."
    )


def _pairs_for(cart: Cart, variant: Variant) -> int:
    """Return how many pairs this shopper can have, with those that their own order holds."""
    own = queries.own_pairs(cart.id).get(variant.id, 0)
    told = queries.told_to(variant, own, today=today(), low=current_app.config["LOW_STOCK"])
    return MOST_IN_ALL if told.pairs is None else told.pairs


def _sentences(form: AddForm | ChangeForm | DeliveryForm) -> list[str]:
    return [str(error) for errors in form.errors.values() for error in errors]


def _keep(cart: Cart, told: str) -> Response:
    response = current_app.make_response(redirect(url_for("cart.show"), 303))
    try:
        cookie.write(response, cart)
    except cookie.TooLarge:
        return page(current(), FULL, status=422)
    flash(told)
    return response
