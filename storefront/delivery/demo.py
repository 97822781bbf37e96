"""Delivery of the demonstration shop: one country, two methods, one of them free from $100."""

from sqlalchemy import delete

from storefront.db import db
from storefront.delivery.models import Method, Zone, ZoneCountry


def load() -> None:
    """Replace the zones with the demo's; call it inside `db.writing()`."""
    for model in (Method, ZoneCountry, Zone):
        db.session.execute(delete(model))
    db.session.add(
        Zone(
            name="United States",
            countries=[ZoneCountry(country="US")],
            methods=[
                Method(
                    position=0,
                    name="Standard",
                    price_minor=695,
                    free_from_minor=10000,
                    least_days=3,
                    most_days=6,
                ),
                Method(position=1, name="Express", price_minor=1495, least_days=1, most_days=2),
            ],
        )
    )
