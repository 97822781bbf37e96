"""What people see: the payment page of a Session, and what the company has been doing."""

import re
from datetime import UTC, datetime

from flask import Blueprint, Response, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as Answer

from . import amounts, payment_form
from .charging import pay
from .company import Company
from .overdue import catch_up
from .payment_form import Form
from .sessions import KIND, choose_delivery
from .state import Body

SHOWN = 20


def pages(company: Company) -> Blueprint:
    """Return the pages of a company."""
    blueprint = Blueprint("pages", __name__)
    blueprint.add_app_template_filter(amounts.text, "amount")
    blueprint.add_app_template_filter(_moment, "moment")

    @blueprint.after_app_request
    def protect(response: Response) -> Response:
        response.headers.setdefault("Content-Security-Policy", _policy([]))
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/")
    def front() -> str:
        with company.state.transaction():
            catch_up(company.state, company.events, now=int(company.clock.now()))
            sessions = company.state.newest(KIND, limit=SHOWN)
            deliveries = company.events.deliveries(SHOWN)
        return render_template("front.html", sessions=sessions, deliveries=deliveries)

    @blueprint.get("/pay/<id>")
    def show(id: str) -> Response:
        with company.state.transaction():
            session = _session(company, id)
            if session is None or session["status"] != "open":
                return _ended(session)
            return _page(company, payment_form.blank(session), 200)

    @blueprint.post("/pay/<id>")
    def submit(id: str) -> Answer:
        with company.state.transaction():
            session = _session(company, id)
            if session is None or session["status"] == "expired":
                return _ended(session)
            if session["status"] == "open":
                if "cancel" in request.form and session["cancel_url"]:
                    return redirect(session["cancel_url"], 303)
                form = payment_form.filled(session, request.form)
                choose_delivery(session, form.delivery, located=True)
                if not form.check():
                    return _page(company, form, 422)
                decline = _pay(company, form)
                if decline is not None:
                    form.errors["card"] = f"{decline} Nothing was paid. You can try again."
                    return _page(company, form, 402)
            # Also for the second click of two: the first has paid, this one goes where it went.
            return redirect(_success(session), 303)

    return blueprint


def _session(company: Company, id: str) -> Body | None:
    catch_up(company.state, company.events, now=int(company.clock.now()))
    return company.state.find(id, KIND)


def _pay(company: Company, form: Form) -> str | None:
    now = int(company.clock.now())
    return pay(company.state, company.events, form.session, form.buyer(), form.card, now=now)


def _page(company: Company, form: Form, status: int) -> Response:
    session = form.session
    rates = [company.state.find(o["shipping_rate"]) for o in session["shipping_options"]]
    response = make_response(render_template("pay.html", form=form, rates=rates), status)
    going = [session["success_url"], session["cancel_url"] or session["success_url"]]
    response.headers["Content-Security-Policy"] = _policy(going)
    return response


def _ended(session: Body | None) -> Response:
    if session is None:
        return make_response(render_template("ended.html", session=None), 404)
    paid = session["status"] == "complete"
    back = _success(session) if paid else session["cancel_url"] or _origin(session["success_url"])
    return make_response(
        render_template("ended.html", session=session, back=back), 200 if paid else 410
    )


def _success(session: Body) -> str:
    address: str = session["success_url"]
    return address.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _policy(going: list[str]) -> str:
    """Return the content policy of a page whose form may go on to these addresses."""
    targets = " ".join(["'self'", *sorted({_origin(address) for address in going})])
    return (
        f"default-src 'none'; style-src 'self'; form-action {targets};"
        " base-uri 'none'; frame-ancestors 'none'"
    )


def _origin(address: str) -> str:
    return "/".join(re.split("[/?#]", address, maxsplit=3)[:3])


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M UTC on %-d %B %Y")
