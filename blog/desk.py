"""What staff do with comments: read them and decide."""

from collections.abc import Iterator
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import Conflict, UnprocessableEntity

from blog import comments, queries
from blog.models import COMMENT_STATES, Comment
from storefront.clock import utcnow
from storefront.db import db
from storefront.staff.desk import Waiting, desk_blueprint, page_number

ROLES = ("editor",)
DECISIONS = {
    "approved": "published",
    "spam": "marked as spam",
    "removed": "removed",
}

blueprint = desk_blueprint("comments_desk", __name__, roles=ROLES)


def waiting() -> Iterator[Waiting]:
    """Say how many comments wait for a decision."""
    yield Waiting("comments to decide", "/staff/comments", queries.waiting_comments())


@blueprint.get("/comments")
def listing() -> str:
    """List the comments in a state, oldest first; those that wait where none is named."""
    state = request.args.get("state", "pending")
    if state not in COMMENT_STATES:
        abort(404)
    page = page_number()
    return render(
        "blog/desk_listing.html",
        comments=queries.comments_in(state, page=page),
        digest=comments.digest,
        more=bool(queries.comments_in(state, page=page + 1)),
        page=page,
        state=state,
        states=COMMENT_STATES,
    )


@blueprint.post("/comments/<int(max=2000000000):comment_id>/approval")
def decide(comment_id: int) -> ResponseReturnValue:
    """Approve a comment, remove it, or mark it as spam.

    `seen` tells which text was decided on. The desk's own form always has it; a program that sends
    only `decision` decides on whatever the comment says.
    """
    decision = request.form.get("decision", "")
    if decision not in DECISIONS:
        raise UnprocessableEntity("Please choose to approve, remove or mark as spam.")
    comment = db.session.get(Comment, comment_id) or abort(404)
    name, by = comment.name, current_user.known_as
    try:
        with db.writing():
            changed = comments.decide(
                comment_id, decision, by=by, now=utcnow(), seen=request.form.get("seen")
            )
    except comments.NoSuchComment:
        abort(404)
    except comments.TextMoved as moved:
        raise Conflict(
            f"{name} has changed the comment since you opened the list, so nothing was decided."
            f" It says now: “{moved.body}” Please go back, load the list again, and decide."
        ) from None
    flash(
        f"The comment by {name} {'is' if changed else 'was already'} {DECISIONS[decision]}.", "info"
    )
    return redirect(url_for("comments_desk.listing", **_state()), 303)


def _state() -> dict[str, Any]:
    state = request.args.get("state", "")
    return {"state": state} if state in COMMENT_STATES else {}
