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
    order = db.session.scalar(
        select(Order)
        .where(Order.reference == reference)
        .options(
            selectinload(Order.lines),
            selectinload(Order.pages),
            selectinload(Order.marks),
            joinedload(Order.dispatch),
        )
    ) or abort(404)
    page = current_app.make_response(
        render(
            "storefront/orders/show.html",
            order=order,
            payment=order.pages[-1] if order.pages else None,
            now=utcnow(),
            marks={mark.kind for mark in order.marks if mark.ended_at is None},
        )
    )
    page.headers["X-Robots-Tag"] = "noindex"
    return page
