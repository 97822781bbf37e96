"""What the demonstration's owner chose."""

from storefront.clock import utcnow
from storefront.settings import queries

CHOSEN = {
    "SHOP_LEGAL_NAME": "Steady Step Demonstration",
    "SHOP_ADDRESS": "12 Example Street, Portland, ME 04101, United States",
    "SHOP_PHONE": "+1 207 555 0148",
    "SHOP_HOURS": "Monday to Friday, 9 to 5 Eastern Time",
    "TAX": "none",
    "RETURN_DAYS": "60",
    "RETURN_COST": "0",
    "RETURN_ADDRESS": "Steady Step returns, 12 Example Street, Portland, ME 04101",
    "RETURN_CONDITION": "Worn indoors only, in the box that they came in.",
}


def load() -> None:
    """Replace the settings with the demo's; call it inside `db.writing()`."""
    queries.keep(CHOSEN, by="Demonstration", now=utcnow())
