"""A purchase, step by step: begin, open page, attach, settle."""

from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from storefront.catalogue.models import Variant
from storefront.checkout import purchase, sweeper
from storefront.checkout.payments import (
    OpenPage,
    PageFacts,
    PageRequest,
    Payments,
    Refused,
    StripePayments,
    Unclear,
)
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.db import db
from storefront.mail.jobs import send_due
from storefront.mail.models import Letter
from storefront.orders import dispatching
from storefront.orders.models import Order, OrderMark, PaymentPage
from storefront.stock import ledger
from storefront.stock.models import Hold, Movement
from tests.factories import Make
from tests.payments import Company
from wsgi import TEST_KEY


def counts(variant: Variant) -> tuple[int, int]:
    """On hand and held, in pairs."""
    db.session.rollback()
    row = db.session.execute(
        select(
            Variant.on_hand_left, Variant.on_hand_right, Variant.held_left, Variant.held_right
        ).where(Variant.id == variant.id)
    ).one()
    assert (row[0], row[2]) == (row[1], row[3]), "both sides move together"
    return row[0], row[2]


def only_order() -> Order:
    db.session.rollback()
    return db.session.scalars(select(Order).execution_options(populate_existing=True)).one()


def only_page() -> PaymentPage:
    db.session.rollback()
    return db.session.scalars(select(PaymentPage).execution_options(populate_existing=True)).one()


def marks(order: Order) -> list[str]:
    return list(db.session.scalars(select(OrderMark.kind).where(OrderMark.order_id == order.id)))


class Failing:
    """A payment company that fails in one way and otherwise is the real one."""

    hears_events = True

    def __init__(self, real: Payments, *, error: Exception, after: bool = False) -> None:
        self.real, self.error, self.after = real, error, after
        self.account = real.account

    def open_page(self, request: PageRequest) -> OpenPage:
        if self.after:
            self.real.open_page(request)
        raise self.error

    def look_up(self, session_id: str) -> PageFacts | None:
        return self.real.look_up(session_id)

    def close_page(self, session_id: str) -> None:
        self.real.close_page(session_id)

    def read_event(self, body: bytes, signature: str) -> object:
        raise NotImplementedError


def start(cart: object, *, company: Payments | None = None) -> str:
    return purchase.start(cart, payments=company or payments(), terms=terms(), now=utcnow())  # type: ignore[arg-type]


def settle(session_id: str) -> Order | None:
    return purchase.settle(session_id, payments=payments(), terms=terms(), now=utcnow())


def test_start_holds_the_shoes_and_opens_a_page(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)

    address = start(make.cart((variant, 2), email="a@example.com"))

    assert counts(variant) == (5, 2)
    session = company.session(address.rpartition("/")[2])
    assert session["amount_subtotal"] == 2 * 8900
    assert session["expires_at"] == int(only_page().expires_at.timestamp())
    assert session["customer_email"] == "a@example.com"


def test_the_page_is_told_until_when_the_shoes_are_kept(make: Make, company: Company) -> None:
    make.delivery()

    address = start(make.cart((make.variant(), 1)))

    until = only_page().expires_at.astimezone(terms().zone)
    told = company.session(address.rpartition("/")[2])["custom_text"]["submit"]["message"]
    assert f"{until:%-I:%M}" in told
    assert "E" in told.split()[-1]  # the zone's name, EST or EDT


def test_paid_order_sells_the_shoes_and_keeps_what_was_said(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    address = start(make.cart((variant, 2)))

    company.pay(address, rate=1, line2="Flat 2", phone="+1 555 0100")
    order = settle(only_page().session_id or "")

    assert order is not None and order.state == "paid"
    assert counts(variant) == (3, 0)
    assert order.total_minor == 2 * 8900 + 1495
    assert (order.delivery_name, order.delivery_minor) == ("Express", 1495)
    assert (order.name, order.line1, order.line2) == ("Ann Example", "1 Main Street", "Flat 2")
    assert (order.city, order.region, order.postal_code) == ("Santa Barbara", "CA", "93101")
    assert order.email == "shopper@example.com"
    assert ledger.differences() == []


def test_settling_ten_times_changes_nothing_more(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""

    for _ in range(10):
        settle(session_id)

    assert counts(variant) == (4, 0)
    sold = select(func.count(Movement.id)).where(Movement.reason == "sold")
    assert db.session.scalar(sold) == 1
    assert db.session.scalar(select(func.count(Letter.id))) == 2


def test_open_page_settles_to_nothing(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))

    order = settle(only_page().session_id or "")

    assert order is not None and order.state == "pending"
    assert counts(variant) == (5, 1)


def test_expired_page_gives_the_shoes_back(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""
    company.expire(session_id)

    order = settle(session_id)

    assert order is not None and order.state == "lapsed"
    assert counts(variant) == (5, 0)
    assert db.session.scalars(select(Hold.end_reason)).one() == "expired"


def test_page_the_company_does_not_know_gives_the_shoes_back(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""

    purchase.apply(session_id, None, account=payments().account, terms=terms(), now=utcnow())

    assert only_order().state == "lapsed"
    assert counts(variant) == (5, 0)
    assert db.session.scalars(select(Hold.end_reason)).one() == "unknown"


def test_same_cart_again_leads_to_the_same_page(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))

    first, second = start(cart), start(cart)

    assert first == second
    assert counts(variant) == (1, 1)


def test_changed_cart_closes_the_old_page_first(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    cart = make.cart((variant, 1))
    old = start(cart).rpartition("/")[2]

    changed = cart.put(make.cart((variant, 2)).lines[0])
    start(changed)

    assert company.session(old)["status"] == "expired"
    assert counts(variant) == (2, 2)
    states = db.session.scalars(select(Order.state).order_by(Order.id)).all()
    assert states == ["lapsed", "pending"]


def test_changed_cart_whose_old_page_was_paid_leads_to_that_order(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))

    with pytest.raises(purchase.AlreadyPaid) as paid:
        start(cart.put(make.cart((variant, 2)).lines[0]))

    assert paid.value.reference == only_order().reference
    assert counts(variant) == (4, 0)


def test_page_near_its_end_is_not_offered_again(make: Make) -> None:
    make.delivery()
    cart = make.cart((make.variant(), 1))
    first = start(cart)
    with db.writing():
        page = db.session.scalars(select(PaymentPage)).one()
        page.expires_at = utcnow() + timedelta(seconds=60)

    assert start(cart) != first


def test_last_pair_held_by_another_cannot_be_bought(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    start(make.cart((variant, 1)))

    with pytest.raises(purchase.CannotBuy) as refused:
        start(make.cart((variant, 1)))

    assert refused.value.gone
    assert "out of stock" in str(refused.value)
    assert db.session.scalar(select(func.count(Order.id))) == 1


def test_pair_taken_between_check_and_hold_is_refused_whole(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    monkeypatch.setattr(purchase, "_refuse_problems", lambda chosen: None)
    start(make.cart((variant, 1)))

    with pytest.raises(purchase.CannotBuy) as refused:
        start(make.cart((variant, 1)))

    assert "somebody else" in str(refused.value)
    assert db.session.scalar(select(func.count(Order.id))) == 1
    assert counts(variant) == (1, 1)


@pytest.mark.parametrize(("country", "sentence"), [("DE", "country"), ("", "country")])
def test_country_not_served_is_refused_before_any_hold(
    make: Make, country: str, sentence: str
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)

    with pytest.raises(purchase.CannotBuy, match=sentence):
        start(make.cart((variant, 1), country=country))

    assert counts(variant) == (1, 0)


def test_refused_page_gives_the_shoes_back(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)

    with pytest.raises(Refused):
        start(
            make.cart((variant, 1)),
            company=Failing(payments(), error=Refused("no")),  # type: ignore[arg-type]
        )

    assert counts(variant) == (1, 0)
    assert only_order().state == "lapsed"
    assert only_page().status == "refused"


@pytest.mark.parametrize("after", [False, True])
def test_unclear_answer_keeps_the_hold_and_the_same_cart_may_try_again(
    make: Make, after: bool
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))
    silent = Failing(payments(), error=Unclear("time-out"), after=after)

    with pytest.raises(Unclear):
        start(cart, company=silent)  # type: ignore[arg-type]

    assert counts(variant) == (1, 1)
    assert start(cart)
    assert counts(variant) == (1, 1)
    assert db.session.scalar(select(func.count(PaymentPage.id))) == 1


def test_key_the_company_does_not_take_holds_nothing(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    stranger = StripePayments("sk_test_of_somebody_else", base=company.url)

    with pytest.raises(Refused):
        start(make.cart((variant, 1)), company=stranger)

    assert counts(variant) == (1, 0)


def test_silent_company_is_unclear_not_refused(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    nobody = StripePayments("sk_test_x", base="http://127.0.0.1:9")

    with pytest.raises(Unclear):
        start(make.cart((variant, 1)), company=nobody)

    assert counts(variant) == (1, 1)


def test_lost_page_is_found_again_and_closed_by_the_sweeper(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    cart = make.cart((variant, 1))
    with pytest.raises(Unclear):
        start(cart, company=Failing(payments(), error=Unclear("cut"), after=True))  # type: ignore[arg-type]

    later = utcnow() + timedelta(minutes=4)
    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1

    assert only_order().state == "lapsed"
    assert counts(variant) == (1, 0)
    assert company.session(only_page().session_id or "")["status"] == "expired"


def test_lost_page_is_left_alone_for_three_minutes(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    with pytest.raises(Unclear):
        start(
            make.cart((variant, 1)),
            company=Failing(payments(), error=Unclear("cut")),  # type: ignore[arg-type]
        )

    later = utcnow() + timedelta(minutes=2)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 0
    assert counts(variant) == (1, 1)


def test_sweeper_settles_what_was_paid_and_never_heard(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))

    later = utcnow() + timedelta(minutes=61)
    sweeper.sweep(payments=payments(), terms=terms(), now=later)

    assert only_order().state == "paid"
    assert counts(variant) == (1, 0)


def test_open_page_within_its_time_is_left_alone_where_events_are_heard(make: Make) -> None:
    make.delivery()
    start(make.cart((make.variant(), 1)))

    later = utcnow() + timedelta(minutes=30)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 0


def test_open_page_is_looked_at_each_time_where_no_events_are_heard(
    make: Make, company: Company, app: Flask
) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    deaf = StripePayments(app.config["STRIPE_SECRET_KEY"], base=company.url)

    later = utcnow() + timedelta(minutes=2)
    sweeper.sweep(payments=deaf, terms=terms(), now=later)

    assert only_order().state == "paid"


def test_sweeper_keeps_the_hold_while_the_company_is_silent(make: Make) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    start(make.cart((variant, 1)))
    nobody = StripePayments(TEST_KEY, base="http://127.0.0.1:9", webhook_secret="whsec")

    later = utcnow() + timedelta(days=2)
    sweeper.sweep(payments=nobody, terms=terms(), now=later)

    assert counts(variant) == (1, 1)


def test_money_after_the_order_lapsed_sells_what_is_free(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    purchase.lapse(only_page().id, why="unknown", now=utcnow())

    settle(only_page().session_id or "")

    assert only_order().state == "paid"
    assert counts(variant) == (0, 0)
    assert ledger.differences() == []


def test_money_after_the_order_lapsed_is_owed_where_the_shoes_are_gone(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    page = only_page()
    purchase.lapse(page.id, why="unknown", now=utcnow())
    make.order((variant, 1), state="paid")

    order = settle(page.session_id or "")

    assert order is not None and order.state == "paid"
    assert marks(order) == ["owed"]
    assert counts(variant) == (0, 0)
    assert ledger.differences() == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "EUR"},
        {"subtotal_minor": 1},
        {"delivery_minor": 1},
        {"delivery": None},
        {"total_minor": 1},
    ],
)
def test_payment_that_does_not_add_up_is_parked_not_fulfilled(
    make: Make, company: Company, wrong: dict[str, object]
) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None

    purchase.apply(
        session_id,
        PageFacts(**{**facts.__dict__, **wrong}),  # type: ignore[arg-type]
        account=payments().account,
        terms=terms(),
        now=utcnow(),
    )

    order = only_order()
    assert order.state == "pending"
    assert marks(order) == ["parked"]
    assert counts(variant) == (2, 1)
    assert db.session.scalar(select(func.count(Letter.id))) == 0


def test_payment_still_on_its_way_keeps_the_hold(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None
    waiting = PageFacts(**{**facts.__dict__, "payment_status": "unpaid"})

    purchase.apply(session_id, waiting, account=payments().account, terms=terms(), now=utcnow())
    assert (only_order().state, counts(variant)) == ("pending", (2, 1))

    settle(session_id)
    assert (only_order().state, counts(variant)) == ("paid", (1, 0))
    mark = db.session.scalars(select(OrderMark)).one()
    assert mark.kind == "processing" and mark.ended_at is not None


def test_uncounted_goods_take_no_part_in_holds(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(counted=False)

    company.pay(start(make.cart((variant, 6))))
    settle(only_page().session_id or "")

    assert only_order().state == "paid"
    assert db.session.scalar(select(func.count(Hold.id))) == 0
    assert counts(variant) == (0, 0)


def test_empty_cart_is_refused(make: Make) -> None:
    make.delivery()

    with pytest.raises(purchase.CannotBuy, match="empty"):
        start(make.cart())


def test_unknown_page_is_nobodys(app: Flask) -> None:
    assert settle("cs_test_unknown") is None


def test_cart_that_was_paid_meanwhile_leads_to_its_order(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))
    settle(only_page().session_id or "")

    with pytest.raises(purchase.AlreadyPaid):
        start(cart)

    assert counts(variant) == (4, 0)


def test_page_of_another_key_is_never_given_up(make: Make, company: Company, app: Flask) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    start(make.cart((variant, 1)))
    session_id = only_page().session_id or ""

    purchase.apply(session_id, None, account="another", terms=terms(), now=utcnow())

    assert (only_order().state, marks(only_order())) == ("pending", ["parked"])
    assert counts(variant) == (2, 1)


def test_page_of_another_key_is_left_out_of_the_sweep(make: Make, company: Company) -> None:
    make.delivery()
    start(make.cart((make.variant(), 1)))
    other = StripePayments("sk_test_other", base=company.url, webhook_secret="whsec")

    later = utcnow() + timedelta(days=2)

    assert sweeper.sweep(payments=other, terms=terms(), now=later) == 0
    assert only_order().state == "pending"


def test_long_answers_of_the_company_are_cut_to_fit(make: Make, company: Company) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None
    long = dict.fromkeys(facts.person, "9" * 500)

    order = purchase.apply(
        session_id,
        PageFacts(**{**facts.__dict__, "person": long}),
        account=payments().account,
        terms=terms(),
        now=utcnow(),
    )

    assert order is not None and order.state == "paid"
    assert (len(order.postal_code), len(order.name)) == (40, 255)


def test_page_that_cannot_be_settled_does_not_stop_the_sweep(
    make: Make, company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    make.delivery()
    for _ in range(2):
        company.pay(start(make.cart((make.variant(), 1))))
    pay, failed = purchase._pay, []

    def fail_once(page: PaymentPage, *rest: object, **more: object) -> None:
        if not failed:
            failed.append(page.id)
            raise ZeroDivisionError
        pay(page, *rest, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(purchase, "_pay", fail_once)
    later = utcnow() + timedelta(hours=2)

    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1
    assert sweeper.sweep(payments=payments(), terms=terms(), now=later) == 1
    db.session.rollback()
    assert set(db.session.scalars(select(Order.state))) == {"paid"}


def test_silent_company_is_asked_twice_and_then_left_until_the_next_sweep(make: Make) -> None:
    make.delivery()
    for _ in range(4):
        start(make.cart((make.variant(), 1)))
    asked = []

    class Silent(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            asked.append(session_id)
            raise Unclear("silent")

    silent = Silent(payments(), error=Unclear("silent"))
    later = utcnow() + timedelta(hours=2)
    for minutes in (0, 1):
        sweeper.sweep(
            payments=silent,  # type: ignore[arg-type]
            terms=terms(),
            now=later + timedelta(minutes=minutes),
        )

    assert len(asked) == 4
    assert len(set(asked)) == 4, "those that were not asked come first at the next sweep"


def test_variant_that_is_no_longer_counted_leaves_no_hold_behind(
    make: Make, company: Company
) -> None:
    make.delivery()
    variant = make.variant(pairs=5)
    company.pay(start(make.cart((variant, 2))))
    with db.writing():
        db.session.execute(update(Variant).values(counted=False))

    settle(only_page().session_id or "")

    assert counts(variant) == (5, 0)
    assert ledger.differences() == []


def test_delayed_payment_that_fails_gives_the_shoes_back(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=2)
    company.pay(start(make.cart((variant, 1))))
    session_id = only_page().session_id or ""
    facts = payments().look_up(session_id)
    assert facts is not None

    for failed in (False, True):
        said = {**facts.__dict__, "payment_status": "unpaid", "has_failed": failed}
        purchase.apply(
            session_id,
            PageFacts(**said),  # type: ignore[arg-type]
            account=payments().account,
            terms=terms(),
            now=utcnow(),
        )

    assert only_order().state == "lapsed"
    assert counts(variant) == (2, 0)
    assert db.session.scalars(select(OrderMark.ended_at)).one() is not None


def test_owed_order_is_promised_to_nobody(make: Make, company: Company, app: Flask) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    company.pay(start(make.cart((variant, 1))))
    purchase.lapse(only_page().id, why="unknown", now=utcnow())
    make.order((variant, 1), state="paid")
    order = settle(only_page().session_id or "")
    assert order is not None

    send_due()

    mails = [file.read_text() for file in Path(app.config["MAIL_FOLDER"]).iterdir()]
    assert len(mails) == 2
    assert all("on their way" not in mail and "Pack and send" not in mail for mail in mails)
    with pytest.raises(dispatching.StillOwed), db.writing():
        dispatching.dispatch(
            order.id, by="Ann", carrier="", tracking="", order_address="", now=utcnow()
        )


def test_wrong_address_of_the_company_holds_nothing(make: Make, company: Company) -> None:
    make.delivery()
    variant = make.variant(pairs=1)
    lost = StripePayments(TEST_KEY, base=f"{company.url}/nowhere")

    with pytest.raises(Refused):
        start(make.cart((variant, 1)), company=lost)

    assert counts(variant) == (1, 0)


def test_failed_try_keeps_what_the_older_order_holds(make: Make) -> None:
    make.delivery()
    last, gone = make.variant(pairs=1), make.variant(pairs=0)
    cart = make.cart((last, 1))
    start(cart)

    with pytest.raises(purchase.CannotBuy):
        start(cart.put(make.cart((gone, 1)).lines[0]))

    assert counts(last) == (1, 1)


@pytest.mark.parametrize("said", [{"payment_status": "unpaid"}, {"total_minor": 1}])
def test_cart_whose_payment_is_on_its_way_leads_to_its_order(
    make: Make, company: Company, said: dict[str, object]
) -> None:
    class Saying(Failing):
        def look_up(self, session_id: str) -> PageFacts | None:
            facts = self.real.look_up(session_id)
            assert facts is not None
            return PageFacts(**{**facts.__dict__, **said})  # type: ignore[arg-type]

    make.delivery()
    variant = make.variant(pairs=5)
    cart = make.cart((variant, 1))
    company.pay(start(cart))

    with pytest.raises(purchase.AlreadyPaid):
        start(
            cart.put(make.cart((variant, 2)).lines[0]),
            company=Saying(payments(), error=Unclear("")),  # type: ignore[arg-type]
        )

    assert counts(variant) == (5, 1)


def only_id() -> int:
    return db.session.scalars(select(Order.id)).one()


def test_right_payment_ends_a_mark_that_was_set_before(make: Make, company: Company) -> None:
    make.delivery()
    company.pay(start(make.cart((make.variant(), 1))))
    with db.writing():
        db.session.add(OrderMark(order_id=only_id(), kind="parked", why="", at=utcnow()))

    settle(only_page().session_id or "")

    assert db.session.scalars(select(OrderMark.ended_at)).one() is not None
