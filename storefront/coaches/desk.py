"""What editors do with coaches: name a place, keep it true, take it off the list."""

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy import delete, update

from storefront.clock import day_of, utcnow
from storefront.coaches import searching
from storefront.coaches.forms import CoachForm
from storefront.coaches.models import Coach
from storefront.coaches.queries import coach, coaches
from storefront.db import db
from storefront.search import index
from storefront.settings.shop import shop
from storefront.staff.desk import desk_blueprint

ROLES = ("editor",)
TAKEN = "That address is the address of another coach. Please choose another one."

blueprint = desk_blueprint("coaches_desk", __name__, roles=ROLES)


@blueprint.get("/coaches")
def listing() -> str:
    return render("storefront/coaches/desk_listing.html", coaches=coaches())


@blueprint.route("/coaches/new", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Put a place on the list."""
    form = _form(is_new=True)
    if not (request.method == "POST" and form.validate()):
        return _page(form)
    with db.writing():
        added = db.insert_once(Coach, "slug", values=form.values())
        if added:
            searching.note(form.slug.data)
    if not added:
        form.slug.errors = [TAKEN]
        return _page(form)
    flash(f"{form.name.data} is on the list.", "info")
    return redirect(url_for("coaches_desk.listing"), 303)


@blueprint.route("/coaches/<coach_slug>", methods=["GET", "POST"])
def edit(coach_slug: str) -> ResponseReturnValue:
    """Change what is said of a place."""
    there = coach(coach_slug) or abort(404)
    form = _form(is_new=False, coach=there)
    if not (request.method == "POST" and form.validate()):
        return _page(form, there)
    with db.writing():
        db.session.execute(update(Coach).where(Coach.slug == coach_slug).values(form.values()))
        searching.note(coach_slug)
    flash("Saved.", "info")
    return redirect(url_for("coaches_desk.listing"), 303)


@blueprint.post("/coaches/<coach_slug>/removal")
def remove(coach_slug: str) -> ResponseReturnValue:
    """Take a place off the list, for good."""
    there = coach(coach_slug) or abort(404)
    with db.writing():
        index.remove(("coach", str(there.id)))
        db.session.execute(delete(Coach).where(Coach.slug == coach_slug))
    flash(f"{there.name} is not on the list any more.", "info")
    return redirect(url_for("coaches_desk.listing"), 303)


def _form(*, is_new: bool, coach: Coach | None = None) -> CoachForm:
    today = day_of(utcnow(), shop().zone)
    return CoachForm(is_new=is_new, today=today, obj=coach)


def _page(form: CoachForm, coach: Coach | None = None) -> ResponseReturnValue:
    page = render("storefront/coaches/desk_edit.html", form=form, coach=coach)
    return page, 422 if form.errors else 200
