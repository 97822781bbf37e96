"""Home, pages of words, display settings, and whether the shop is well."""

from collections.abc import Iterator
from urllib.parse import urlencode

from flask import Blueprint, Response, abort, current_app, redirect, request
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from storefront import limits, person, prose
from storefront.catalogue import collections
from storefront.catalogue.cards import cards_of
from storefront.catalogue.selection import LISTED
from storefront.catalogue.views import today
from storefront.db import db, engine_words
from storefront.delivery.queries import days_words, zones
from storefront.pages import facts, preferences
from storefront.pages import queries as words
from storefront.pages.models import ABOUT
from storefront.pages.writing import BLOCKS
from storefront.person import Term
from storefront.remembered import remembered
from storefront.sessions import cookie_name
from storefront.settings import colors
from storefront.settings.shop import shop

ON_HOME = 4
YEAR = 365 * 24 * 60 * 60  # seconds

blueprint = Blueprint("pages", __name__)


@blueprint.get("/")
def home() -> str:
    if not shop().is_open:
        return render("storefront/pages/opening_soon.html")
    cards = cards_of(LISTED, today=today(), low=current_app.config["LOW_STOCK"], limit=ON_HOME)
    return render(
        "storefront/pages/home.html", cards=cards, links=collections.links(), terms=terms()
    )


@blueprint.get("/pages/<page_slug>")
def show(page_slug: str) -> str:
    """Show a page of words; its blocks say what holds now, as the cart does."""
    page = words.page(page_slug)
    if page is None or not page.published:
        abort(404)
    document = prose.render_document(page.body, BLOCKS)
    return render(
        "storefront/pages/show.html",
        page=page,
        about=ABOUT.get(page.slug, page.title),
        document=document,
        zones=zones() if "delivery" in document.parts else (),
        returns=facts.returns(shop()) if "returns" in document.parts else None,
        terms=person.kept() if "keeping" in document.parts else (),
        days_words=days_words,
    )


def terms_of_settings() -> Iterator[Term]:
    """Say how long a browser keeps the display settings."""
    yield Term("Your display settings, in your own browser (a cookie)", "a year")


@remembered
def footer() -> list[tuple[str, str]]:
    """Return slug and title of each page that readers see; nothing where the database is away."""
    try:
        return words.published()
    except SQLAlchemyError:
        return []


def addresses() -> list[tuple[str, None]]:
    """Return the addresses of lists and of published pages, for the map of the site."""
    lists = ("/collections/all", "/fit", "/fit/braces", "/blog", "/coaches", "/accessibility")
    return [(address, None) for address in (*lists, *(f"/pages/{slug}" for slug, _ in footer()))]


def terms() -> facts.Terms:
    """Return delivery and returns in short, for pages where somebody decides to buy."""
    ours, published = shop(), frozenset(slug for slug, _ in footer())
    return facts.Terms(facts.sending(), ours.return_days, ours.return_cost_minor, published)


@blueprint.get("/accessibility")
def accessibility() -> Response:
    """Show the statement, and the display settings as this reader has them or looks at them."""
    looking = "preview" in request.args
    chosen = preferences.from_form(request.args) if looking else _chosen()
    response = current_app.make_response(
        render(
            "storefront/pages/accessibility.html",
            settings=preferences.SETTINGS,
            chosen=chosen,
            looked_at=urlencode(chosen or {"text": "100"}) if looking else "",
            next=request.args.get("next", ""),
        )
    )
    return _for_this_reader(response)


@blueprint.post("/preferences")
def choose() -> ResponseReturnValue:
    """Keep the display settings in a cookie and go back to the page they were asked from."""
    chosen = preferences.from_form(request.form)
    response = redirect(preferences.safe_next(request.form.get("next", "")), 303)
    response.set_cookie(
        _cookie(),
        preferences.to_cookie(chosen),
        max_age=YEAR,
        secure=current_app.config["SECURE"],
        httponly=True,
        samesite="Lax",
    )
    return response


@blueprint.get("/preferences.css")
def stylesheet() -> Response:
    """Answer with the styles of this reader's choices, or of those that the address has."""
    chosen = preferences.from_form(request.args) if request.args else _chosen()
    return _for_this_reader(Response(preferences.as_css(chosen), mimetype="text/css"))


@blueprint.get("/accents/<accent>.css")
def accent_styles(accent: str) -> Response:
    """Answer with the styles of an accent color; the address changes with the color."""
    color = f"#{accent}"
    if not (colors.HEX.fullmatch(color) and colors.is_readable(color)):
        abort(404)
    response = Response(colors.styles(color), mimetype="text/css")
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    return response


@blueprint.get("/healthz")
def health() -> Response:
    return Response("ok\n", mimetype="text/plain", headers={"Cache-Control": "no-store"})


@blueprint.get("/readyz")
def ready() -> tuple[Response, int]:
    """Say whether the database answers, which engine it is, and where tries are counted."""
    try:
        db.session.execute(text("SELECT 1"))
    except Exception as error:
        return Response(f"database: {type(error).__name__}\n", mimetype="text/plain"), 503
    said = f"database: {engine_words()}\nlimits: {limits.where()}\n"
    return Response(said, mimetype="text/plain", headers={"Cache-Control": "no-store"}), 200


def _cookie() -> str:
    return cookie_name("preferences", secure=current_app.config["SECURE"])


def _chosen() -> dict[str, str]:
    return preferences.from_cookie(request.cookies.get(_cookie(), ""))


def _for_this_reader(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    response.vary.add("Cookie")
    return response
