"""Another request comes into the middle of a return: each happens once, and counts stay true."""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from flask import Flask

from storefront.catalogue.models import Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.orders.models import Order
from storefront.returns import returning, terms
from storefront.returns.returning import Asked, Came, CannotReturn
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.factories import Make
from tests.integrity.meanwhile import Meanwhile
from tests.payments import Company
from tests.storefront.checkout.paid import refunds_of
from tests.storefront.returns.sent import counts, returns, sent, size, take_back, told

PAIR, NONE = Shoes(1, 1), Shoes(0, 0)
Act = Callable[[Order, Variant], None]


def ask(order: Order, new: Variant) -> None:
    line = order.lines[0].id
    returning.ask(
        order.id,
        [Asked(line, PAIR, "small", new_left_sku=new.sku, new_right_sku=new.sku)],
        terms=terms.current(),
        now=utcnow(),
    )


def withdraw(order: Order, _: Variant) -> None:
    returning.withdraw(order.id, 1, now=utcnow())


def receive(order: Order, _: Variant) -> None:
    line_id = returns()[0].lines[0].id
    returning.receive(
        order.id,
        1,
        {line_id: Came(PAIR, "new", restock=True)},
        note="",
        by="Ann",
        terms=terms.current(),
        now=utcnow(),
    )


def settle(outcome: str) -> Act:
    def act(order: Order, _: Variant) -> None:
        line_id = returns()[0].lines[0].id
        returning.settle(
            order.id,
            1,
            {line_id: outcome},
            delivery=False,
            kept_minor=0,
            expected_minor=8900 if outcome == "money" else 0,
            carrier="",
            tracking="",
            by="Ann",
            terms=terms.current(),
            now=utcnow(),
        )

    return act


def refuse(order: Order, _: Variant) -> None:
    returning.refuse(order.id, 1, why="x", by="Ann", terms=terms.current(), now=utcnow())


CASES: dict[str, tuple[list[Act], Act, Act]] = {
    "asked-twice": ([], ask, ask),
    "withdrawn-and-received": ([ask], withdraw, receive),
    "sent-twice": ([ask, receive], settle("exchange"), settle("exchange")),
    "paid-and-refused": ([ask, receive], settle("money"), refuse),
}


@pytest.mark.parametrize(
    ("case", "side", "step"),
    [
        *((case, "before", (returning, "_locked")) for case in CASES),
        ("asked-twice", "after", (ledger, "hold_exchange")),
    ],
    ids=lambda value: value if isinstance(value, str) else value[1],
)
def test_a_return_moves_once_when_two_move_it_at_once(
    app: Flask,
    make: Make,
    company: Company,
    monkeypatch: pytest.MonkeyPatch,
    case: str,
    side: str,
    step: tuple[Any, str],
) -> None:
    make.delivery()
    take_back()
    product = make.product(sizes=("9", "10"), pairs=3)
    old, new = size(product, "9"), size(product, "10")
    order = sent(make, company, (old, 1))
    assert order.lines and old.sku and new.sku  # read now, for two threads
    db.session.expunge_all()
    first, ours, other = CASES[case]
    for act in first:
        act(order, new)
    meanwhile = Meanwhile(app, monkeypatch)

    def quietly(act: Act) -> None:
        with suppress(CannotReturn):
            act(order, new)

    getattr(meanwhile, side)(*step, lambda: quietly(other))
    quietly(ours)
    meanwhile.over()

    assert meanwhile.errors == []
    [one] = returns()
    back = one.state not in {"requested", "withdrawn", "refused"}
    sent_new = one.lines[0].outcome == "exchange" and one.state == "settled"
    assert counts(old) == (Shoes(3, 3) if back else Shoes(2, 2), NONE)
    held = PAIR if one.state in {"requested", "received"} else NONE
    assert counts(new) == (Shoes(2, 2) if sent_new else Shoes(3, 3), held)
    assert told("return_asked") == 1
    assert len(refunds_of(order)) == (one.state == "settled" and not sent_new)
    assert ledger.differences() == []
