"""The fit finder: its questions, and its answer at an address; nothing is kept."""

from flask import Blueprint, current_app, request
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront.catalogue.availability import Availability, availability
from storefront.catalogue.queries import ColorRow, SizeRow
from storefront.catalogue.views import today
from storefront.fit import queries, rules
from storefront.fit.forms import FitForm
from storefront.fit.rules import Advice, Lack, Near, Need
from storefront.remembered import remembered

LACKS = {
    Lack.BRACE: "not tried with this brace",
    Lack.HANDS: "two hands to close, or nobody knows",
    Lack.DEPTH: "not so deep, or not measured",
    Lack.OPENING: "an opening not so wide, or not measured",
    Lack.WEIGHT: "heavier, or not weighed",
    Lack.LENGTH: "not made in your length",
    Lack.WIDTH: "not made so wide in your length",
    Lack.STOCK: "not in stock in your size just now",
}

blueprint = Blueprint("fit", __name__)

_choices = remembered(queries.choices)


@blueprint.get("/fit")
def show() -> ResponseReturnValue:
    """Ask, or answer what the address asks."""
    form = FitForm(*_choices(), formdata=request.args or None)
    if not request.args:
        return _page(form)
    if not form.validate():
        return _page(form), 422
    return _page(form, form.need)


def _page(form: FitForm, need: Need | None = None) -> str:
    advised: list[tuple[Advice, str, ColorRow, SizeRow, Availability]] = []
    near: list[tuple[Near, str, ColorRow]] = []
    lacking: dict[Lack, int] = {}
    if need is not None:
        models = {model.shoe: model for model in queries.models(_choices().widths)}
        found = rules.advise(need, models)
        lacking = found.lacking
        for advice in found.suits:
            model = models[advice.shoe]
            color, size = model.chosen(advice.size.sku)
            told = availability(size, today=today(), low=current_app.config["LOW_STOCK"])
            advised.append((advice, model.whole.product.handle, color, size, told))
        for each in found.near if not advised else ():
            whole = models[each.shoe].whole
            near.append((each, whole.product.handle, whole.colors[0]))
    return render(
        "storefront/fit/show.html",
        form=form,
        need=need,
        advised=advised,
        near=near,
        lacking=[(LACKS[lack], count) for lack, count in lacking.items()],
    )
