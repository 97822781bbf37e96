"""What the owner does before and after opening: settings by form, the checks, the door."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from flask import abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from sqlalchemy import exists, select
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import Conflict, ServiceUnavailable

from storefront.checkout.setting import payments
from storefront.clock import utcnow
from storefront.db import db
from storefront.exchange import keeping
from storefront.exchange.backup import NotReady
from storefront.fields import MOST_UPLOADED
from storefront.guard import takes_files
from storefront.mail.models import Letter
from storefront.opening import checks
from storefront.opening.forms import LogoForm, ReturnsForm, SettingsForm, ShopForm, TaxForm
from storefront.orders.models import Order
from storefront.pages import queries as pages
from storefront.settings import queries
from storefront.settings.shop import logo_setting, shop
from storefront.staff.desk import desk_blueprint

ROLES = ()  # the owner alone
FORMS: dict[str, tuple[str, type[SettingsForm]]] = {
    "shop": ("The shop", ShopForm),
    "tax": ("Tax", TaxForm),
    "returns": ("Returns", ReturnsForm),
}
log = logging.getLogger(__name__)

TRIAL = "trial:"  # what the cause of a trial mail begins with

blueprint = desk_blueprint("opening_desk", __name__, roles=ROLES)


def before_opening() -> Sequence[checks.Check]:
    """Return what must be there before the shop opens; nothing once it is open."""
    return () if shop().is_open else _checks()


@blueprint.get("/opening")
def before() -> str:
    """Show what must be there before shoppers come, as it is found now."""
    return render("storefront/opening/before.html", checks=_checks())


@blueprint.post("/opening")
def open_() -> ResponseReturnValue:
    """Open the shop, unless something that must be there is missing."""
    lacking = [check.words for check in _checks() if check.required and not check.is_met]
    if lacking:
        raise Conflict(f"The shop stays closed, since this is missing: {', '.join(lacking)}.")
    _keep({"OPENED_AT": utcnow().isoformat()})
    flash("The shop is open.", "info")
    return redirect(url_for("opening_desk.before"), 303)


@blueprint.post("/opening/closing")
def close() -> ResponseReturnValue:
    """Close the shop: its home page says "opening soon" again, and nothing can be paid."""
    _keep({"OPENED_AT": ""})
    flash("The shop is closed.", "info")
    return redirect(url_for("opening_desk.before"), 303)


@blueprint.post("/opening/backup")
def back_up() -> ResponseReturnValue:
    """Write a dated backup on the server."""
    config = current_app.config
    try:
        keeping.make(
            Path(config["BACKUP_FOLDER"]),
            pictures=Path(config["MEDIA_FOLDER"]),
            migrations=current_app.extensions["migrate"].migrate.get_config(),
            now=utcnow(),
            progress=lambda *_: None,
        )
    except (NotReady, OSError, DBAPIError) as problem:
        log.exception("no backup was made")
        raise ServiceUnavailable(f"No backup was made: {problem}") from None
    flash("A backup was made. Copy it to another place: on this server alone it helps little.")
    return redirect(url_for("opening_desk.before"), 303)


@blueprint.route("/settings", methods=["GET", "POST"], defaults={"page": "shop"})
@blueprint.route("/settings/<page>", methods=["GET", "POST"])
def settings(page: str) -> ResponseReturnValue:
    """Show a page of settings and keep what is chosen there."""
    form, left_out = _form(page)
    if form.validate_on_submit():
        _keep(form.chosen())
        flash("Saved. Every page and mail says it from now on.", "info")
        return redirect(request.path, 303)
    return _settings_page(page, form, left_out)


@blueprint.post("/settings/logo")
@takes_files(MOST_UPLOADED)
def show_logo() -> ResponseReturnValue:
    """Show a logo in place of the shop's name; one that is not taken leaves what is there."""
    upload = LogoForm()
    if not upload.validate():
        return _settings_page("shop", *_form("shop", formdata=None), upload)
    copies = upload.logo.copies
    _keep({"SHOP_LOGO": logo_setting(copies.key, copies.width, copies.height)})
    flash("The logo is saved. It stands on every page in place of the name.", "info")
    return redirect(url_for("opening_desk.settings"), 303)


@blueprint.post("/settings/logo/removal")
def remove_logo() -> ResponseReturnValue:
    """Show the shop's name again in place of its logo."""
    _keep({"SHOP_LOGO": ""})
    flash("The logo is removed. Every page shows the name.", "info")
    return redirect(url_for("opening_desk.settings"), 303)


@blueprint.get("/opening/mail/<secret>")
def mail_arrived(secret: str) -> str:
    """Show the page that a trial mail leads to."""
    _trial(secret)
    return render("storefront/opening/mail_arrived.html", secret=secret)


@blueprint.post("/opening/mail/<secret>")
def note_mail(secret: str) -> ResponseReturnValue:
    """Keep that mails arrive which are sent as they are sent now."""
    _trial(secret)
    _keep({checks.MAIL_ARRIVED: checks.mail_mark(shop(), current_app.config["SMTP_URL"])})
    flash("Good: mails arrive.", "info")
    return redirect(url_for("opening_desk.before"), 303)


def _form(page: str, **more: Any) -> tuple[SettingsForm, dict[str, Any]]:
    """Return a page's form with the settings as they are, and what it leaves out and why."""
    _, kind = FORMS.get(page) or abort(404)
    form = kind(data=kind.told(shop()), **more)
    fixed = form.set_by_environment(current_app.config["GIVEN"])
    currency_is_fixed = "currency" in form and _has_orders()
    if currency_is_fixed:
        del form["currency"]
    return form, {"fixed": fixed, "currency_is_fixed": currency_is_fixed}


def _settings_page(
    page: str, form: SettingsForm, left_out: dict[str, Any], upload: LogoForm | None = None
) -> ResponseReturnValue:
    shown = render(
        "storefront/opening/settings.html",
        title=FORMS[page][0],
        page=page,
        pages=FORMS,
        form=form,
        upload=upload or LogoForm(formdata=None),
        **left_out,
    )
    return shown, 422 if form.errors or (upload and upload.errors) else 200


def _trial(secret: str) -> None:
    """Answer 404 unless a trial mail with this secret was sent."""
    sent = select(exists().where(Letter.cause == TRIAL + secret, Letter.sent_at.is_not(None)))
    if not db.session.scalar(sent):
        abort(404)


def _checks() -> list[checks.Check]:
    server = checks.Server(
        smtp_url=current_app.config["SMTP_URL"],
        takes_payment=bool(current_app.config["STRIPE_SECRET_KEY"]),
        hears_events=payments().hears_events,
        chosen=queries.chosen(),
        unpublished=pages.unpublished(),
        backups=Path(current_app.config["BACKUP_FOLDER"]),
    )
    return checks.checks(shop(), server)


def _has_orders() -> bool:
    return bool(db.session.scalar(select(exists().select_from(Order))))


def _keep(values: dict[str, str]) -> None:
    with db.writing():
        queries.keep(values, by=current_user.known_as, now=utcnow())
