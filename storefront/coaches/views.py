"""What a reader sees of the coaches: the list of places, and each place."""

from flask import Blueprint, abort
from flask import render_template as render

from storefront.coaches import queries

blueprint = Blueprint("coaches", __name__)


@blueprint.get("/coaches")
def listing() -> str:
    return render("storefront/coaches/listing.html", coaches=queries.coaches())


@blueprint.get("/coaches/<coach_slug>")
def show(coach_slug: str) -> str:
    coach = queries.coach(coach_slug) or abort(404)
    return render("storefront/coaches/show.html", coach=coach)
