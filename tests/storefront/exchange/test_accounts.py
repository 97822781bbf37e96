"""The accountant's file: over random orders its sums are the orders' own, to the last cent."""

import csv
import io
import random
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from flask import Flask

from storefront.catalogue.models import Variant
from storefront.checkout import refunds
from storefront.checkout.payments import RefundFacts
from storefront.db import db, new_secret
from storefront.exchange import accounts
from storefront.exchange.accounts import Month
from storefront.orders import marks, receipts, taxes
from storefront.orders.models import Dispute, Order, Refund
from storefront.settings.shop import shop
from tests.factories import Make
from tests.storefront.checkout.paid import again, begin, pairs
from tests.storefront.staff.people import Browser, fresh, signed_in

BEGIN = datetime(2026, 9, 30, tzinfo=UTC)
MONTHS = ("2026-09", "2026-10", "2026-11", "2026-12")
MONEY = ("Goods", "Discount", "Delivery", "Tax", "Net", "Total")
RANDOM = random.Random()


def paid(make: Make, shoes: list[Variant], at: datetime, **facts: object) -> Order:
    """Make a paid order with random lines, discount and delivery, and its tax by the rules."""
    tax = RANDOM.choice(("none", "included", "stripe"))
    chosen = [(variant, RANDOM.randint(1, 3)) for variant in RANDOM.sample(shoes, 2)]
    order = make.order(
        *chosen, state="paid", now=at, tax=tax, tax_name="=VAT",
        tax_rate_millis=19_500 if tax == "included" else 0,
        discount_minor=RANDOM.choice((0, 333)), delivery_minor=RANDOM.choice((0, 950)),
        payment_intent=f"pi_{new_secret()}", **facts,
    )  # fmt: skip
    with db.writing():
        kept = db.session.get_one(Order, order.id)
        told = [RANDOM.randint(0, 900) for _ in kept.lines] + [RANDOM.randint(0, 90)]
        if tax != "none":
            taxes.keep(kept, taxes.of_parts(kept, told=told if tax == "stripe" else ()))
        on_top = kept.tax_minor if tax == "stripe" else 0
        kept.total_minor = kept.subtotal_minor - kept.discount_minor + kept.delivery_minor + on_top
        kept.receipt_number = receipts.next_number(receipts.RECEIPT)
    return kept


def give_back(order: Order, how: str, at: datetime) -> None:
    """Give money back in one of the ways that there are, as the company would confirm it."""

    def hear(refund_id: str, key: str, amount: int, *statuses: str) -> None:
        for status in statuses:
            facts = [RefundFacts(refund_id, key, amount, status, "")]
            refunds.apply(order.payment_intent or "", facts, now=at, shop_url="http://localhost")

    if how == "elsewhere":
        hear(new_secret(), "", RANDOM.randint(1, order.total_minor or 0), "succeeded")
        return
    if how == "cancelled":
        refunds.cancel(order.id, key=new_secret(), by="Ann", now=at, shop_url="http://localhost")
    else:
        begin(order, pairs(order, 1, line=how == "second line"), delivery=RANDOM.random() < 0.5)
    with db.writing():
        refund = again_refund(order)
        refund.at = at
    if how == "refused":
        refunds._refuse(refund.id, "no")
    elif how != "asking":
        ends = ("pending", "failed") if how == "failed" else ("pending", "succeeded")
        hear(new_secret(), refund.key, refund.amount_minor, *ends)


def again_refund(order: Order) -> Refund:
    return db.session.get_one(Order, order.id, populate_existing=True).refunds[-1]


def rows_of(month: str) -> list[dict[str, str]]:
    file = io.StringIO(newline="")
    zone = shop().zone
    accounts.write(file, accounts.rows(Month.read(month), mode="test", zone=zone), zone)
    return list(csv.DictReader(io.StringIO(file.getvalue(), newline="")))


def test_the_sums_are_the_orders_own_over_random_orders(app: Flask, make: Make) -> None:
    RANDOM.seed(20261101)  # the same orders each time
    shoes = [make.variant(pairs=300, price_minor=price) for price in (8900, 4999, 12_001)]
    ways = ("one line", "second line", "elsewhere", "cancelled", "failed", "refused", "asking", "")
    orders = []
    for place in range(24):
        at = BEGIN + timedelta(hours=RANDOM.randint(0, 40 * 24))
        orders.append(order := paid(make, shoes, at))
        if how := ways[place % len(ways)]:
            give_back(order, how, at + timedelta(days=RANDOM.randint(0, 20)))
    paid(make, shoes, BEGIN, mode="live")

    by_month = {month: rows_of(month) for month in MONTHS}

    rows = [row for listed in by_month.values() for row in listed]
    sums: dict[str, Decimal] = defaultdict(Decimal)
    tax: dict[str, Decimal] = defaultdict(Decimal)
    delivery: dict[str, Decimal] = defaultdict(Decimal)
    for row in rows:
        money = {name: Decimal(row[name]) for name in MONEY}
        on_top = money["Tax"] if row["Tax is"] == "on top" else 0
        assert money["Goods"] + money["Discount"] + money["Delivery"] + on_top == money["Total"]
        assert money["Net"] + money["Tax"] == money["Total"]
        assert row["Tax name"] == ("'=VAT" if row["Tax is"] else "")
        sums[row["Order"]] += money["Total"]
        tax[row["Order"]] += money["Tax"]
        delivery[row["Order"]] += money["Delivery"]
    for order in map(again, orders):
        left = [r for r in order.refunds if r.status in ("pending", "succeeded")]
        owed = (order.total_minor or 0) - sum(r.amount_minor for r in left)
        owed_tax = order.tax_minor - sum(r.tax_minor for r in left)
        assert sums.pop(str(order.number)) * 100 == owed
        assert tax.pop(str(order.number)) * 100 == owed_tax
        if order.state == "cancelled":
            assert owed == owed_tax == delivery[str(order.number)] == 0
    assert not sums  # none of another mode, and none twice
    for kind in ("Receipt", "Credit note"):
        numbers = sorted(int(row["Number"]) for row in rows if row["Kind"].startswith(kind))
        assert len(numbers) >= 12 and numbers == sorted(set(numbers))
        assert kind == "Receipt" or numbers == list(range(1, len(numbers) + 1))
    for month, listed in by_month.items():
        assert [row["Date"] for row in listed] == sorted(row["Date"] for row in listed)
        assert all(row["Date"].startswith(month) for row in listed)
        told = accounts.sums(Month.read(month), mode="test", zone=shop().zone)
        assert sum(each.total_minor for each in told) == sum(
            int(Decimal(row["Total"]) * 100) for row in listed
        )
        assert sum(each.tax_minor for each in told) == sum(
            int(Decimal(row["Tax"]) * 100) for row in listed
        )


def test_a_month_is_shown_downloaded_and_written_to_a_file(
    app: Flask, make: Make, tmp_path: Path
) -> None:
    owner: Browser = signed_in(app, "owner")
    late = datetime(2026, 11, 1, 3, 59, tzinfo=UTC)  # it is still October in New York
    order, after = (make.order(state="paid", now=at) for at in (late, late + timedelta(minutes=1)))
    waiting = make.order(now=late)
    with db.writing():
        marks.put(waiting, "parked", "Paid in JPY.", now=late)
        db.session.add(
            Dispute(order_id=order.id, dispute_id="d", amount_minor=500, status="lost", at=late)
        )
    fresh()

    page = owner.get("/staff/accounts?month=2026-10").text
    file = owner.get("/staff/accounts/2026-10.csv")
    told = app.test_cli_runner().invoke(
        args=["accounts", "export", "2026-10", str(tmp_path / "a.csv")]
    )

    assert "$89.00" in page and f"Order {order.number}</a>: $5.00, lost" in page
    assert "wait for a decision: 1" in page
    assert file.headers["Content-Disposition"] == "attachment; filename=accounts-2026-10.csv"
    assert file.data.startswith("\ufeffKind,Number,".encode())
    assert (tmp_path / "a.csv").read_bytes() == file.data
    assert told.output == "1 rows written to a.csv\n"
    assert f"2026-10-31,{order.number},US,USD,89.00,0.00,0.00,,,,0.00,89.00,89.00" in file.text
    assert str(after.number) not in file.text
    for month in ("2026-13", "1999-12", "2026-1", "x" * 900):
        assert owner.get(f"/staff/accounts?month={month}").status_code == 404, month
        assert owner.get(f"/staff/accounts/{month}.csv").status_code == 404, month
    wrong = app.test_cli_runner().invoke(args=["accounts", "export", "x", str(tmp_path / "b.csv")])
    assert wrong.exit_code == 1 and "as 2026-10. Nothing was written" in wrong.output
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
