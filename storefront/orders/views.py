"""What a shopper sees of an order, at the address that only they know."""

from flask import Blueprint, Response, abort, current_app
from flask import render_template as render
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from storefront.clock import utcnow
from storefront.db import db
from storefront.orders.models import Order

blueprint = Blueprint("orders", __name__)


@blueprint.get("/orders/<reference>")
def show(reference: str) -> Response:
    return page(reference)


def page(reference: str, *sentences: str, status: int = 200) -> Response:
    """Show an order, with sentences about what could not be done; 404 where there is none."""
    order = db.session.scalar(
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
    response = current_app.make_response(
        render(
            "storefront/orders/show.html",
            order=order,
            payment=order.page if order.pages else None,
            now=utcnow(),
            marks={mark.kind for mark in order.marks if mark.ended_at is None},
            sentences=sentences,
            hold_minutes=current_app.config["HOLD_MINUTES"],
        )
    )
    response.status_code = status
    response.headers["X-Robots-Tag"] = "noindex"
    return response
