"""Any order of a shop's acts keeps its books: a state machine that tries to break them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import func, select

from storefront.cart.models import MOST_OF_ONE, Cart, Line
from storefront.cart.queries import without_bought
from storefront.catalogue.models import Variant
from storefront.checkout import purchase, sweeper
from storefront.checkout.payments import Event, OpenPage, PageFacts, PageRequest, Unclear
from storefront.checkout.setting import terms
from storefront.clock import utcnow
from storefront.db import Base, db
from storefront.orders.models import Order, OrderLine, PaymentPage
from storefront.stock import ledger
from storefront.stock.ledger import Shoes
from tests.factories import Make

pytestmark = pytest.mark.slow

CARTS = 3
PAIRS = 4
PROFILE = settings(
    max_examples=20,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],  # a failure prints its steps; making them fewer takes minutes
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


class Company:
    """A payment company in this process: pages by key; each ends once, as paid or as expired."""

    hears_events = True
    account = "test"

    def __init__(self) -> None:
        self.pages: dict[str, PageRequest] = {}
        self.status: dict[str, str] = {}
        self.silent = ""

    @contextmanager
    def silent_at(self, request: str) -> Iterator[None]:
        """Give no answer to one kind of request meanwhile."""
        self.silent = request
        try:
            yield
        finally:
            self.silent = ""

    def open_page(self, request: PageRequest) -> OpenPage:
        db.assert_idle()
        if self.silent == "open_page":
            raise Unclear("nobody answers")
        id_ = f"cs_{request.key}"
        self.pages.setdefault(id_, request)
        self.status.setdefault(id_, "open")
        return OpenPage(id_, f"https://pay.example/{id_}")

    def end(self, id_: str, status: str) -> None:
        """End an open page; one that has ended stays as it is."""
        if self.status.get(id_) == "open":
            self.status[id_] = status

    def close_page(self, session_id: str) -> None:
        db.assert_idle()
        if self.silent == "close_page":
            raise Unclear("nobody answers")
        self.end(session_id, "expired")

    def look_up(self, session_id: str) -> PageFacts | None:
        db.assert_idle()
        page = self.pages.get(session_id)
        if page is None:
            return None
        subtotal = sum(line.unit_minor * line.quantity for line in page.lines)
        delivery = page.deliveries[0].price_minor
        return PageFacts(
            session_id=session_id,
            key=page.key,
            status=self.status[session_id],
            payment_status="paid" if self.status[session_id] == "complete" else "unpaid",
            currency=page.currency,
            subtotal_minor=subtotal,
            discount_minor=0,
            delivery_minor=delivery,
            tax_minor=0,
            total_minor=subtotal + delivery,
            delivery=0,
            payment_intent=f"pi_{page.key}",
            person={"email": "shopper@example.com"},
        )

    def read_event(self, body: bytes, signature: str) -> Event:
        raise NotImplementedError


class Shop(RuleBasedStateMachine):
    """Two sizes that are sold singly too, three carts, shoppers who pay or go, staff, a sweeper."""

    pages = Bundle("pages")
    carts = st.integers(0, CARTS - 1)
    variants = st.integers(0, 1)
    feet = st.sampled_from(
        [(0, 0), (1, 1), (0, 0), (1, 1), (0, 1), (1, 0), (0, None), (None, 0), (1, None), (None, 1)]
    )

    def __init__(self) -> None:
        super().__init__()
        with db.writing():
            for table in reversed(Base.metadata.sorted_tables):
                db.session.execute(table.delete())
        make = Make()
        make.delivery()
        self.company = Company()
        product = make.product(sizes=("9", "10"), pairs=PAIRS, single_minor=5_000)
        self.sizes = list(product.variants)
        with db.writing():
            db.session.get_one(Variant, self.sizes[1].id).price_minor = 12_000
        self.in_cart = [make.cart() for _ in range(CARTS)]
        self.events = count(1)
        self.paid: set[str] = set()

    # Shoppers

    @rule(cart=carts, feet=feet, quantity=st.integers(0, MOST_OF_ONE))
    def put(self, cart: int, feet: tuple[int | None, int | None], quantity: int) -> None:
        """Put in a pair, a pair of two sizes, or one shoe."""
        left, right = (None if place is None else self.sizes[place].id for place in feet)
        self.in_cart[cart] = self.in_cart[cart].put(Line(left, right, quantity))

    @rule(target=pages, cart=carts)
    def begin(self, cart: int) -> Any:
        return self._try(
            lambda: purchase.begin(self._cart(cart), account="test", terms=terms(), now=utcnow())
        )

    @rule(cart=carts)
    def check_out(self, cart: int) -> None:
        self._try(
            lambda: purchase.start(
                self._cart(cart), payments=self.company, terms=terms(), now=utcnow()
            )
        )

    @rule(page=pages)
    def open_and_attach(self, page: int | None) -> None:
        if page is not None:
            self._try(
                lambda: purchase.open_and_attach(
                    page, payments=self.company, terms=terms(), now=utcnow()
                )
            )

    @rule(data=st.data(), silent=st.sampled_from(["", "close_page", "open_page"]))
    def ask_for_more_time(self, data: st.DataObject, silent: str) -> None:
        """The shopper of any order asks for more time; the company may not answer."""
        ids = db.session.scalars(select(Order.id).where(Order.pages.any()).order_by(Order.id)).all()
        if not ids:
            return
        order = data.draw(st.sampled_from(list(ids)))
        with self.company.silent_at(silent):
            self._try(
                lambda: purchase.extend(order, payments=self.company, terms=terms(), now=utcnow())
            )

    @rule(data=st.data(), ending=st.sampled_from(["complete", "expired"]))
    def end_a_page(self, data: st.DataObject, ending: str) -> None:
        """The shopper pays on an open page, or its time is up."""
        open_pages = [id_ for id_, status in self.company.status.items() if status == "open"]
        if open_pages:
            self.company.end(data.draw(st.sampled_from(open_pages)), ending)

    # What settles

    @rule(data=st.data(), times=st.integers(1, 3), by_event=st.booleans())
    def settle(self, data: st.DataObject, times: int, by_event: bool) -> None:
        if not self.company.pages:
            return
        id_ = data.draw(st.sampled_from(list(self.company.pages)))
        event = Event(f"evt_{next(self.events)}", "checkout.session.completed", id_)
        for _ in range(times):
            purchase.settle(
                id_,
                payments=self.company,
                terms=terms(),
                now=utcnow(),
                event=event if by_event else None,
            )

    @rule(minutes=st.sampled_from([0, 4, 61, 3000]))
    def sweep(self, minutes: int) -> None:
        later = utcnow() + timedelta(minutes=minutes)
        sweeper.sweep(payments=self.company, terms=terms(), now=later)

    # Staff

    @rule(variant=variants, left=st.integers(0, 8), right=st.integers(0, 8), stale=st.booleans())
    def count_shoes(self, variant: int, left: int, right: int, stale: bool) -> None:
        now = self._stock(self.sizes[variant].id)
        based_on = Shoes(now[0] + stale, now[1])

        def counted() -> None:
            with db.writing():
                ledger.count(
                    self.sizes[variant].id,
                    Shoes(left, right),
                    based_on=based_on,
                    by="Staff",
                    now=utcnow(),
                )

        self._try(counted)
        if stale or left < now[2] or right < now[3]:
            assert self._stock(self.sizes[variant].id) == now, "a refused count changes nothing"

    # What is always true

    @invariant()
    def counts_are_possible(self) -> None:
        for size in self.sizes:
            left, right, held_left, held_right = self._stock(size.id)
            assert 0 <= held_left <= left and 0 <= held_right <= right

    @invariant()
    def books_agree(self) -> None:
        db.session.rollback()
        assert ledger.differences() == []

    @invariant()
    def what_is_held_is_what_the_lines_of_waiting_orders_say(self) -> None:
        for size in self.sizes:
            sides = [
                db.session.scalar(
                    select(func.coalesce(func.sum(OrderLine.quantity), 0))
                    .join(OrderLine.order)
                    .where(Order.state == "pending", side == size.id)
                )
                for side in (OrderLine.left_variant_id, OrderLine.right_variant_id)
            ]
            assert sides == list(self._stock(size.id)[2:])

    @invariant()
    def one_order_waits_for_a_cart(self) -> None:
        waiting = db.session.scalars(select(Order.cart_id).where(Order.state == "pending")).all()
        assert len(waiting) == len(set(waiting))

    @invariant()
    def nobody_can_pay_on_two_pages_of_an_order(self) -> None:
        numbers = [
            page.number
            for id_, page in self.company.pages.items()
            if self.company.status[id_] == "open"
        ]
        assert len(numbers) == len(set(numbers))

    @invariant()
    def order_waits_as_long_as_its_page_can_be_paid(self) -> None:
        can_be_paid = {id_ for id_, status in self.company.status.items() if status == "open"}
        rows = db.session.execute(
            select(PaymentPage.session_id, Order.state).join(PaymentPage.order)
        )
        assert {state for id_, state in rows if id_ in can_be_paid} <= {"pending"}

    @invariant()
    def paid_stays_paid_and_is_not_sold_short(self) -> None:
        now = set(db.session.scalars(select(Order.reference).where(Order.state == "paid")))
        assert self.paid <= now
        self.paid = now

    def teardown(self) -> None:
        """Let all time pass: what was paid is sold, and nothing is held."""
        for _ in range(3):
            for id_ in self.company.pages:
                self.company.end(id_, "expired")
            self.sweep(3000)
        self.counts_are_possible()
        self.books_agree()
        still = select(func.count(Order.id)).where(Order.state == "pending")
        assert db.session.scalar(still) == 0
        paid = {id_ for id_, status in self.company.status.items() if status == "complete"}
        with_pages = select(func.count(Order.id)).where(Order.state == "paid")
        assert db.session.scalar(with_pages) == len(paid)
        db.session.remove()

    def _cart(self, number: int) -> Cart:
        """Return the cart as the views do, without what was bought; never an empty one."""
        cart = without_bought(self.in_cart[number])
        if not cart.lines:  # most carts that are paid for have something in them
            size = self.sizes[number % 2]
            cart = cart.put(Line(size.id, size.id, 1, "", size.price_minor))
        self.in_cart[number] = cart
        return cart

    def _stock(self, variant_id: int) -> tuple[int, int, int, int]:
        db.session.rollback()
        row = db.session.execute(
            select(
                Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
            ).where(Variant.id == variant_id)
        ).one()
        return (row[0], row[1], row[2], row[3])

    def _try(self, act: Callable[[], Any]) -> Any:
        """Do it; a refusal in the shop's own words is an answer too."""
        try:
            return act()
        except (
            purchase.CannotBuy,
            purchase.CannotExtend,
            purchase.AlreadyPaid,
            purchase.OldOrderWaits,
            purchase.Unclear,
            ledger.NotEnough,
            ledger.CountMoved,
            ledger.BelowHeld,
        ):
            return None


def test_books_agree_after_any_acts_in_any_order(app: Flask) -> None:
    run_state_machine_as_test(Shop, settings=PROFILE)
