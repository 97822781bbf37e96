"""The demonstration shop's pages: the drafts, with every gap filled in by something invented."""

from storefront.clock import utcnow
from storefront.db import db
from storefront.pages import facts
from storefront.pages.drafts import draft_of
from storefront.pages.models import PAGES, Page
from storefront.pages.writing import GAP

NOTICE = (
    "> This is a page of a demonstration shop. Everything on it is invented, and nothing is sold."
)
# By how a gap begins.
FILLED = {
    "task": NOTICE,
    "legal name": "Steady Step (invented for this demonstration)",
    "postal address": "12 Example Street, Portland, ME 04101",
    "email address": "shop@example.com",
    "phone number": "+1 207 555 0148",
    "hours on the phone": "Monday to Friday, 9 to 5 Eastern Time",
    "tax rule": "prices are shown without tax, and none is added in this demonstration",
    "warranty": "In this demonstration nothing is sold, so there is nothing to warrant.",
    "law": "that of the State of Maine, in this demonstration",
    "rule for disputes": "There is nothing to dispute about in a demonstration.",
    "delivery": "In this demonstration nothing is sent.",
    "hour": "noon Eastern Time",
    "return window": "60 days from the day we send the shoes",
    "return cost": "we pay for the label",
    "label": "Within one working day we email you a label that is paid for.",
    "return address": "12 Example Street, Portland, ME 04101",
    "return condition": "tried on indoors, in their box",
    "help": "we send somebody to fetch it",
    "time": "two working days",
    "years": "In this demonstration the law asks for nothing.",
    "time: how long you keep letters": "one year",
    "server records": "nothing, in this demonstration",
    "services": "nobody else, in this demonstration",
    "rights": "A real shop names the authority here.",
    "representative": "nobody: the shop is invented",
    "registration": "none",
    "tax number": "none",
    "rule": "The author and the reviewer decide together.",
}


def load() -> None:
    """Publish the demo's pages; call it inside `db.writing()`, after what they tell of."""
    known, now = facts.current(), utcnow()
    for slug, title in PAGES.items():
        body = GAP.sub(lambda gap: _filled(gap[0]), draft_of(slug, known))
        db.session.add(
            Page(
                slug=slug,
                title=title,
                body=body,
                published=True,
                updated_at=now,
                updated_by="Demonstration",
            )
        )


def _filled(gap: str) -> str:
    words = gap.removeprefix("[your ").removesuffix("]")
    return FILLED.get(words) or FILLED[words.split(":")[0].split(",")[0]]
