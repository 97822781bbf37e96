"""What staff do with the stock: see it, count it, and ask why a number is what it is."""

from itertools import groupby
from typing import Any

from flask import abort, current_app, flash, jsonify, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import UnprocessableEntity

from storefront.catalogue.models import Variant
from storefront.clock import moment_words, utcnow
from storefront.db import db
from storefront.staff.desk import desk_blueprint, page_number, wants_json
from storefront.stock import ledger, queries, words
from storefront.stock.forms import REASONS, CountForm, PairsForm, SidesForm
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes

ROLES = ("stock",)

blueprint = desk_blueprint("stock_desk", __name__, roles=ROLES)


@blueprint.context_processor
def vocabulary() -> dict[str, object]:
    return {"Shoes": Shoes, "words": words, "reasons": REASONS}


@blueprint.get("/stock")
def listing() -> str:
    """List the variants with their counts, each with its own form."""
    place = _place()
    q, product = place.get("q", ""), place.get("product", "")
    page = queries.variants(q=q, product=product, page=page_number())
    return render(
        "storefront/stock/listing.html",
        page=page,
        groups=[(k, list(v)) for k, v in groupby(page.rows, lambda v: (v.product, v.color))],
        place=place,
        filters={"q": q, "product": product},
        product_title=queries.title_of(product) if product else None,
    )


@blueprint.get("/stock/<path:sku>")
def why(sku: str) -> str:
    """Answer why the count is what it is: the ledger line by line, and who holds what."""
    variant = queries.variant(sku) or abort(404)
    return render(
        "storefront/stock/why.html",
        variant=variant,
        latest=next(iter(queries.ledger(variant.id).rows), None),
        page=queries.ledger(variant.id, page=page_number()),
        holds=queries.live_holds(variant.id),
    )


@blueprint.post("/stock/<path:sku>/count")
def count(sku: str) -> ResponseReturnValue:
    """Set a count, if it still is what the form was based on."""
    variant = queries.variant(sku) or abort(404)
    if not variant.counted:
        raise UnprocessableEntity("This is sold without being counted, so there is no count.")
    form: CountForm = PairsForm() if "pairs" in request.form else SidesForm()
    if not form.validate():
        return _refuse(variant, "refused", next(iter(form.errors.values()))[0], 422)
    variant_id, by = variant.id, current_user.known_as
    try:
        with db.writing():
            ledger.count(
                variant_id,
                form.new_count(),
                based_on=form.old_count(),
                reason=form.reason.data,
                note=form.note.data or "",
                by=by,
                now=utcnow(),
            )
    except CountMoved as moved:
        return _refuse(variant, "moved", _moved_words(moved, form.old_count()), 409)
    except BelowHeld as below:
        held = words.count_words(below.held)
        return _refuse(variant, "refused", f"Held for orders: {held}.", 422, orders=below.orders)
    return _saved(variant, form.new_count())


def _saved(variant: Variant, counted: Shoes) -> ResponseReturnValue:
    said = f"Saved: {words.count_words(counted)}."
    if wants_json():
        return jsonify(state="saved", words=said, **_counts(variant))
    flash(said, variant.sku)
    place = _place()
    if place.pop("from", ""):
        return redirect(url_for("stock_desk.why", sku=variant.sku), 303)
    return redirect(url_for("stock_desk.listing", **place, _anchor=f"row-{variant.id}"), 303)


def _refuse(
    variant: Variant, state: str, said: str, status: int, *, orders: list[int] | None = None
) -> ResponseReturnValue:
    """Say why nothing was changed, with a form that carries the count as it is now."""
    if wants_json():
        if orders:
            said = f"{said} Orders: {', '.join(map(str, orders))}."
        return jsonify(state=state, words=said, **_counts(variant)), status
    page = render(
        "storefront/stock/refused.html",
        variant=variant,
        state=state,
        said=said,
        orders=orders or [],
        typed=request.form,
        place=_place(),
    )
    return page, status


def _moved_words(moved: CountMoved, based_on: Shoes) -> str:
    said = f"It was {words.count_words(based_on)} and is {words.count_words(moved.now)} now"
    if moved.last is None:
        return f"{said}."
    when = moment_words(moved.last.at, current_app.config["SHOP_TIMEZONE"])
    return f"{said}: {words.because(moved.last)} on {when}."


def _counts(variant: Variant) -> dict[str, object]:
    held = Shoes(variant.held_left, variant.held_right)
    free = Shoes(variant.on_hand_left - held.left, variant.on_hand_right - held.right)
    return {
        "left": variant.on_hand_left,
        "right": variant.on_hand_right,
        "held": words.bare_words(held),
        "free": words.bare_words(free),
    }


def _place() -> dict[str, Any]:
    """Return the part of the address that says where the form stood: in the list, or alone."""
    names = ("q", "product", "page", "from")
    return {name: request.args[name] for name in names if request.args.get(name)}
