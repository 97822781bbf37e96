"""The mails of a notice: to confirm it, and that a pair is there."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import or_

from storefront.mail import outbox
from storefront.mail.models import Letter
from storefront.notices.models import Notice

ONCE_IN = 10 * 60  # seconds; asking again sooner sends no second mail
TEMPLATES = ("notice_asked", "notice_back")


def asked(notice: Notice, *, until: str, shop_url: str, now: datetime) -> None:
    """Queue the mail that asks to confirm a notice, or says that it waits already."""
    facts = {"waits": notice.state == "waiting", "until": until}
    part = int(now.timestamp()) // ONCE_IN
    _queue(notice, f"notice-asked:{notice.id}:{part}", TEMPLATES[0], facts, shop_url, now)


def back(notice: Notice, *, hours: int, shop_url: str, now: datetime) -> None:
    """Queue the one mail that a pair is there; others are told after so many hours."""
    place = f"/products/{notice.variant.product.handle}?variant={notice.variant.sku}"
    facts = {"hours": hours, "link": shop_url + place}
    _queue(notice, f"notice-back:{notice.id}", TEMPLATES[1], facts, shop_url, now)


def forget(notice: Notice) -> None:
    """Empty the mails of a notice; one that waits to be sent is not sent."""
    asked = Letter.cause.startswith(f"notice-asked:{notice.id}:")
    back = Letter.cause == f"notice-back:{notice.id}"
    outbox.forget(Letter.recipient == notice.email, or_(asked, back))


def _queue(
    notice: Notice,
    cause: str,
    template: str,
    facts: Mapping[str, Any],
    shop_url: str,
    now: datetime,
) -> None:
    address = f"{shop_url}/notices/{notice.secret}"
    ours = {
        "name": notice.variant.name,
        "notice_address": address,
        "leave_address": f"{address}/leaving",
    }
    outbox.queue(
        cause=cause,
        recipient=notice.email,
        template=template,
        facts={**ours, **facts},
        now=now,
    )
