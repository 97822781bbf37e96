"""What is due each minute: warnings that a time to pay ends, and the sweeper."""

from storefront.checkout import letters, sweeper
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.jobs import Job


def sweep() -> int:
    """Settle overdue payment pages; return how many were looked at."""
    return sweeper.sweep(payments=payments(), terms=terms(), now=utcnow())


def warn() -> int:
    """Write to shoppers whose time to pay is about to end; return to how many."""
    ours = terms()
    return letters.time_to_pay_ends(shop_url=ours.shop_url, zone=ours.zone, now=utcnow())


jobs = (Job("warn", every=60, run=warn), Job("sweep", every=60, run=sweep))
