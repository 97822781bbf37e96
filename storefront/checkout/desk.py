"""What staff do with money: give it back, cancel an order, and see what payments are about."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from flask import abort, current_app, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from werkzeug.exceptions import Conflict, Forbidden

from storefront.checkout import comparison, ending, purchase, queries, refunds, webhook
from storefront.checkout.forms import EndForm, RefundForm
from storefront.checkout.payments import Event, Refused, Unclear
from storefront.checkout.refunds import Left, Wish
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import new_secret
from storefront.money import money_words
from storefront.orders import queries as orders
from storefront.orders.desk import NUMBER
from storefront.orders.models import Order, Refund
from storefront.staff.desk import Waiting, desk_blueprint, page_number
from storefront.stock.ledger import Shoes
from storefront.stock.words import moved_words

ROLES = ("stock",)
SUMS_OF = timedelta(days=30)
HEARS_NOTHING = (
    "No payment events are heard, because STRIPE_WEBHOOK_SECRET is not set. Orders are settled"
    " when shoppers come back from the payment page, and by the jobs process every minute."
)
NOT_CLEAR = (
    "The payment company does not answer just now, so it is not known yet whether the money was"
    " given back. It is asked again every minute; please do not give it back a second time."
)

blueprint = desk_blueprint("payments_desk", __name__, roles=ROLES)


def note() -> str:
    """Say that no events are heard, '' where they are."""
    return "" if payments().hears_events else HEARS_NOTHING


def waiting() -> Iterator[Waiting]:
    """Say how many events failed, and how many waiting orders need a person."""
    yield Waiting(
        "payment events that failed", "/staff/payments/events?failed=1", queries.failed_events()
    )
    yield Waiting(
        "waiting orders of another key", "/staff/payments", queries.strangers(payments().account)
    )


@blueprint.get("/payments")
def overview() -> str:
    """Show what is held for whom, and the sums of the last thirty days."""
    account = payments().account
    page = queries.waiting_orders(page=page_number())
    return render(
        "storefront/checkout/desk_payments.html",
        page=page,
        stuck={order.id for order in page.rows if ending.is_stuck(order, account)},
        sums=queries.sums(utcnow() - SUMS_OF),
        days=SUMS_OF.days,
        failed=queries.failed_events(),
        note=note(),
        now=utcnow(),
    )


@blueprint.post("/payments/comparison")
def compare() -> ResponseReturnValue:
    """Compare the last thirty days with the payment company's books."""
    now = utcnow()
    try:
        found = comparison.compare(since=now - SUMS_OF, payments=payments(), terms=terms(), now=now)
    except (Refused, Unclear):
        flash("The payment company does not answer just now. Please try again later.", "error")
        return redirect(url_for("payments_desk.overview"), 303)
    currency = terms().currency
    said = (
        f"{found.orders} paid orders: we say {money_words(found.ours_minor, currency)}, the"
        f" payment company says {money_words(found.theirs_minor, currency)}."
    )
    if found.differences:
        flash(f"{said} {found.differences} need a look: see the orders and events.", "error")
    else:
        flash(f"{said} They agree.", "info")
    return redirect(url_for("payments_desk.overview"), 303)


@blueprint.get("/payments/events")
def events() -> str:
    """List what the payment company told us, newest first."""
    failed = bool(request.args.get("failed"))
    return render(
        "storefront/checkout/desk_events.html",
        page=queries.events(failed=failed, page=page_number()),
        failed=failed,
        number_of=queries.number_of,
    )


@blueprint.post("/payments/events/<event_id>/replay")
def replay(event_id: str) -> ResponseReturnValue:
    """Let an event have its effect again; what it did already stays as it is."""
    kept = queries.event(event_id) or abort(404)
    known = Event(kept.id, kept.type, kept.session_id, kept.payment_intent)
    try:
        event = payments().find_event(event_id) or known
        webhook.hear(event, now=utcnow())
    except (Refused, Unclear) as error:
        flash(f"The payment company does not say: {error}", "error")
    else:
        flash("The event was heard again; what it says is true here now.", "info")
    return redirect(url_for("payments_desk.events"), 303)


@blueprint.post("/payments/pages/<int(max=2000000000):page_id>/closing")
def close_page(page_id: int) -> ResponseReturnValue:
    """Close a payment page now, which gives its shoes free unless it was paid."""
    page = queries.page_to_close(page_id)
    if page is None:
        raise Conflict("This payment page has ended already, so nothing was changed.")
    number = page.order.number
    try:
        order = purchase.close(page_id, payments=payments(), terms=terms(), now=utcnow())
    except (Refused, Unclear):
        flash(
            "The payment company does not answer just now, so the page may still be open and the"
            " shoes stay held. Please try again in a minute.",
            "error",
        )
    else:
        state = order.state if order is not None else "not known"
        flash(f"The payment page of order {number} is closed; the order is {state}.", "info")
    return redirect(url_for("payments_desk.overview"), 303)


@blueprint.route(f"/payments/orders/{NUMBER}/end", methods=["GET", "POST"])
def end(number: int) -> ResponseReturnValue:
    """End a waiting order that the shop cannot settle by itself; owners alone do this."""
    if not current_user.has_role("owner"):
        raise Forbidden("Only an owner may end such an order.")
    order = _order(number)
    form = EndForm()
    if not (request.method == "POST" and form.validate()):
        page = render("storefront/checkout/desk_end.html", order=order, form=form)
        return page, 422 if form.errors else 200
    try:
        ending.end(
            order.id,
            reason=(form.reason.data or "").strip(),
            account=payments().account,
            by=current_user.known_as,
            now=utcnow(),
        )
    except ending.CannotEnd as problem:
        raise Conflict(str(problem)) from None
    flash(f"Order {number} is ended, and its shoes are free.", "info")
    return redirect(url_for("payments_desk.overview"), 303)


@blueprint.route(f"/orders/{NUMBER}/refunds", methods=["GET", "POST"])
def refund(number: int) -> ResponseReturnValue:
    """Choose what is given back, look at the sum, and give it back."""
    order = _order(number)
    left = refunds.left_of(order)
    if request.method == "GET":
        return _page(order, left, _empty_form(left))
    form = RefundForm()
    if not form.validate():
        return _page(order, left, form), 422
    try:
        wishes = list(_wishes(form, left))
        amount = left.amount_minor(wishes, delivery=form.delivery.data)
        if request.form.get("action") != "give":
            refunds.check(left, wishes, amount_minor=amount, currency=order.currency)
            form.expected.data = str(amount)
            chosen = _chosen(left, wishes, delivery=form.delivery.data)
            return _page(order, left, form, amount_minor=amount, chosen=chosen)
        refund_id = refunds.begin(
            order.id,
            wishes,
            delivery=form.delivery.data,
            expected_minor=int(form.expected.data or "-1"),
            reason=form.reason.data,
            note=(form.note.data or "").strip(),
            key=form.key.data or new_secret(),
            by=current_user.known_as,
            now=utcnow(),
        )
    except refunds.CannotRefund as problem:
        order = _order(number)
        return _page(order, refunds.left_of(order), form, problem=str(problem)), 409
    except ValueError:
        abort(400)
    carry_out(refund_id)
    return redirect(url_for("orders_desk.show", number=number), 303)


@blueprint.post(f"/orders/{NUMBER}/cancellation")
def cancel(number: int) -> ResponseReturnValue:
    """Cancel a paid order that was not sent, and give all its money back."""
    order_id = _order(number).id
    try:
        refund_id = refunds.cancel(
            order_id,
            key=new_secret(),
            by=current_user.known_as,
            now=utcnow(),
            shop_url=current_app.config["SHOP_URL"],
        )
    except refunds.CannotCancel as problem:
        raise Conflict(str(problem)) from None
    flash(f"Order {number} is cancelled and its shoes are back in stock.", "info")
    if refund_id is not None:
        carry_out(refund_id)
    return redirect(url_for("orders_desk.show", number=number), 303)


def carry_out(refund_id: int) -> None:
    """Ask the company for the money, and say what it answered."""
    try:
        refund = refunds.carry_out(
            refund_id, payments=payments(), now=utcnow(), shop_url=terms().shop_url
        )
    except Refused as error:
        flash(f"The payment company refused to give the money back: {error}", "error")
    except Unclear:
        flash(NOT_CLEAR, "error")
    else:
        flash(_words(refund), "error" if refund.status == "failed" else "info")


def _words(refund: Refund) -> str:
    amount = money_words(refund.amount_minor, refund.order.currency)
    return {
        "succeeded": f"{amount} was given back.",
        "pending": f"{amount} is on its way back.",
    }.get(refund.status, f"{amount} could not be given back: {refund.why or refund.status}.")


def _order(number: int) -> Order:
    return orders.order(number) or abort(404)


def _empty_form(left: Left) -> RefundForm:
    form = RefundForm(formdata=None, key=new_secret())
    for each in left.lines:
        form.lines.append_entry({"line_id": str(each.line.id), "restock": True})
    return form


def _wishes(form: RefundForm, left: Left) -> Iterator[Wish]:
    """Read the form's lines. Raises CannotRefund for a line that is not of this order."""
    lines = {str(each.line.id): each.line for each in left.lines}
    for entry in form.lines.entries:
        line = lines.get(entry.form.line_id.data)
        if line is None:
            raise refunds.CannotRefund("That line is not of this order.")
        pairs = entry.form.pairs.data or 0
        yield Wish(
            line.id,
            Shoes(
                (pairs if line.left_variant_id is not None else 0) + (entry.form.left.data or 0),
                (pairs if line.right_variant_id is not None else 0) + (entry.form.right.data or 0),
            ),
            restock=entry.form.restock.data,
        )


def _chosen(left: Left, wishes: Sequence[Wish], *, delivery: bool) -> list[str]:
    """Return what is about to be given back, in words."""
    names = {each.line.id: each.line.name for each in left.lines}
    words = [
        f"{moved_words(wish.shoes)} of {names[wish.line_id]},"
        f" {'back into stock' if wish.restock else 'not into stock'}"
        for wish in wishes
        if wish.shoes != Shoes(0, 0)
    ]
    return [*words, "the delivery"] if delivery else words


def _page(
    order: Order,
    left: Left,
    form: RefundForm,
    *,
    amount_minor: int | None = None,
    chosen: Sequence[str] = (),
    problem: str = "",
) -> str:
    return render(
        "storefront/checkout/desk_refund.html",
        order=order,
        left=left,
        form=form,
        amount_minor=amount_minor,
        chosen=chosen,
        problem=problem,
    )
