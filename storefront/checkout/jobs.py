"""What is due: warnings that a time to pay ends, the sweeper, the comparison of the books."""

from datetime import timedelta

from storefront.checkout import comparison, letters, refunds, sweeper
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.jobs import Job


def sweep() -> int:
    """Settle overdue payment pages and refunds; return how many were."""
    ours, now = terms(), utcnow()
    settled = sweeper.sweep(payments=payments(), terms=ours, now=now)
    return settled + refunds.sweep(payments=payments(), now=now, shop_url=ours.shop_url)


def warn() -> int:
    """Write to shoppers whose time to pay is about to end; return to how many."""
    ours = terms()
    return letters.time_to_pay_ends(shop_url=ours.shop_url, zone=ours.zone, now=utcnow())


def compare() -> int:
    """Compare the books of two days with the payment company's; return the differences."""
    now = utcnow()
    since = now - timedelta(days=2)
    return comparison.compare(since=since, payments=payments(), terms=terms(), now=now).differences


jobs = (
    Job("warn", every=60, run=warn),
    Job("sweep", every=60, run=sweep),
    Job("compare", every=3600, run=compare, first=60),  # when the company is up too
)
