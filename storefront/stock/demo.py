"""The demonstration shop's first count, so that each number has its line in the ledger."""

from sqlalchemy import select

from storefront.catalogue import demo as catalogue
from storefront.catalogue.models import Variant
from storefront.clock import utcnow
from storefront.db import db
from storefront.stock import ledger
from storefront.stock.ledger import Shoes


def load() -> None:
    """Count the demo's products; call it inside `db.writing()`."""
    db.session.flush()
    ids = dict(iter(db.session.execute(select(Variant.sku, Variant.id))))
    for row in catalogue.rows():
        if not row["counted"]:
            continue
        for color in row["colors"]:
            odd = color.get("odd_right", {})
            for width, pairs in color["pairs"].items():
                for size, there in zip(row["sizes"], pairs, strict=True):
                    if there:
                        ledger.count(
                            ids[catalogue.sku(row["handle"], color["slug"], size, width)],
                            Shoes(there, there + odd.get(f"{width}/{size}", 0)),
                            based_on=Shoes(0, 0),
                            note="First count of the demonstration shop",
                            by="Demonstration",
                            now=utcnow(),
                        )
