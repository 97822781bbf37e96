"""The mails of a return: to its shopper at each step, to staff that one was asked for."""

from datetime import date, datetime
from typing import Any

from storefront.clock import day_words
from storefront.mail import outbox
from storefront.mail.models import TO_STAFF
from storefront.returns import words
from storefront.returns.models import Return
from storefront.returns.terms import Terms


def asked(one: Return, terms: Terms, *, send_by: date, now: datetime) -> None:
    """Queue the mail that says where to send the shoes, and until when, and tell staff."""
    outbox.queue(
        cause=f"return-new:{one.number}",
        recipient=TO_STAFF,
        template="return_new",
        facts={
            "number": one.order.number,
            "return_number": one.number,
            "lines": words.asked(one),
            "staff_address": f"{terms.shop_url}/staff/returns/{one.number}",
        },
        now=now,
    )
    _queue(
        one,
        "return_asked",
        terms,
        now,
        lines=words.asked(one),
        address=terms.address.splitlines(),
        condition=terms.condition,
        cost="\n".join(terms.cost_words(we_pay=one.we_pay)),
        send_by=day_words(send_by),
        slip_address=f"{terms.shop_url}/orders/{one.order.reference}/returns/{one.number}",
    )


def received(one: Return, terms: Terms, *, now: datetime) -> None:
    """Queue the mail that the shoes are here."""
    _queue(one, "return_received", terms, now, lines=words.came(one))


def settled(one: Return, terms: Terms, *, now: datetime) -> None:
    """Queue the mail that says what was given for the shoes."""
    _queue(
        one,
        "return_settled",
        terms,
        now,
        lines=words.given(one),
        carrier=one.carrier,
        tracking=one.tracking,
    )


def refused(one: Return, terms: Terms, *, now: datetime) -> None:
    """Queue the mail that says why nothing is given."""
    _queue(one, "return_refused", terms, now, why=one.why, came=words.came(one))


def _queue(one: Return, template: str, terms: Terms, now: datetime, **facts: Any) -> None:
    order = one.order
    if order.email:
        outbox.queue(
            cause=f"{template.replace('_', '-')}:{one.number}",
            recipient=order.email,
            template=template,
            facts={
                "number": order.number,
                "return_number": one.number,
                "order_address": f"{terms.shop_url}/orders/{order.reference}",
                **facts,
            },
            now=now,
        )
