"""What happens to a notice before anybody is told: asked for, confirmed, left."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select, update

from storefront.catalogue.models import Variant
from storefront.clock import day_of, day_words
from storefront.db import db, new_secret
from storefront.notices import letters
from storefront.notices.models import LIVE, LIVE_STATES, Notice

TIME_TO_CONFIRM = timedelta(days=7)


class Ended(Exception):
    """The notice was not confirmed in time; nothing was changed."""


def ask(sku: str, email: str, *, shop_url: str, zone: ZoneInfo, now: datetime) -> None:
    """Write down a wish and queue the mail that confirms it, inside `db.writing()`.

    Nothing tells the caller whether the address was known: one that waits already gets a mail that
    says so.
    """
    variant_id = db.session.scalar(select(Variant.id).where(Variant.sku == sku))
    wish = {"email": email.lower(), "variant_id": variant_id}
    is_new = db.insert_once(
        Notice,
        "email",
        "variant_id",
        values={**wish, "secret": new_secret(), "state": "pending", "asked_at": now},
        among=LIVE,
    )
    live = select(Notice).filter_by(**wish).where(Notice.state.in_(LIVE_STATES))
    notice = db.session.scalar(live.with_for_update())
    if notice is None:  # it was told just now, so its mail is on the way
        return
    if not is_new and notice.state == "pending":
        notice.asked_at = now
    until = day_words(day_of(now + TIME_TO_CONFIRM, zone))
    letters.asked(notice, until=until, shop_url=shop_url, now=now)


def is_over(notice: Notice, *, now: datetime) -> bool:
    """Return whether the time to confirm a notice has passed."""
    return notice.state == "pending" and notice.asked_at + TIME_TO_CONFIRM <= now


def confirm(notice_id: int, *, now: datetime) -> None:
    """Let a notice wait for a pair, inside `db.writing()`; a second call changes nothing.

    Raises Ended where the time to confirm has passed.
    """
    confirmed = db.session.scalar(
        update(Notice)
        .where(
            Notice.id == notice_id,
            Notice.state == "pending",
            Notice.asked_at > now - TIME_TO_CONFIRM,
        )
        .values(state="waiting", confirmed_at=now)
        .returning(Notice.id)
    )
    if confirmed is None:
        pending = select(Notice.id).where(Notice.id == notice_id, Notice.state == "pending")
        if db.session.scalar(pending):
            raise Ended


def leave(notice_id: int, *, now: datetime) -> None:
    """Forget the address of a notice, inside `db.writing()`; a second call changes nothing.

    Its mails are emptied too, and one that waits to be sent is not sent.
    """
    notice = db.session.get(Notice, notice_id, populate_existing=True, with_for_update=True)
    if notice is None or not notice.email:
        return
    letters.forget(notice)
    if notice.state in LIVE_STATES:
        notice.state, notice.ended_at = "left", now
    notice.email = ""
