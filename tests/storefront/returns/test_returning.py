"""What the rules of returns keep, where the pages cannot show it."""

from datetime import timedelta

import pytest
from flask import Flask

from storefront.clock import utcnow
from storefront.orders.models import Order
from storefront.returns import returning, terms
from storefront.returns.models import Return
from storefront.returns.returning import Asked, Came, CannotReturn
from storefront.returns.terms import Terms
from storefront.stock.ledger import Shoes
from tests.factories import Make
from tests.payments import Company
from tests.storefront.checkout.paid import again
from tests.storefront.returns.sent import returns, sent, take_back

PAIR, NOTHING = Shoes(1, 1), Shoes(0, 0)


@pytest.fixture
def ours(app: Flask, make: Make) -> Terms:
    make.delivery()
    take_back()
    return terms.current()


def ask(order: Order, ours: Terms, shoes: Shoes = PAIR, line: int = 0, new: str = "") -> int:
    asked = Asked(order.lines[line].id, shoes, "small", new, new)
    return returning.ask(order.id, [asked], terms=ours, now=utcnow())


def receive(one: Return, ours: Terms, came: Shoes = PAIR, **more: str) -> None:
    lines = {line.id: Came(came, more.get("condition", "new"), restock=False) for line in one.lines}
    returning.receive(
        one.order_id, one.number, lines, note=more.get("note", ""), by="Ben", terms=ours,
        now=utcnow(),
    )  # fmt: skip


def settle(one: Return, ours: Terms, outcome: str = "nothing") -> None:
    outcomes = {line.id: outcome for line in one.lines}
    expected, _ = returning.worth(one, outcomes, delivery=False, kept_minor=0)
    returning.settle(
        one.order_id, one.number, outcomes, delivery=False, kept_minor=0, expected_minor=expected,
        carrier="", tracking="", by="Ben", terms=ours, now=utcnow(),
    )  # fmt: skip


def test_an_act_moves_the_one_return_that_it_names(
    ours: Terms, make: Make, company: Company
) -> None:
    first, second = (sent(make, company, (make.variant(), 1)) for _ in range(2))
    one, two = ask(first, ours), ask(second, ours)

    returning.withdraw(first.id, one, now=utcnow())

    assert [each.state for each in returns()] == ["withdrawn", "requested"]
    receive(returns()[1], ours, note="wet box", condition="worn")
    withdrawn, received = returns()
    assert received.number == two and withdrawn.ended_by == "the shopper"
    assert abs(withdrawn.ended_at - utcnow()) < timedelta(minutes=1)  # type: ignore[operator]
    assert (received.note, received.received_by) == ("wet box", "Ben")
    assert received.lines[0].condition == "worn"


def test_what_is_settled_cannot_come_again_and_what_was_withdrawn_can(
    ours: Terms, make: Make, company: Company
) -> None:
    order = sent(make, company, (make.variant(), 3))
    ask(order, ours)
    returning.withdraw(order.id, 1, now=utcnow())
    assert returning.left_of(again(order), returns())[0].shoes == Shoes(3, 3)
    ask(order, ours)
    receive(returns()[1], ours)
    settle(returns()[1], ours, "money")

    left = returning.left_of(again(order), returns())

    assert (left[0].shoes, left[0].most, left[0].open_in) == (Shoes(2, 2), 2, None)
    with pytest.raises(CannotReturn, match="Only 2 pairs"):
        ask(order, ours, Shoes(3, 3))


def test_a_single_shoe_leaves_no_other_side_to_send_back(
    ours: Terms, make: Make, company: Company
) -> None:
    order = sent(make, company, (make.variant(single_minor=5500), 2))

    ask(order, ours, Shoes(2, 0))
    receive(returns()[0], ours, Shoes(1, 0))
    settle(returns()[0], ours)

    assert returning.left_of(again(order), returns())[0].shoes == Shoes(1, 2)
    with pytest.raises(CannotReturn, match="Only"):
        ask(order, ours, Shoes(2, 2))


@pytest.mark.parametrize("again_by", ["withdraw", "receive", "refuse", "settle"])
def test_what_has_ended_is_told_as_moved_meanwhile(
    ours: Terms, make: Make, company: Company, again_by: str
) -> None:
    order = sent(make, company, (make.variant(), 1))
    ask(order, ours)
    receive(returns()[0], ours)
    settle(returns()[0], ours)
    one = returns()[0]

    with pytest.raises(CannotReturn, match="Return 1 is settled by Ben, so nothing") as told:
        match again_by:
            case "withdraw":
                returning.withdraw(order.id, 1, now=utcnow())
            case "receive":
                receive(one, ours)
            case "refuse":
                returning.refuse(order.id, 1, why="", by="Ann", terms=ours, now=utcnow())
            case _:
                settle(one, ours)
    assert told.value.moved


def test_the_same_line_for_another_size_is_another_wish(
    ours: Terms, make: Make, company: Company
) -> None:
    product = make.product(sizes=("9", "10"))
    nine, ten = product.variants
    order = sent(make, company, (nine, 1))

    assert ask(order, ours, new=ten.sku) == ask(order, ours, new=ten.sku) == 1
    with pytest.raises(
        CannotReturn, match=r"in return 1 already\. Withdraw that one first, if you"
    ):
        ask(order, ours)


def test_what_did_not_come_is_in_no_condition_and_nothing_at_all_is_refused(
    ours: Terms, make: Make, company: Company
) -> None:
    order = sent(make, company, (make.variant(), 1), (make.variant(), 1))
    lines = [Asked(line.id, PAIR, "small") for line in order.lines]
    returning.ask(order.id, lines, terms=ours, now=utcnow())
    one = returns()[0]
    with pytest.raises(CannotReturn, match=r"^Nothing arrived, so it is not received\. Please say"):
        receive(one, ours, NOTHING)

    came = {one.lines[0].id: Came(PAIR, "worn", restock=False)}
    returning.receive(
        order.id, 1, {**came, one.lines[1].id: Came(NOTHING, "new", restock=True)}, note="",
        by="Ben", terms=ours, now=utcnow(),
    )  # fmt: skip

    first, second = returns()[0].lines
    assert (first.condition, second.condition, second.restocked) == ("worn", "", False)
