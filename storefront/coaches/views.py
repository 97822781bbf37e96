"""What a reader sees of the coaches: the list of places, the nearest first, and each place."""

from typing import NamedTuple

from flask import Blueprint, abort, current_app, request
from flask import render_template as render

from storefront.coaches import queries
from storefront.coaches.gazetteer import MOST_TYPED, Gazetteer, Point

PAGE_SIZE = 20

blueprint = Blueprint("coaches", __name__)


class Mark(NamedTuple):
    """Where something stands on the map, in the units of the drawing."""

    x: float
    y: float

    @property
    def is_on_it(self) -> bool:
        """Whether it lies on the map, which ends at the shores of the lower 48 states."""
        return 0 <= self.x <= 52 and 0 <= self.y <= 28


@blueprint.get("/coaches")
def listing() -> str:
    """Show the coaches; `near` is a ZIP code or a town, and changes nothing but their order."""
    typed = " ".join(request.args.get("near", "")[:MOST_TYPED].split())
    gazetteer = Gazetteer(current_app.instance_path)
    place = gazetteer.find(typed) if typed else None
    near = queries.nearest(place.point if place else None, gazetteer)
    pages = max(1, -(-len(near) // PAGE_SIZE))
    page = request.args.get("page", "1")
    if page not in map(str, range(1, pages + 1)):
        abort(404)
    first = (int(page) - 1) * PAGE_SIZE
    shown = list(enumerate(near[first : first + PAGE_SIZE], start=first + 1))
    return render(
        "storefront/coaches/listing.html",
        typed=typed,
        place=place,
        shown=shown,
        total=len(near),
        marks=[(number, mark) for number, one in shown if (mark := _mark(one.point))],
        close=sum(one.is_close for one in near),
        far_miles=queries.FAR,
        asked_at=_mark(place.point if place else None),
        page=int(page),
        pages=pages,
    )


def _mark(point: Point | None) -> Mark | None:
    """Return where a point is on the map: degrees are drawn as wide as they are at 38° north."""
    if point is None:
        return None
    mark = Mark(
        round((point.longitude + 125) / 58 * 52, 1), round((50 - point.latitude) / 25.5 * 28, 1)
    )
    return mark if mark.is_on_it else None


@blueprint.get("/coaches/<coach_slug>")
def show(coach_slug: str) -> str:
    coach = queries.coach(coach_slug) or abort(404)
    return render("storefront/coaches/show.html", coach=coach)
