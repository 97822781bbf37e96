"""The mails of a purchase: to the shopper that it is paid, to staff that there is work."""

import hashlib
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from storefront.clock import moment_words, time_words
from storefront.db import db
from storefront.mail import outbox
from storefront.mail.models import TO_STAFF, Letter
from storefront.money import money_words
from storefront.orders import receipts
from storefront.orders.models import Dispute, Order, PaymentPage, Refund

WARNED_BEFORE = timedelta(minutes=10)


def time_to_pay_ends(*, shop_url: str, zone: ZoneInfo, now: datetime) -> int:
    """Queue a warning for each payment page that ends within ten minutes; return how many.

    Only where an address is known; once a page, however often it is called.
    """
    ending = (
        select(PaymentPage)
        .join(PaymentPage.order)
        .where(
            PaymentPage.status == "open",
            PaymentPage.expires_at > now,
            PaymentPage.expires_at <= now + WARNED_BEFORE,
            Order.state == "pending",
            Order.email != "",
        )
        .options(contains_eager(PaymentPage.order))
    )
    queued = 0
    with db.writing():
        for page in db.session.scalars(ending):
            queued += outbox.queue(
                cause=f"payment-ending:{page.id}",
                recipient=page.order.email,
                template="payment_ending",
                facts={
                    "number": page.order.number,
                    "until": time_words(page.expires_at, zone),
                    "order_address": f"{shop_url}/orders/{page.order.reference}",
                },
                now=now,
            )
    return queued


def payment_link(
    order: Order, email: str, *, link: str, kept_until: datetime, zone: ZoneInfo, now: datetime
) -> bool:
    """Queue the link to an order taken by phone; the same order and address again resends it.

    Returns False where it is being sent just now. Inside `db.writing()`.
    """
    address = hashlib.sha256(email.lower().encode()).hexdigest()[:16]
    cause = f"payment-link:{order.number}:{address}"
    facts = {
        "number": order.number,
        "rows": [
            f"{line.quantity} × {line.name}: {money_words(line.total_minor, order.currency)}"
            for line in order.lines
        ],
        "until": moment_words(kept_until, zone),
        "link": link,
    }
    if outbox.queue(cause=cause, recipient=email, template="payment_link", facts=facts, now=now):
        return True
    letter = db.session.scalars(select(Letter).where(Letter.cause == cause)).one()
    if not outbox.send_again(letter.id, now=now):
        return False
    letter.facts = facts  # the order may have more time by now
    return True


def order_paid(order: Order, *, owed: bool, shop_url: str, zone: ZoneInfo, now: datetime) -> None:
    """Queue both mails of a paid order, in the transaction that makes it paid.

    `owed`: its shoes were sold before the money came, so neither mail may promise them.
    """

    def money(minor: int) -> str:
        return money_words(minor, order.currency)

    facts = {
        "number": order.number,
        "owed": owed,
        "when": moment_words(now, zone),
        "order_address": f"{shop_url}/orders/{order.reference}",
        "staff_address": f"{shop_url}/staff/orders/{order.number}",
        "receipt_number": order.receipt_number,
        "rows": [
            f"{row.words}: {'-' * (row.amount_minor < 0)}{money(abs(row.amount_minor))}"
            for row in receipts.rows(order)
        ],
        "tax_words": receipts.tax_words(order),
        "tax": money(order.tax_minor) if order.tax_minor else "",
        "total": money(order.total_minor or 0),
        "address": order.address,
    }
    if order.email:
        outbox.queue(
            cause=f"order-paid:{order.number}",
            recipient=order.email,
            template="order_paid",
            facts=facts,
            now=now,
        )
    outbox.queue(
        cause=f"order-new:{order.number}",
        recipient=TO_STAFF,
        template="order_new",
        facts=facts,
        now=now,
    )


def order_refunded(refund: Refund, *, shop_url: str, now: datetime) -> None:
    """Queue the mail that money is on its way back, where an address is known."""
    order = refund.order
    if order.email:
        outbox.queue(
            cause=f"order-refunded:{refund.id}",
            recipient=order.email,
            template="order_refunded",
            facts={
                "number": order.number,
                "amount": money_words(refund.amount_minor, order.currency),
                "explained": refund.explained,
                "credit_number": refund.credit_number,
                "receipt_number": order.receipt_number,
                "tax": money_words(refund.tax_minor, order.currency) if refund.tax_minor else "",
                "order_address": f"{shop_url}/orders/{order.reference}",
            },
            now=now,
        )


def order_cancelled(order: Order, *, shop_url: str, now: datetime) -> None:
    """Queue the mail that an order will not be sent, where an address is known."""
    if order.email:
        outbox.queue(
            cause=f"order-cancelled:{order.number}",
            recipient=order.email,
            template="order_cancelled",
            facts={
                "number": order.number,
                "order_address": f"{shop_url}/orders/{order.reference}",
            },
            now=now,
        )


def refund_failed(refund: Refund, *, shop_url: str, now: datetime) -> None:
    """Tell staff that money which was to go back did not arrive."""
    order = refund.order
    outbox.queue(
        cause=f"refund-failed:{refund.id}",
        recipient=TO_STAFF,
        template="refund_failed",
        facts={
            "number": order.number,
            "amount": money_words(refund.amount_minor, order.currency),
            "why": refund.why,
            "staff_address": f"{shop_url}/staff/orders/{order.number}",
        },
        now=now,
    )


def dispute(order: Order, dispute: Dispute, *, shop_url: str, now: datetime) -> None:
    """Tell staff of a dispute, once when it is opened and once when it is decided."""
    outbox.queue(
        cause=f"dispute:{dispute.id}:{'ended' if dispute.ended_at else 'open'}",
        recipient=TO_STAFF,
        template="dispute",
        facts={
            "number": order.number,
            "amount": money_words(dispute.amount_minor, order.currency),
            "reason": dispute.reason.replace("_", " "),
            "status": dispute.status.replace("_", " "),
            "has_ended": dispute.ended_at is not None,
            "staff_address": f"{shop_url}/staff/orders/{order.number}",
        },
        now=now,
    )
