"""What staff do with orders: find them, read them, and send them."""

from collections.abc import Iterator
from datetime import timedelta

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import Conflict

from storefront.clock import day_of, day_words, moment_words, utcnow
from storefront.db import db
from storefront.orders import dispatching, lookup, queries
from storefront.orders.forms import DispatchForm
from storefront.orders.models import STATES, Order
from storefront.orders.packing import to_pack
from storefront.settings.shop import shop
from storefront.staff.desk import Waiting, desk_blueprint, page_number

ROLES = ("stock",)
SHOWN = {
    "": "All",
    "to-send": "To send",
    **{state: lookup.STATES[state].capitalize() for state in STATES},
    "asking": "Open question",
}
NUMBER = "<int(max=2000000000):number>"

blueprint = desk_blueprint("orders_desk", __name__, roles=ROLES)


def waiting() -> Iterator[Waiting]:
    """Say how many orders wait to be sent, and how many need a look."""
    yield Waiting("paid, to send", "/staff/orders?state=to-send", queries.to_send())
    yield Waiting("with an open question", "/staff/orders?state=asking", queries.asking())


@blueprint.get("/orders")
def listing() -> str:
    """List the orders."""
    state = request.args.get("state", "")
    if state not in SHOWN:
        abort(404)
    return render(
        "storefront/orders/desk_listing.html",
        page=queries.orders(state=state, page=page_number()),
        state=state,
        states=SHOWN,
        to_send=queries.to_send(),
    )


@blueprint.get(f"/orders/{NUMBER}")
def show(number: int) -> str:
    order = _order(number)
    return _page(order, DispatchForm(formdata=None, obj=order.dispatch))


@blueprint.post(f"/orders/{NUMBER}/dispatch")
def dispatch(number: int) -> ResponseReturnValue:
    """Note that a paid order was sent, and tell the shopper."""
    order = _order(number)
    form = DispatchForm()
    if not form.validate():
        return _page(order, form), 422
    order_id, by = order.id, current_user.known_as
    ours, now = shop(), utcnow()
    order_address = f"{ours.url}/orders/{order.reference}"
    last = day_of(now, ours.zone) + timedelta(days=ours.return_days)
    try:
        with db.writing():
            dispatching.dispatch(
                order_id,
                by=by,
                carrier=(form.carrier.data or "").strip(),
                tracking=(form.tracking.data or "").strip(),
                order_address=order_address,
                return_until=day_words(last) if ours.return_days else "",
                now=now,
            )
    except dispatching.AlreadyDispatched as already:
        when = moment_words(already.sent.at, shop().zone)
        raise Conflict(
            f"Order {number} was sent already, by {already.sent.by} on {when}."
        ) from None
    except dispatching.StillOwed:
        raise Conflict(
            f"The shoes of order {number} were sold to others before its money came, so there is"
            " nothing to send. Give the money back, or find another pair."
        ) from None
    except dispatching.NothingToSend:
        raise Conflict(
            f"All of order {number} was given back, so there is nothing to send."
        ) from None
    except dispatching.NotPaid as unpaid:
        raise Conflict(f"Order {number} is {unpaid.state}, not paid, so it was not sent.") from None
    told = f" {order.email} is told by email." if order.email else ""
    flash(f"Order {number} is marked as sent.{told}", "info")
    return redirect(url_for("orders_desk.show", number=number), 303)


@blueprint.post(f"/orders/{NUMBER}/tracking")
def follow(number: int) -> ResponseReturnValue:
    """Note with whom a sent order goes and how to follow it, and tell the shopper."""
    order = _order(number)
    form = DispatchForm()
    if not form.validate():
        return _page(order, form), 422
    order_id, order_address = order.id, f"{shop().url}/orders/{order.reference}"
    try:
        with db.writing():
            dispatching.follow(
                order_id,
                carrier=(form.carrier.data or "").strip(),
                tracking=(form.tracking.data or "").strip(),
                order_address=order_address,
                now=utcnow(),
            )
    except dispatching.NotSent:
        raise Conflict(f"Order {number} is not sent yet, so it cannot be followed.") from None
    flash("Saved. The page of the order says it, and a new number is mailed.", "info")
    return redirect(url_for("orders_desk.show", number=number), 303)


def _order(number: int) -> Order:
    return queries.order(number) or abort(404)


def _page(order: Order, form: DispatchForm) -> str:
    return render(
        "storefront/orders/desk_show.html",
        order=order,
        form=form,
        state=lookup.STATES[order.state],
        skus=queries.skus(order),
        packed={each.line.id: each for each in to_pack(order)},
    )
