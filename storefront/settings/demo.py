"""What the demonstration's owner chose."""

from storefront.clock import utcnow
from storefront.settings import queries

CHOSEN = {
    "SHOP_LEGAL_NAME": "Steady Step Demonstration",
    "SHOP_ADDRESS": "1 Example Street, Santa Barbara, CA 93101, United States",
    "SHOP_PHONE": "+1 805 555 0100",
    "SHOP_HOURS": "Monday to Friday, 9 to 5",
    "TAX": "none",
    "RETURN_DAYS": "60",
    "RETURN_COST": "0",
    "RETURN_ADDRESS": "Steady Step returns, 1 Example Street, Santa Barbara, CA 93101",
    "RETURN_CONDITION": "Worn indoors only, in the box that they came in.",
}


def load() -> None:
    """Replace the settings with the demo's; call it inside `db.writing()`."""
    queries.keep(CHOSEN, by="Demonstration", now=utcnow())
