"""The desk: what every staff page stands behind, and the page that says what waits today."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Blueprint, abort, flash, redirect, request, session, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user, logout_user
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import Forbidden, Unauthorized

from storefront import guard
from storefront.staff.models import ROLES

SIGNED_IN_FOR = 12 * 60 * 60  # seconds
NOT_YOURS = "Your role does not include this desk. Ask the owner if you need it."
SIGN_IN_AGAIN = "Please sign in again. Nothing was changed."


@dataclass(frozen=True)
class Waiting:
    """Something that waits for staff: how many, in words, and where it is done."""

    words: str
    address: str
    count: int


class Desk(NamedTuple):
    """A desk in the menu: among which others, where, in words, and whose beside the owner's."""

    group: str
    address: str
    words: str
    roles: tuple[str, ...]


csrf = CSRFProtect()
desks: list[Desk] = []
waiting: list[Callable[[], Iterable[Waiting]]] = []
notes: list[Callable[[], str]] = []  # a sentence each, or nothing
before_opening: list[Callable[[], Sequence[Any]]] = []  # what a shop must have, to its owner


def desk_blueprint(name: str, import_name: str, *, roles: tuple[str, ...]) -> Blueprint:
    """Return a blueprint under /staff that only these roles, and the owner, may enter."""
    blueprint = Blueprint(name, import_name, url_prefix="/staff")

    @blueprint.before_request
    def lock() -> ResponseReturnValue | None:
        if not _is_signed_in():
            return _to_sign_in()
        if not _may_enter(roles):
            raise Forbidden(NOT_YOURS)
        guard.open_form()
        csrf.protect()
        return None

    @blueprint.context_processor
    def navigation() -> dict[str, Any]:
        own = _own_desks()
        return {"desks": {desk.group: [d for d in own if d.group == desk.group] for desk in own}}

    return blueprint


def wants_json() -> bool:
    """Return whether the client asked for data rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json"


def page_number() -> int:
    """Return the page of a list that the address asks for; 404 for one that cannot be."""
    text = request.args.get("page", "1")
    if not (text.isascii() and text.isdigit() and len(text) < 7 and int(text) > 0):
        abort(404)
    return int(text)


blueprint = desk_blueprint("staff", __name__, roles=ROLES)


@blueprint.get("")
def today() -> str:
    """Show what waits at the desks that this member may enter."""
    own = tuple(desk.address for desk in _own_desks())
    things = [thing for ask in waiting for thing in ask()]
    return render(
        "storefront/staff/today.html",
        notes=list(filter(None, (note() for note in notes))),
        checks=[check for ask in before_opening for check in ask()] if _may_enter(()) else [],
        waiting=[thing for thing in things if thing.count and thing.address.startswith(own)],
    )


def _is_signed_in() -> bool:
    """Return whether somebody is signed in; a session ends after its time, used or not."""
    if not current_user.is_authenticated:
        return False
    if time.time() - session.get("fs_paa", 0) < SIGNED_IN_FOR:
        return True
    logout_user()
    return False


def _to_sign_in() -> ResponseReturnValue:
    if wants_json():
        raise Unauthorized(SIGN_IN_AGAIN)
    if request.method not in {"GET", "HEAD"}:
        flash(SIGN_IN_AGAIN, "error")
        return redirect(url_for("security.login"), 303)
    place = request.full_path if request.query_string else request.path
    return redirect(url_for("security.login", next=place))


def _may_enter(roles: tuple[str, ...]) -> bool:
    return any(role.name == "owner" or role.name in roles for role in current_user.roles)


def _own_desks() -> list[Desk]:
    return [desk for desk in desks if _may_enter(desk.roles)]
