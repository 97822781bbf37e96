"""What a shopper sees of returns: the part of the order's page, asking, the slip, withdrawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, Response, abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from storefront.catalogue.models import Variant
from storefront.clock import day_of, utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.orders import views as orders
from storefront.orders.models import Order, OrderLine
from storefront.returns import queries, returning, terms, words
from storefront.returns.forms import BOTH, MONEY, AskForm
from storefront.returns.models import Return
from storefront.returns.returning import Asked, CannotReturn, LineLeft
from storefront.stock.ledger import Shoes

NUMBER = "<int(max=2000000000):return_number>"
TOO_OFTEN = "Returns were asked for very often from your network. Please wait an hour."

blueprint = Blueprint("returns", __name__)


@dataclass(frozen=True)
class Offered:
    """A line of which something can be sent back, and the form that asks for it."""

    left: LineLeft
    form: AskForm
    apart: bool


def of_order(order: Order, asked: Mapping[int, AskForm] | None = None) -> str:
    """Return the part of an order's page about sending back; `asked` are forms to show again."""
    if order.paid_at is None:
        return ""
    there = queries.of_order(order.id)
    set_now = terms.current()
    last = returning.last_day(order, set_now)
    in_time = bool(last and set_now.days and day_of(utcnow(), set_now.zone) <= last)
    offered = _offered(order, there, asked) if in_time else []
    return Markup(  # noqa: S704 - our template
        render(
            "storefront/returns/_of_order.html",
            order=order,
            returns=there,
            offered=offered,
            last=last if set_now.days else None,
            in_time=in_time,
            terms=set_now,
            send_by=returning.send_by,
            words=words,
            wrong=asked is not None,
        )
    )


@blueprint.post("/orders/<order_reference>/returns")
@limiter.limit("30 per hour", error_message=TOO_OFTEN)
def ask(order_reference: str) -> ResponseReturnValue:
    """Ask to send something back; the order's page says what comes next."""
    order = _order(order_reference)
    forms = {line.id: AskForm(prefix=_prefix(line.position)) for line in order.lines}
    wrong = [form for form in forms.values() if not form.validate()]
    if wrong:
        return _again(order, forms, *_links(wrong), status=422)
    try:
        _refuse_strange(order)
        asked = [
            _asked(line, forms[line.id]) for line in order.lines if forms[line.id].quantity.data
        ]
        number = returning.ask(order.id, asked, terms=terms.current(), now=utcnow())
    except CannotReturn as problem:
        status = 409 if problem.moved else 422
        return _again(_order(order_reference), forms, str(problem), status=status)
    flash(f"Return {number} is noted. Below is how to send your shoes.")
    return redirect(url_for("orders.show", reference=order_reference), 303)


@blueprint.get(f"/orders/<order_reference>/returns/{NUMBER}")
def slip(order_reference: str, return_number: int) -> Response:
    """Show the slip that goes into the box, in large print."""
    one = _return(_order(order_reference), return_number)
    set_now = terms.current()
    page = render(
        "storefront/returns/slip.html",
        one=one,
        terms=set_now,
        send_by=returning.send_by(one, set_now),
        words=words,
    )
    response = current_app.make_response(page)
    response.headers["X-Robots-Tag"] = "noindex"
    return response


@blueprint.post(f"/orders/<order_reference>/returns/{NUMBER}/withdrawal")
def withdraw(order_reference: str, return_number: int) -> ResponseReturnValue:
    """End a return before it is received."""
    order = _order(order_reference)
    _return(order, return_number)
    try:
        returning.withdraw(order.id, return_number, now=utcnow())
    except CannotReturn as problem:
        return orders.page(order_reference, str(problem), status=409)
    flash(f"Return {return_number} is withdrawn.")
    return redirect(url_for("orders.show", reference=order_reference), 303)


def _order(reference: str) -> Order:
    return db.session.scalar(select(Order).where(Order.reference == reference)) or abort(404)


def _return(order: Order, number: int) -> Return:
    one = queries.numbered(number)
    return one if one is not None and one.order_id == order.id else abort(404)


def _again(
    order: Order, forms: Mapping[int, AskForm], *sentences: str, status: int
) -> ResponseReturnValue:
    return orders.page(
        order.reference,
        *sentences,
        status=status,
        parts=[lambda order: of_order(order, forms)],
    )


def _links(wrong: Sequence[AskForm]) -> list[str]:
    """Return what is wrong, each sentence with the way to its field."""
    link = Markup('<a href="#{}">{}</a>')
    return [
        link.format(field.id, error) for form in wrong for field in form for error in field.errors
    ]


def _prefix(position: int) -> str:
    return f"line-{position}-"


def _refuse_strange(order: Order) -> None:
    """Raise CannotReturn where something is asked of a line that the order does not have."""
    ours = tuple(_prefix(line.position) for line in order.lines)
    if any(name.startswith("line-") and not name.startswith(ours) for name in request.form):
        raise CannotReturn("That line is not of this order.")


def _asked(line: OrderLine, form: AskForm) -> Asked:
    many, side = form.quantity.data, form.side.data
    has_left = line.left_variant_id is not None and side != "right"
    has_right = line.right_variant_id is not None and side != "left"
    wish = "" if form.wish.data == MONEY else form.wish.data
    return Asked(
        line.id,
        Shoes(many * has_left, many * has_right),
        form.reason.data,
        new_left_sku=wish if has_left else "",
        new_right_sku=((wish and has_left and form.right_wish.data) or wish) if has_right else "",
    )


def _offered(
    order: Order, there: Sequence[Return], asked: Mapping[int, AskForm] | None
) -> list[Offered]:
    left = [each for each in returning.left_of(order, there) if each.can_be_asked]
    sizes = queries.sizes_for(order)
    offered = []
    for each in left:
        line = each.line
        form = (asked or {}).get(line.id) or AskForm(
            formdata=None,
            prefix=_prefix(line.position),
            quantity=each.most if len(left) == 1 else 0,
            side=_side(each.shoes),
        )
        old = db.session.get_one(Variant, line.left_variant_id or line.right_variant_id)
        form.offer([new for new in sizes.get(old.product_id, ()) if _fits(new, old, each)])
        offered.append(Offered(each, form, returning.sides_apart(line)))
    return offered


def _side(there: Shoes) -> str:
    """Return which side to offer first of a pair: what is left of it."""
    if there.left and there.right:
        return BOTH
    return "left" if there.left else "right"


def _fits(new: Variant, old: Variant, left: LineLeft) -> bool:
    """Return whether a size may be offered: another, of the same price, with a free shoe."""
    free = [
        new.free(side)
        for side, there in (("left", left.shoes.left), ("right", left.shoes.right))
        if there
    ]
    same = {left.line.left_variant_id, left.line.right_variant_id} - {None} == {new.id}
    return not same and returning.costs_the_same(new, old) and (not new.counted or max(free) > 0)
