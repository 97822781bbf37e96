"""What staff do with delivery: zones, their countries, and the ways to send there."""

from flask import abort, flash, redirect, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from storefront.countries import country_name
from storefront.db import db
from storefront.delivery import zones
from storefront.delivery.forms import ZoneForm
from storefront.delivery.models import Zone
from storefront.staff.desk import desk_blueprint

ROLES = ("stock",)
ID = "<int(max=2000000000):zone_id>"

blueprint = desk_blueprint("delivery_desk", __name__, roles=ROLES)


@blueprint.get("/delivery")
def listing() -> str:
    """List the zones with their countries and what sending there costs."""
    listed = select(Zone).options(selectinload(Zone.countries), selectinload(Zone.methods))
    return render(
        "storefront/delivery/desk_listing.html",
        zones=db.session.scalars(listed.order_by(Zone.name)).all(),
    )


@blueprint.route("/delivery/new", methods=["GET", "POST"])
def add() -> ResponseReturnValue:
    """Make a zone."""
    return _form_page(None, ZoneForm())


@blueprint.route(f"/delivery/{ID}", methods=["GET", "POST"])
def edit(zone_id: int) -> ResponseReturnValue:
    """Show a zone and keep what is changed."""
    zone = db.session.get(Zone, zone_id) or abort(404)
    told = {
        "name": zone.name,
        "countries": "\n".join(country_name(c.country) for c in zone.countries),
        "methods": [
            {
                "name": method.name,
                "price": method.price_minor,
                "free_from": method.free_from_minor,
                "least_days": method.least_days,
                "most_days": method.most_days,
            }
            for method in zone.methods
        ],
    }
    return _form_page(zone_id, ZoneForm(data=told))


@blueprint.post(f"/delivery/{ID}/removal")
def remove(zone_id: int) -> ResponseReturnValue:
    """Send to a zone's countries no more."""
    with db.writing():
        zone = db.session.get(Zone, zone_id)
        if zone is not None:
            zones.remove(zone)
    flash("The zone is removed. Orders that are there go on.", "info")
    return redirect(url_for("delivery_desk.listing"), 303)


def _form_page(zone_id: int | None, form: ZoneForm) -> ResponseReturnValue:
    if form.validate_on_submit():
        try:
            with db.writing():
                zones.save(
                    zone_id,
                    name=form.name.data,
                    countries=zones.read_countries(form.countries.data)[0],
                    methods=form.terms(),
                )
        except zones.CannotKeep as problem:
            form.form_errors.append(str(problem))
        else:
            flash("Saved. Every page and cart says it from now on.", "info")
            return redirect(url_for("delivery_desk.listing"), 303)
    shown = render("storefront/delivery/desk_zone.html", form=form, zone_id=zone_id)
    return shown, 422 if form.errors else 200
