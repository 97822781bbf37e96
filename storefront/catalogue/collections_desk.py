"""What staff do with collections: put products together, by hand or by a rule."""

from typing import Any

from flask import abort, flash, redirect, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue

from storefront.catalogue import collections
from storefront.catalogue.desk import attempt, moved
from storefront.catalogue.forms import CollectionForm
from storefront.catalogue.models import Collection
from storefront.clock import utcnow
from storefront.staff.desk import desk_blueprint, page_number

ROLES = ("stock",)

blueprint = desk_blueprint("collections_desk", __name__, roles=ROLES)


@blueprint.get("/collections")
def listing() -> str:
    page = collections.listed_for_staff(page_number())
    return render("storefront/catalogue/desk_collections.html", page=page, rules=collections.RULES)


@blueprint.route("/collections/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    form, made = CollectionForm(), list[Collection]()

    def act() -> None:
        made.append(collections.create(form.collection, products=form.products.data, now=utcnow()))

    status = attempt(form, act)
    if status == 303:
        flash("Saved.")
        return redirect(url_for("collections_desk.show", handle=made[0].handle), 303)
    return render("storefront/catalogue/desk_collection.html", collection=None, form=form), status


@blueprint.route("/collections/<handle>", methods=["GET", "POST"])
def show(handle: str) -> ResponseReturnValue:
    """Change a collection."""
    shown = collections.for_staff(handle) or abort(404)
    form = CollectionForm(obj=shown, data=_more(shown))

    def act() -> None:
        collections.change(
            shown.id,
            form.collection,
            products=form.products.data,
            based_on=form.based_on.data,
            now=utcnow(),
        )

    status = attempt(form, act)
    if status == 303:
        flash("Saved.")
        return redirect(url_for("collections_desk.show", handle=shown.handle), 303)
    more = _more(shown)
    now = CollectionForm(formdata=None, obj=shown, data=more)
    return render(
        "storefront/catalogue/desk_collection.html",
        collection=shown,
        form=form,
        moved=moved(form, now, more["based_on"], status),
        has_moved=status == 409,
    ), status


def _more(of: Collection) -> dict[str, Any]:
    return {
        "based_on": of.updated_at.isoformat(),
        "products": collections.chosen_handles(of),
    }
