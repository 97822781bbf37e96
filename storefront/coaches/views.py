"""What a reader sees of the coaches: the list of places."""

from flask import Blueprint
from flask import render_template as render
from sqlalchemy import select

from storefront.coaches.models import Coach
from storefront.db import db

blueprint = Blueprint("coaches", __name__)


@blueprint.get("/coaches")
def listing() -> str:
    coaches = db.session.scalars(select(Coach).order_by(Coach.state, Coach.city, Coach.name)).all()
    return render("storefront/coaches/listing.html", coaches=coaches)
