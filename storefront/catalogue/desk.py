"""What staff do with products by hand: facts, colors, pictures, sizes and prices."""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import IntegrityError

from storefront.catalogue import editing, queries
from storefront.catalogue.editing import Moved
from storefront.catalogue.forms import (
    BasedForm,
    ColorForm,
    InsideForm,
    PictureForm,
    PictureWordsForm,
    ProductForm,
    SizesForm,
    VariantForm,
    choices_of,
    inside_form,
)
from storefront.catalogue.handles import Refused
from storefront.catalogue.models import Color, Picture, Product, Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.fields import MOST_UPLOADED
from storefront.guard import takes_files
from storefront.staff.desk import desk_blueprint, page_number

ROLES = ("stock",)
TAKEN = "Somebody else has just taken the same handle, name or sku. Nothing was saved."
NUMBER = "<int(max=2000000000):{}>"

Thing = TypeVar("Thing", Color, Picture, Variant)

blueprint = desk_blueprint("products_desk", __name__, roles=ROLES)


@blueprint.get("/products")
def listing() -> str:
    q = request.args.get("q", "").strip()[: queries.MOST_SEARCHED]
    page = queries.listed_for_staff(q, page_number())
    return render("storefront/catalogue/desk_listing.html", page=page, q=q)


@blueprint.route("/products/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    """Add a product; colors and sizes come after it."""
    form, made = ProductForm(), list[Product]()

    def act() -> None:
        facts, braces = form.product, form.fits.data
        made.append(editing.create(facts, braces=braces, now=utcnow()))

    status = attempt(form, act)
    if status == 303:
        flash("Saved. Name its color and add sizes, then it can be sold.")
        return redirect(url_for("products_desk.show", handle=made[0].handle), 303)
    return render("storefront/catalogue/desk_product.html", product=None, form=form), status


@blueprint.route("/products/<handle>", methods=["GET", "POST"])
def show(handle: str) -> ResponseReturnValue:
    """Change what is said and measured of a product."""
    product = _product(handle)
    form = ProductForm(obj=product, data={**_base(product), "fits": _fits(product)})

    def act() -> None:
        facts, braces = form.product, form.fits.data
        based_on = form.based_on.data
        editing.change(product.id, facts, braces=braces, based_on=based_on, now=utcnow())

    status = attempt(form, act)
    if status == 303:
        flash("Saved.")
        return redirect(url_for("products_desk.show", handle=product.handle), 303)
    product = _product(handle)
    now = ProductForm(formdata=None, obj=product, data={"fits": _fits(product)})
    return _render("desk_product.html", handle, form, now, status)


@blueprint.route("/products/<handle>/colors/new", methods=["GET", "POST"])
def new_color(handle: str) -> ResponseReturnValue:
    product, made = _product(handle), list[Color]()
    form = ColorForm(data={**_base(product), "place": len(product.colors) + 1})

    def act() -> None:
        facts = form.facts("name", "swatch", "second_swatch")
        based_on = form.based_on.data
        made.append(editing.add_color(product.id, facts, based_on=based_on, now=utcnow()))

    status = attempt(form, act)
    if status == 303:
        flash("Saved. Now the pictures.")
        place = url_for("products_desk.color", handle=product.handle, color_id=made[0].id)
        return redirect(place, 303)
    return _color_page(handle, None, form, PictureForm(formdata=None), status)


@blueprint.route(f"/products/<handle>/colors/{NUMBER.format('color_id')}", methods=["GET", "POST"])
def color(handle: str, color_id: int) -> ResponseReturnValue:
    """Rename a color, change its swatches, move it; below it its pictures."""
    product = _product(handle)
    shown = _one_of(product.colors, color_id)
    form = ColorForm(obj=shown, data={**_base(product), "place": shown.position + 1})

    def act() -> None:
        editing.change_color(
            product.id,
            color_id,
            form.facts("name", "swatch", "second_swatch"),
            place=form.place.data,
            based_on=form.based_on.data,
            now=utcnow(),
        )

    status = attempt(form, act)
    if status == 303:
        return _to_color(handle, color_id, "Saved.")
    return _color_page(handle, color_id, form, PictureForm(formdata=None), status)


@blueprint.post(f"/products/<handle>/colors/{NUMBER.format('color_id')}/pictures")
@takes_files(MOST_UPLOADED)
def add_picture(handle: str, color_id: int) -> ResponseReturnValue:
    """Take a picture in. A good one whose words are missing is kept for the next try."""
    product = _product(handle)
    _one_of(product.colors, color_id)
    form = PictureForm()

    def act() -> None:
        editing.add_picture(
            product.id,
            color_id,
            form.file.copies,
            alt=form.alt.data,
            based_on=form.based_on.data,
            now=utcnow(),
        )

    status = attempt(form, act)
    if status == 303:
        return _to_color(handle, color_id, "The picture is saved.", "pictures")
    return _color_page(handle, color_id, None, form, status)


@blueprint.post(
    f"/products/<handle>/colors/{NUMBER.format('color_id')}/pictures/{NUMBER.format('picture_id')}"
)
def change_picture(handle: str, color_id: int, picture_id: int) -> ResponseReturnValue:
    """Save a picture's words; move it, or take it off, where such a button was pressed."""
    product = _product(handle)
    _one_of(_one_of(product.colors, color_id).pictures, picture_id)
    form, action = PictureWordsForm(), request.form.get("action", "")

    def act() -> None:
        based_on, now = form.based_on.data, utcnow()
        place = (product.id, color_id, picture_id)
        if action == "remove":
            editing.remove_picture(*place, based_on=based_on, now=now)
        else:
            step = {"earlier": -1, "later": 1}.get(action, 0)
            alt = form.alt.data
            editing.change_picture(*place, alt=alt, step=step, based_on=based_on, now=now)

    status = attempt(form, act)
    if status == 303:
        return _to_color(handle, color_id, "Saved.", "pictures")
    return _color_page(
        handle, color_id, None, PictureForm(formdata=None), status, words=(picture_id, form)
    )


@blueprint.route("/products/<handle>/sizes", methods=["GET", "POST"])
def sizes(handle: str) -> ResponseReturnValue:
    """Make the sizes and widths that the chosen colors lack; put all of them in order."""
    product, made = _product(handle), list[Variant]()
    form = SizesForm(
        data={
            **_base(product),
            "sizes": list(filter(None, _names(product, "size"))),
            "widths": list(filter(None, _names(product, "width"))),
            "colors": [str(color.id) for color in product.colors],
            "price_minor": product.variants[-1].price_minor if product.variants else None,
            "single_minor": product.variants[-1].single_minor if product.variants else None,
        }
    )
    form.colors.choices = choices_of(
        {str(color.id): color.name or "The only color" for color in product.colors}
    )

    def act() -> None:
        made.extend(
            editing.make_sizes(
                product.id,
                sizes=form.sizes.data,
                widths=form.widths.data,
                color_ids=list(map(int, form.colors.data)),
                price_minor=form.price_minor.data,
                single_minor=form.single_minor.data,
                based_on=form.based_on.data,
                now=utcnow(),
            )
        )

    status = attempt(form, act)
    if status == 303:
        flash(f"{len(made)} new. Count them on the stock list, then they can be sold.")
        return redirect(url_for("products_desk.show", handle=handle, _anchor="sizes"), 303)
    return _render("desk_sizes.html", handle, form, None, status)


@blueprint.route("/products/<handle>/inside", methods=["GET", "POST"])
def inside(handle: str) -> ResponseReturnValue:
    """Write down how wide each size is inside, in each width."""
    product = _product(handle)
    typed = inside_form(product.variants)
    form = typed(data={**_base(product), **_inside(product, typed)})

    def act() -> None:
        measured, based_on = form.measured, form.based_on.data
        editing.measure_inside(product.id, measured, based_on=based_on, now=utcnow())

    status = attempt(form, act)
    if status == 303:
        flash("Saved.")
        return redirect(url_for("products_desk.show", handle=handle, _anchor="sizes"), 303)
    now = typed(formdata=None, data=_inside(_product(handle), typed))
    return _render(
        "desk_inside.html",
        handle,
        form,
        now,
        status,
        sizes=_names(product, "size"),
        widths=_names(product, "width"),
    )


@blueprint.route(
    f"/products/<handle>/variants/{NUMBER.format('variant_id')}", methods=["GET", "POST"]
)
def variant(handle: str, variant_id: int) -> ResponseReturnValue:
    """Change one size of one color."""
    product = _product(handle)
    shown = _one_of(product.variants, variant_id)
    form = VariantForm(obj=shown, data=_base(product))

    def act() -> None:
        facts = form.facts(*set(form.data) - {"based_on", "csrf_token"})
        based_on = form.based_on.data
        editing.change_variant(product.id, variant_id, facts, based_on=based_on, now=utcnow())

    status = attempt(form, act)
    if status == 303:
        flash("Saved.")
        return redirect(url_for("products_desk.show", handle=handle, _anchor="sizes"), 303)
    shown = _one_of(_product(handle).variants, variant_id)
    return _render(
        "desk_variant.html",
        handle,
        form,
        VariantForm(formdata=None, obj=shown),
        status,
        variant=shown,
    )


def attempt(form: BasedForm, act: Callable[[], object]) -> int:
    """Do what a form asks and return 303; else the status of the page that is shown again.

    It is 200 where nothing was sent, 422 where something is wrong, 409 where it was changed
    meanwhile. Every refusal is a sentence in the form.
    """
    if not form.is_submitted():
        return 200
    if not form.validate():
        return 422
    try:
        with db.writing():
            act()
    except Refused as refused:
        form[refused.field].errors = [refused.sentence]
        return 422
    except Moved:
        return 409
    except IntegrityError:
        form.form_errors.append(TAKEN)
        return 422
    return 303


def moved(form: BasedForm, now: BasedForm, updated_at: str, status: int) -> list[tuple[str, str]]:
    """Return what differs between a form and the shop as it is now, by label, after a 409.

    The form is based on what is there now from here on: whoever saves it again has seen it.
    """
    if status != 409:
        return []
    form.based_on.data = updated_at
    texts = [
        (field.label.text, field.data, now[field.name])
        for field in form
        if field.name not in {"based_on", "csrf_token"}
    ]
    return [(label, _words(there)) for label, typed, there in texts if there.data != typed]


def _words(field: Any) -> str:
    if isinstance(field.data, bool):
        return "yes" if field.data else "no"
    if hasattr(field, "choices"):
        chosen = field.data if isinstance(field.data, list) else [field.data]
        return ", ".join(c.label for c in field.choices if c.value in chosen)
    return str(field._value()) or "empty"


def _render(
    template: str,
    handle: str,
    form: BasedForm,
    now: BasedForm | None,
    status: int,
    **more: Any,
) -> ResponseReturnValue:
    product = _product(handle)
    updated_at = product.updated_at.isoformat()
    return render(
        f"storefront/catalogue/{template}",
        product=product,
        form=form,
        moved=moved(form, now or form, updated_at, status),
        has_moved=status == 409,
        **more,
    ), status


def _color_page(
    handle: str,
    color_id: int | None,
    form: ColorForm | None,
    upload: PictureForm,
    status: int,
    words: tuple[int, PictureWordsForm] | None = None,
) -> ResponseReturnValue:
    """Show a color with its pictures, with the one form in it that was refused as it was typed."""
    product = _product(handle)
    shown = _one_of(product.colors, color_id) if color_id else None
    base = _base(product)
    now = ColorForm(
        formdata=None, obj=shown, data={**base, "place": shown.position + 1 if shown else 1}
    )
    upload.based_on.data = base["based_on"]
    form = form or now
    each = {}
    for picture in shown.pictures if shown else ():
        each[picture.id] = PictureWordsForm(formdata=None, obj=picture, data=base)
        if words and words[0] == picture.id:
            each[picture.id] = words[1]
            each[picture.id].based_on.data = base["based_on"]
        each[picture.id].alt.id = f"alt-{picture.id}"
    return _render(
        "desk_color.html",
        handle,
        form,
        now if shown else None,
        status,
        color=shown,
        upload=upload,
        words=each,
        wrong=words[1] if words else upload if upload.errors else form,
    )


def _to_color(handle: str, color_id: int, said: str, anchor: str = "") -> ResponseReturnValue:
    flash(said)
    place = url_for("products_desk.color", handle=handle, color_id=color_id, _anchor=anchor or None)
    return redirect(place, 303)


def _product(handle: str) -> Product:
    return queries.for_staff(handle) or abort(404)


def _one_of(things: Sequence[Thing], number: int) -> Thing:
    """Return the thing with this id; 404 where there is none."""
    return next((thing for thing in things if thing.id == number), None) or abort(404)


def _base(product: Product) -> dict[str, Any]:
    return {"based_on": product.updated_at.isoformat()}


def _inside(product: Product, form: type[InsideForm]) -> dict[str, int]:
    measured = {(row.size, row.width): row.inside_mm for row in product.inside}
    return {form.fields[at]: mm for at, mm in measured.items() if at in form.fields}


def _names(product: Product, axis: str) -> tuple[str, ...]:
    """Return the names of a product's sizes or widths, in order."""
    by_rank = sorted(product.variants, key=lambda variant: getattr(variant, f"{axis}_rank"))
    return tuple(dict.fromkeys(getattr(variant, axis) for variant in by_rank))


def _fits(product: Product) -> list[str]:
    return [row.brace for row in product.braces]
