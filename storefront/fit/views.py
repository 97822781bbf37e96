"""The fit finder: its questions, and its answer at an address; nothing is kept."""

from typing import NamedTuple
from urllib.parse import urlencode

from flask import Blueprint, current_app, request
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront.catalogue import braces
from storefront.catalogue.availability import Availability, availability, availability_of
from storefront.catalogue.queries import ColorRow, ProductRow, SizeRow
from storefront.catalogue.views import kinds, today
from storefront.fit import queries, rules
from storefront.fit.forms import FitForm
from storefront.fit.queries import Model
from storefront.fit.rules import Advice, Lack, Near, Need

LACKS = {
    Lack.BRACE: "Not tried with this brace",
    Lack.HANDS: "Two hands needed, or not tried with one",
    Lack.DEPTH: "Not so deep, or not measured",
    Lack.OPENING: "An opening not so wide, or not measured",
    Lack.WEIGHT: "Heavier, or not weighed",
    Lack.LENGTH: "Not made in your length",
    Lack.WIDTH: "Not made in the width you need, in your length",
    Lack.STOCK: "Not in stock in your size just now",
}

blueprint = Blueprint("fit", __name__)


@blueprint.get("/fit")
def show() -> ResponseReturnValue:
    """Ask, or answer what the address asks."""
    form = FitForm(*kinds(), formdata=request.args or None)
    if not request.args:
        return _page(form)
    if not form.validate():
        return _page(form), 422
    return _page(form, form.need)


@blueprint.get("/fit/braces")
def which_brace() -> str:
    """Show how kinds of brace are told apart, each with the way to its shoes."""
    told = braces.told_apart(kinds().braces)
    return render(
        "storefront/fit/braces.html",
        braces=told,
        with_brace={brace: f"/fit?{urlencode({'brace': brace})}" for brace, *_ in told},
    )


class Advised(NamedTuple):
    """A shoe that suits, as the page shows it: in one size where a length was told, in one width
    where a width is needed.
    """

    advice: Advice
    product: ProductRow
    color: ColorRow
    size: SizeRow
    price_minor: int
    told: Availability
    also: list[str]  # other colors in which this very size is there


class Nearest(NamedTuple):
    """A shoe that comes near, as the page shows it in its first color."""

    near: Near
    product: ProductRow
    color: ColorRow
    price_minor: int


def _page(form: FitForm, need: Need | None = None) -> str:
    advised: list[Advised] = []
    nearest: list[Nearest] = []
    lacking: dict[Lack, list[str]] = {}
    if need is not None:
        models = {model.shoe: model for model in queries.models(kinds().widths)}
        found = rules.advise(need, models)
        lacking = found.lacking
        advised = [_advised(advice, models[advice.shoe], need) for advice in found.suits]
        for near in found.near if not advised else ():
            whole = models[near.shoe].whole
            color = whole.colors[0]
            price_minor = min(size.price_minor for size in whole.sizes_of(color))
            nearest.append(Nearest(near, whole.product, color, price_minor))
    words = dict(LACKS)
    if need and need.any_of:
        words[Lack.BRACE] = "Not tried with every kind of brace"
    if need and need.by_measure:
        words[Lack.WIDTH] = "Not so wide inside in your length, far wider, or not measured"
    return render(
        "storefront/fit/show.html",
        form=form,
        need=need,
        narrowest=kinds().widths[:1],
        braces=braces.told_apart(kinds().braces),
        with_brace={
            brace: f"/fit?{urlencode({**request.args, 'brace': brace})}"
            for brace in (need.any_of if need else ())
        },
        advised=advised,
        in_two_sizes=[each.product.title for each in advised if each.size.single_minor is not None],
        nearest=nearest,
        lacking=[(words[lack], titles) for lack, titles in lacking.items()],
    )


def _advised(advice: Advice, model: Model, need: Need) -> Advised:
    color, size = model.chosen(advice.size.sku)
    product, sizes = model.whole.product, model.whole.sizes_of(color)
    if need.foot_mm is not None:
        told = availability(size, today=today(), low=current_app.config["LOW_STOCK"])
        also = [
            model.chosen(each.sku)[0].name
            for each in advice.shoe.sizes
            if each.is_there and each.name == advice.size.name and each != advice.size
        ]
        return Advised(advice, product, color, size, size.price_minor, told, also)
    if need.least_width is not None:
        sizes = [each for each in sizes if each.width == size.width]
    told = availability_of(sizes, today=today(), low=current_app.config["LOW_STOCK"])
    return Advised(advice, product, color, size, min(each.price_minor for each in sizes), told, [])
