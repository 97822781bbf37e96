"""What staff do with returns: note what came, give for it, or refuse it."""

from collections.abc import Iterator, Mapping, Sequence

from flask import abort, flash, redirect, request, url_for
from flask import render_template as render
from flask.typing import ResponseReturnValue
from flask_security import current_user
from wtforms import Form

from storefront.checkout import refunds
from storefront.checkout.desk import carry_out
from storefront.checkout.refunds import CannotRefund, LineLeft
from storefront.clock import utcnow
from storefront.returns import queries, returning, terms, words
from storefront.returns.forms import (
    CameForm,
    GivenForm,
    ReceiptForm,
    RefusalForm,
    SettlementForm,
)
from storefront.returns.models import CONDITIONS, REASONS, STATES, Return, ReturnLine
from storefront.returns.returning import Came, CannotReturn
from storefront.returns.views import NUMBER
from storefront.staff.desk import Waiting, desk_blueprint, page_number
from storefront.stock.ledger import Shoes

ROLES = ("stock",)
SHOWN = {"": "All", **{state: state.capitalize() for state in STATES}}
LONGEST = 20  # characters that are looked for

blueprint = desk_blueprint("returns_desk", __name__, roles=ROLES)


def waiting() -> Iterator[Waiting]:
    """Say how many returns are on their way here, and how many are here."""
    count = queries.waiting()
    for state, said in (("received", "returns to settle"), ("requested", "returns to receive")):
        yield Waiting(said, f"/staff/returns?state={state}", count.get(state, 0))


@blueprint.get("/returns")
def listing() -> str:
    """List the returns, newest first."""
    state, q = request.args.get("state", ""), request.args.get("q", "")[:LONGEST].strip()
    if state not in SHOWN:
        abort(404)
    return render(
        "storefront/returns/desk_listing.html",
        page=queries.returns(state=state, q=q, page=page_number()),
        state=state,
        states=SHOWN,
        q=q,
        words=words,
    )


@blueprint.get(f"/returns/{NUMBER}")
def show(return_number: int) -> str:
    return _page(_return(return_number))


@blueprint.post(f"/returns/{NUMBER}/receipt")
def receive(return_number: int) -> ResponseReturnValue:
    """Note what arrived, and tell the shopper."""
    one = _return(return_number)
    form = ReceiptForm()
    came = {line.id: CameForm(request.form, prefix=_prefix(line)) for line in one.lines}
    if not _all_good(form, *came.values()):
        return _page(one, receipt=form, came=came), 422
    try:
        returning.receive(
            one.order_id,
            return_number,
            {line.id: _came(line, came[line.id]) for line in one.lines},
            note=form.note.data,
            by=current_user.known_as,
            terms=terms.current(),
            now=utcnow(),
        )
    except CannotReturn as problem:
        return _page(_return(return_number), str(problem), receipt=form, came=came), 409
    flash(f"Return {return_number} is received.", "info")
    return _to(return_number)


@blueprint.post(f"/returns/{NUMBER}/settlement")
def settle(return_number: int) -> ResponseReturnValue:
    """Show what goes back; then give it, or send the other size, and tell the shopper."""
    one = _return(return_number)
    form = SettlementForm()
    given = {line.id: GivenForm(request.form, prefix=_prefix(line)) for line in _here(one)}
    if not _all_good(form, *given.values()):
        return _page(one, settlement=form, given=given), 422
    set_now = terms.current()
    outcomes = {id_: line.outcome.data for id_, line in given.items()}
    kept_minor = set_now.cost_minor if form.keep_cost.data else 0
    try:
        if request.form.get("action") != "give":
            sums = returning.worth(
                one, outcomes, delivery=form.delivery.data, kept_minor=kept_minor
            )
            form.expected.data = str(sums[0])
            return _page(one, settlement=form, given=given, sums=sums)
        refund_id = returning.settle(
            one.order_id,
            return_number,
            outcomes,
            delivery=form.delivery.data,
            kept_minor=kept_minor,
            expected_minor=int(form.expected.data or "-1"),
            carrier=form.carrier.data,
            tracking=form.tracking.data,
            by=current_user.known_as,
            terms=set_now,
            now=utcnow(),
        )
    except (CannotReturn, CannotRefund) as problem:
        return _page(_return(return_number), str(problem), settlement=form, given=given), 409
    except ValueError:
        abort(400)
    flash(f"Return {return_number} is settled.", "info")
    if refund_id is not None:
        carry_out(refund_id)
    return _to(return_number)


@blueprint.post(f"/returns/{NUMBER}/refusal")
def refuse(return_number: int) -> ResponseReturnValue:
    """Give nothing, and tell the shopper why."""
    one = _return(return_number)
    form = RefusalForm()
    if not form.validate():
        return _page(one, refusal=form), 422
    try:
        returning.refuse(
            one.order_id,
            return_number,
            why=form.why.data,
            by=current_user.known_as,
            terms=terms.current(),
            now=utcnow(),
        )
    except CannotReturn as problem:
        return _page(_return(return_number), str(problem), refusal=form), 409
    flash(f"Return {return_number} is refused.", "info")
    return _to(return_number)


def _return(number: int) -> Return:
    return queries.numbered(number) or abort(404)


def _to(number: int) -> ResponseReturnValue:
    return redirect(url_for("returns_desk.show", return_number=number), 303)


def _prefix(line: ReturnLine) -> str:
    return f"line-{line.order_line.position}-"


def _here(one: Return) -> Sequence[ReturnLine]:
    """Return the lines of which something arrived."""
    return [line for line in one.lines if line.came_left + line.came_right]


def _all_good(*forms: Form) -> bool:
    """Check every form, so that each says what is wrong with it."""
    return not [form for form in forms if not form.validate()]


def _came(line: ReturnLine, form: CameForm) -> Came:
    whole = form.whole.data or 0
    return Came(
        Shoes(
            (whole if line.left else 0) + (form.left.data or 0),
            (whole if line.right else 0) + (form.right.data or 0),
        ),
        form.condition.data,
        form.restock.data,
    )


def _page(
    one: Return,
    problem: str = "",
    *,
    receipt: ReceiptForm | None = None,
    came: Mapping[int, CameForm] | None = None,
    settlement: SettlementForm | None = None,
    given: Mapping[int, GivenForm] | None = None,
    sums: tuple[int, int] | None = None,
    refusal: RefusalForm | None = None,
) -> str:
    to_pay = refunds.left_of(one.order)
    left = {each.line.id: each for each in to_pay.lines}
    set_now = terms.current()
    given = given or {line.id: _empty_given(line) for line in _here(one)}
    for line in _here(one):
        given[line.id].offer(line.wish)
    return render(
        "storefront/returns/desk_show.html",
        one=one,
        problem=problem,
        receipt=receipt or ReceiptForm(formdata=None),
        came=came or {line.id: _empty_came(line, left) for line in one.lines},
        settlement=settlement or SettlementForm(formdata=None, keep_cost=not one.we_pay),
        given=given,
        sums=sums,
        delivery_minor=to_pay.delivery_minor,
        refusal=refusal or RefusalForm(formdata=None),
        left=left,
        terms=set_now,
        reasons=REASONS,
        conditions=CONDITIONS,
        words=words,
        Shoes=Shoes,
    )


def _empty_came(line: ReturnLine, left: Mapping[int, LineLeft]) -> CameForm:
    """Return the form as it is where all that was asked for arrived as new."""
    out = left[line.order_line_id].restockable
    return CameForm(
        prefix=_prefix(line),
        whole=max(line.left, line.right),
        restock=out.left >= line.left and out.right >= line.right,
    )


def _empty_given(line: ReturnLine) -> GivenForm:
    return GivenForm(prefix=_prefix(line), outcome=line.wish)
