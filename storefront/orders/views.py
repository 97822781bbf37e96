"""What a shopper sees of an order, at the address that only they know, and how to find it."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.orders import lookup, receipts
from storefront.orders.forms import LookupForm
from storefront.orders.models import Order
from storefront.orders.packing import to_pack

Part = Callable[[Order], str]
parts: list[Part] = []  # what rooms above show on an order's page
TOO_OFTEN = "Orders were looked for very often from your network. Please wait an hour."

blueprint = Blueprint("orders", __name__)


@blueprint.get("/orders/<reference>")
def show(reference: str) -> Response:
    return page(reference)


@blueprint.get("/orders/<reference>/receipt")
def receipt(reference: str) -> str:
    """Show the receipt alone; 404 for an order that is not paid."""
    order = _order(reference)
    if order.paid_at is None:
        abort(404)
    return render("storefront/orders/receipt.html", order=order, **_receipt(order))


@blueprint.get("/orders/lookup")
def ask() -> str:
    form = LookupForm(formdata=None)
    return render("storefront/orders/lookup.html", form=form, sent="sent" in request.args)


@blueprint.post("/orders/lookup")
@limiter.limit("20 per hour", error_message=TOO_OFTEN)
def find() -> ResponseReturnValue:
    """Send the address of an order's page to its shopper; the answer never says whether."""
    form = LookupForm()
    if not form.validate():
        return render("storefront/orders/lookup.html", form=form, sent=False), 422
    with db.writing():
        lookup.send(
            int(form.number.data) if form.number.data else None,
            form.email.data or "",
            shop_url=current_app.config["SHOP_URL"],
            now=utcnow(),
        )
    flash(form.email.data or "", "asked")
    return redirect(url_for("orders.ask", sent=1), 303)


def page(
    reference: str, *sentences: str, status: int = 200, parts: Sequence[Part] = parts
) -> Response:
    """Show an order, with sentences about what could not be done; 404 where there is none.

    `parts` stand in place of those that the rooms above always show.
    """
    order = _order(reference)
    response = current_app.make_response(
        render(
            "storefront/orders/show.html",
            order=order,
            payment=order.page if order.pages else None,
            now=utcnow(),
            marks={mark.kind for mark in order.marks if mark.ended_at is None},
            sentences=sentences,
            all_given_back=not to_pack(order),
            parts=[part(order) for part in parts],
            **_receipt(order),
            hold_minutes=current_app.config["HOLD_MINUTES"],
        )
    )
    response.status_code = status
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _order(reference: str) -> Order:
    return db.session.scalar(
        select(Order)
        .where(Order.reference == reference)
        .options(
            selectinload(Order.lines),
            selectinload(Order.pages),
            selectinload(Order.marks),
            selectinload(Order.refunds),
            joinedload(Order.dispatch),
        )
    ) or abort(404)


def _receipt(order: Order) -> dict[str, Any]:
    if order.paid_at is None:
        return {}
    return {"rows": receipts.rows(order), "tax_words": receipts.tax_words(order)}
