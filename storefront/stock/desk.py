"""What staff do with the stock: see it, count it, and ask why a number is what it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
from storefront.settings.shop import shop
from storefront.staff.desk import desk_blueprint, page_number, wants_json
from storefront.stock import ledger, queries, words
from storefront.stock.forms import OF_A_COUNT, OF_AN_AMOUNT, TOO_MANY, CountForm, UndoForm
from storefront.stock.ledger import BelowHeld, CountMoved, Shoes
from storefront.stock.models import Movement

ROLES = ("stock",)
NOT_UNDOABLE = (
    "This line cannot be undone: only what staff counted, received, took out as damaged or"
    " corrected can. Nothing was changed."
)
SOLD_TOO = (
    " Just so many more are sold and still to be packed. If you counted those too, please save the"
    " lower number."
)
NOT_THERE = "So many are not there any more, so they cannot be taken back."

parts: list[Callable[[Variant], str]] = []  # what rooms above say on the page of one size

blueprint = desk_blueprint("stock_desk", __name__, roles=ROLES)


@blueprint.context_processor
def vocabulary() -> dict[str, object]:
    return {"Shoes": Shoes, "words": words, "reasons": OF_A_COUNT}


@blueprint.get("/stock")
def listing() -> str:
    """List the variants with their counts, each with its own form."""
    place = _place()
    q, product, after = place.get("q", ""), place.get("product", ""), place.get("after", "")
    odd, few = place.get("odd") or None, place.get("few") or None
    low = current_app.config["LOW_STOCK"]
    try:
        found = queries.variants(
            q=q, product=product, odd=bool(odd), most=_most(few, low), after=after
        )
    except queries.NoSuchPlace:
        abort(404)
    odd_shoes, low_sizes, sold_out = queries.odd_low_out(low)
    return render(
        "storefront/stock/listing.html",
        found=found,
        groups=[(k, list(v)) for k, v in groupby(found.rows, lambda v: (v.product, v.color))],
        place=place,
        filters={"q": q or None, "product": product or None, "odd": odd, "few": few},
        odd_shoes=odd_shoes,
        low=low,
        low_sizes=low_sizes,
        sold_out=sold_out,
        to_pack=queries.to_pack([variant.id for variant in found.rows]),
        product_title=queries.title_of(product) if product else None,
    )


@blueprint.get("/stock/<path:sku>")
def why(sku: str) -> str:
    """Answer why the count is what it is: the ledger line by line, and who holds what."""
    variant = queries.variant(sku) or abort(404)
    page = queries.ledger(variant.id, page=page_number())
    return render(
        "storefront/stock/why.html",
        variant=variant,
        latest=queries.latest(variant.id),
        page=page,
        undoable={line.id for line in page.rows if ledger.undoable(line)},
        to_pack=queries.to_pack([variant.id]).get(variant.id),
        holds=queries.live_holds(variant.id),
        typed=CountForm.blank(sides=words.by_sides(variant), shoes=_on_hand(variant)),
        received=CountForm.blank(sides=words.by_sides(variant), reason="received"),
        damaged=CountForm.blank(sides=words.by_sides(variant), reason="damaged"),
        parts=[part(variant) for part in parts],
    )


@blueprint.post("/stock/<path:sku>/count")
def count(sku: str) -> ResponseReturnValue:
    """Set a count, if it still is what the form was based on."""
    variant = _counted(sku)
    form = CountForm.sent()
    if not form.validate():
        said = next(error for errors in form.errors.values() for error in errors)
        return _refuse(variant, Refusal(said), 422, form=form)
    variant_id, by = variant.id, current_user.known_as
    try:
        with db.writing():
            ledger.count(
                variant_id,
                form.new_count(),
                based_on=form.old_count(),
                reason=form.reason.data,
                note=form.note.data,
                by=by,
                now=utcnow(),
            )
    except (CountMoved, BelowHeld) as error:
        return _refuse(variant, _refusal(error, form.old_count()), 409, form=form)
    said = words.count_words(form.new_count())
    change = form.new_count() - form.old_count()
    if form.reason.data in OF_AN_AMOUNT:
        said = f"{words.change_words(change)}, which makes {said}"
    is_sold = queries.to_pack([variant_id]).get(variant_id) == change
    return _saved(variant, f"Saved: {said}.{SOLD_TOO if is_sold else ''}")


@blueprint.post("/stock/<path:sku>/lines/<int(max=2000000000):number>/undo")
def undo(sku: str, number: int) -> ResponseReturnValue:
    """Take a line of the ledger back by a new one, if the count still is what the page showed."""
    variant = _counted(sku)
    line = queries.line(variant.id, number) or abort(404)
    form = UndoForm()
    if not form.validate():
        raise UnprocessableEntity("Please go back and undo it on the page of this size.")
    by = current_user.known_as
    try:
        with db.writing():
            after = ledger.undo(line, based_on=form.old_count(), by=by, now=utcnow())
    except ledger.NotUndoable:
        raise UnprocessableEntity(NOT_UNDOABLE) from None
    except ledger.AlreadyUndone as done:
        said = f"{done.by.by} undid this on {_when(done.by)}. It is not undone a second time."
        return _refuse(variant, Refusal(said, "undone"), 409)
    except ledger.NotACount:
        said = NOT_THERE if line.left_change + line.right_change > 0 else TOO_MANY
        return _refuse(variant, Refusal(said), 409)
    except (CountMoved, BelowHeld) as error:
        return _refuse(variant, _refusal(error, form.old_count()), 409, line=line)
    return _saved(variant, f"Undone. On hand now: {words.count_words(after)}.")


def _most(few: str | None, low: int) -> int | None:
    """Return how many free pairs the sizes of a list have at most: `few` is "low" or "none"."""
    return {"low": low, "none": 0}.get(few or "")


def _counted(sku: str) -> Variant:
    variant = queries.variant(sku) or abort(404)
    if not variant.counted:
        raise UnprocessableEntity("This is sold without being counted, so there is no count.")
    return variant


def _on_hand(variant: Variant) -> Shoes:
    return Shoes(variant.on_hand_left, variant.on_hand_right)


def _saved(variant: Variant, said: str) -> ResponseReturnValue:
    if wants_json():
        return jsonify(state="saved", words=said, **_counts(variant))
    flash(said, variant.sku)
    place = _place()
    if place.pop("from", "") or request.endpoint == "stock_desk.undo":
        return redirect(url_for("stock_desk.why", sku=variant.sku), 303)
    return redirect(url_for("stock_desk.listing", **place, _anchor=f"row-{variant.id}"), 303)


@dataclass(frozen=True)
class Refusal:
    """Why nothing was changed; `holding` says by order number what is held."""

    said: str
    state: str = "refused"
    holding: Mapping[int, Shoes] = field(default_factory=dict)


def _refusal(error: CountMoved | BelowHeld, based_on: Shoes) -> Refusal:
    if isinstance(error, CountMoved):
        return Refusal(_moved_words(error, based_on), "moved")
    return Refusal(f"Held for orders: {words.count_words(error.held)}.", holding=error.holding)


def _refuse(
    variant: Variant,
    refusal: Refusal,
    status: int,
    *,
    form: CountForm | None = None,
    line: Movement | None = None,
) -> ResponseReturnValue:
    """Say why nothing was changed, with a form that carries the count as it is now."""
    if wants_json():
        held = (f"{number} ({words.count_words(n)})" for number, n in refusal.holding.items())
        said = f"{refusal.said} Orders: {', '.join(held)}." if refusal.holding else refusal.said
        return jsonify(state=refusal.state, words=said, **_counts(variant)), status
    if form is not None and form.of_sides != words.by_sides(variant):
        form = form.reshaped(sides=not form.of_sides)
    page = render(
        "storefront/stock/refused.html",
        variant=variant,
        refusal=refusal,
        form=form,
        line=line if refusal.state == "moved" else None,
        place=_place(),
    )
    return page, status


def _moved_words(moved: CountMoved, based_on: Shoes) -> str:
    said = f"It was {words.count_words(based_on)} and is {words.count_words(moved.now)} now"
    if moved.last is None:
        return f"{said}."
    return f"{said}: {words.because(moved.last)} on {_when(moved.last)}."


def _when(line: Movement) -> str:
    return moment_words(line.at, shop().zone)


def _counts(variant: Variant) -> dict[str, object]:
    held = Shoes(variant.held_left, variant.held_right)
    free = Shoes(variant.on_hand_left - held.left, variant.on_hand_right - held.right)
    return {
        "left": variant.on_hand_left,
        "right": variant.on_hand_right,
        "held": words.bare_words(held),
        "free": words.bare_words(free),
        "odd": words.odd_words(_on_hand(variant)),
    }


def _place() -> dict[str, Any]:
    """Return the part of the address that says where the form stood: in the list, or alone."""
    names = ("q", "product", "odd", "few", "after", "from")
    return {name: request.args[name] for name in names if request.args.get(name)}
