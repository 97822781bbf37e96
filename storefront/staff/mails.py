"""What staff do with mails: see what was written to whom, send it again, try whether mails go."""

from collections.abc import Iterator

from flask import abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from werkzeug.exceptions import Conflict

from storefront.clock import utcnow
from storefront.db import db, new_secret
from storefront.mail import outbox
from storefront.mail.jobs import compose
from storefront.mail.models import FORGOTTEN, TO_STAFF, Letter
from storefront.settings.shop import shop
from storefront.staff.desk import Waiting, desk_blueprint, page_number
from storefront.staff.paging import page_of

ROLES = ("stock",)
# Whoever reads these could set the password of another member of staff.
PRIVATE = ("staff_password_link", "staff_password_set")
ID = "<int(max=2000000000):letter_id>"

blueprint = desk_blueprint("mails_desk", __name__, roles=ROLES)


def waiting() -> Iterator[Waiting]:
    """Say how many mails could not be sent for an hour."""
    late = select(func.count()).select_from(outbox.late(now=utcnow()).subquery())
    yield Waiting(
        "mails not sent for an hour", "/staff/mails?waiting=1", db.session.scalar(late) or 0
    )


@blueprint.get("/mails")
def listing() -> str:
    """List the mails, newest first: all, or those that wait."""
    only_waiting = bool(request.args.get("waiting"))
    listed = select(Letter).where(Letter.template.not_in(PRIVATE)).order_by(Letter.id.desc())
    if only_waiting:
        listed = listed.where(Letter.sent_at.is_(None), Letter.recipient != FORGOTTEN)
    return render(
        "storefront/staff/mails.html",
        page=page_of(listed, page_number()),
        only_waiting=only_waiting,
        to_staff=TO_STAFF,
        forgotten=FORGOTTEN,
        by_smtp=bool(current_app.config["SMTP_URL"]),
    )


@blueprint.get(f"/mails/{ID}")
def show(letter_id: int) -> str:
    """Show a mail as it is sent, or that nobody knows any more what it said."""
    letter = _letter(letter_id)
    mail = compose(letter) if letter.recipient != FORGOTTEN else None
    return render("storefront/staff/mail.html", letter=letter, mail=mail)


@blueprint.post(f"/mails/{ID}/resending")
def send_again(letter_id: int) -> ResponseReturnValue:
    """Send a mail once more, or at once where it waits."""
    if _letter(letter_id).recipient == FORGOTTEN:
        raise Conflict("What this mail said is not kept any more, so it cannot be sent again.")
    with db.writing():
        is_due = outbox.send_again(letter_id, now=utcnow())
    if not is_due:
        raise Conflict("This mail is being sent just now, so it was left alone.")
    flash("The mail is sent within a minute.", "info")
    return redirect(url_for("mails_desk.show", letter_id=letter_id), 303)


@blueprint.post("/mails/trial")
def send_trial() -> ResponseReturnValue:
    """Send a mail to the shop's own address, to see whether mails arrive."""
    secret = new_secret()
    with db.writing():
        outbox.queue(
            cause=f"trial:{secret}",
            recipient=TO_STAFF,
            template="trial",
            facts={"link": f"{shop().url}/staff/opening/mail/{secret}"},
            now=utcnow(),
        )
    flash(f"A trial mail to {shop().email} is sent within a minute; the list says whether it went.")
    return redirect(url_for("mails_desk.listing"), 303)


def _letter(letter_id: int) -> Letter:
    letter = db.session.get(Letter, letter_id)
    if letter is None or letter.template in PRIVATE:
        abort(404)
    return letter
