"""What is due in the blog: telling staff that a medical review is about to end."""

from datetime import date, datetime, timedelta

from sqlalchemy import select

from blog.models import Article, Review, Revision
from blog.queries import is_shown, latest_review
from storefront.clock import day_of, day_words, utcnow
from storefront.db import db
from storefront.jobs import Job
from storefront.mail import outbox
from storefront.mail.models import TO_STAFF
from storefront.settings.shop import shop

WARNED_BEFORE = (60, 30, 7)  # days before a review ends


def warn_of_reviews() -> int:
    """Queue a mail for each review that is about to end; return how many were queued."""
    ours, now = shop(), utcnow()
    return queue_warnings(today=day_of(now, ours.zone), shop_url=ours.url, now=now)


def queue_warnings(*, today: date, shop_url: str, now: datetime) -> int:
    """Queue one mail for each review and each of the days 60, 30 and 7 before its end.

    Where days were missed, the nearest one counts, so that nobody gets three mails at once.
    """
    ending = (
        select(Review.id, Review.valid_until, Article.slug, Revision.title)
        .join(Review.revision)
        .join(Revision.article)
        .where(
            Review.id == latest_review(),
            is_shown(now),
            Review.valid_until >= today,
            Review.valid_until <= today + timedelta(days=WARNED_BEFORE[0]),
        )
        .order_by(Review.valid_until, Review.id)
    )
    queued = 0
    with db.writing():
        for review_id, valid_until, slug, title in db.session.execute(ending).all():
            days = min(n for n in WARNED_BEFORE if valid_until <= today + timedelta(days=n))
            queued += outbox.queue(
                cause=f"review-due:{review_id}:{days}",
                recipient=TO_STAFF,
                template="review_due",
                facts={
                    "title": title,
                    "until": day_words(valid_until),
                    "address": f"{shop_url}/blog/{slug}",
                },
                now=now,
            )
    return queued


job = Job("reviews", every=3600, run=warn_of_reviews)
