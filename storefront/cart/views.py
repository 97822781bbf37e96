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
from storefront.cart.models import MOST_IN_ALL, MOST_OF_ONE, Cart, Line
from storefront.catalogue.queries import variant_on_sale
from storefront.catalogue.sides import NotSold, Sides
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
    left, right = (variant_on_sale(sku) if sku else None for sku in form.skus())
    sides = Sides(left, right)
    if len(list(sides)) < sum(map(bool, form.skus())):
        return page(cart, NOT_SOLD, status=422)
    try:
        sides.check()
    except NotSold as problem:
        return page(cart, str(problem), status=422)
    line = Line(left.id if left else None, right.id if right else None, 0)
    had = cart.line(line.key) or line
    came_from = request.form.get("from", "")[:80] or had.came_from
    wanted = replace(had, quantity=had.quantity + (form.quantity.data or 0), came_from=came_from)
    there = queries.there_for(cart, wanted, sides)
    if there == 0:
        return page(cart, f"{sides.name} is out of stock, so it was not added.", status=409)
    changed, quantity = _put(cart, wanted, sides, there)
    if quantity <= had.quantity:
        kept = cart if quantity == had.quantity else changed
        return page(kept, f"{sides.name}: {_why_not_more(quantity, there)}", status=409)
    told = f"{sides.name} is in your cart."
    if quantity < wanted.quantity:
        told = f"{sides.name}: {_why_not_more(quantity, there)}"
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
    sides = queries.sides_of(line)
    if wanted == 0 or sides is None:
        name = sides.name if sides else "That shoe"
        return cart.put(replace(line, quantity=0)), f"{name} was taken out of your cart.", True
    there = queries.there_for(cart, line, sides)
    changed, quantity = _put(cart, replace(line, quantity=wanted), sides, there)
    if quantity == 0:
        return cart, f"{sides.name} is out of stock now.", False
    if quantity < wanted:
        return changed, f"{sides.name}: {_why_not_more(quantity, there)}", True
    return changed, f"{sides.name}: now {quantity} in your cart.", True


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


def _put(cart: Cart, line: Line, sides: Sides, there: int | None) -> tuple[Cart, int]:
    """Put a line into the cart, at most what is there and what an order may have."""
    room = cart.room_for(line)
    quantity = min(line.quantity, room if there is None else min(there, room))
    return cart.put(replace(line, quantity=quantity, seen_minor=sides.unit_minor)), quantity


def _why_not_more(quantity: int, there: int | None) -> str:
    if quantity == there:
        number = "is only 1" if there == 1 else f"are only {there}"
        return f"there {number}, so your cart has {quantity}."
    return (
        f"an order can have {MOST_OF_ONE} of one size and {MOST_IN_ALL} in all,"
        f" so your cart has {quantity} of it."
    )


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
