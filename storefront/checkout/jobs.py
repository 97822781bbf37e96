"""The sweeper: every minute it settles what nobody told us about."""

from storefront.checkout import purchase
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.jobs import Job


def sweep() -> int:
    """Settle overdue payment pages; return how many were looked at."""
    return purchase.sweep(payments=payments(), terms=terms(), now=utcnow())


job = Job("sweep", every=60, run=sweep)
