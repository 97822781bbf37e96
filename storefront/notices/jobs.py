"""What is due: telling those who wait, and forgetting those who need not be known any more."""

from flask import current_app

from storefront.clock import utcnow
from storefront.jobs import Job
from storefront.notices import telling
from storefront.settings.shop import shop


def tell() -> int:
    """Write to whoever is next for a free pair; return to how many. A closed shop tells nobody."""
    ours = shop()
    if not ours.is_open:
        return 0
    hours = current_app.config["NOTICE_HOURS"]
    return telling.tell(hours=hours, shop_url=ours.url, now=utcnow())


job = Job("notices", every=60, run=tell)
