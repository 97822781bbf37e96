"""The product feed: each size on sale as Google Merchant Center names its facts.

https://support.google.com/merchants/answer/7052112
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from storefront.catalogue.availability import availability
from storefront.catalogue.queries import WholeProduct
from storefront.delivery.queries import quote
from storefront.machines.structured import Seller, gtin, name_of, variant_address

MOST_PICTURES = 11
UNREADABLE = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


class Sending(NamedTuple):
    """What one way of sending costs in one country."""

    country: str
    service: str
    price: str
    least_days: int | None
    most_days: int | None


class Item(NamedTuple):
    """One size. Prices are "89.00 USD"; `sale_price` is '' but where there was a higher one."""

    sku: str
    name: str
    description: str
    address: str
    pictures: tuple[str, ...]
    availability: str
    price: str
    sale_price: str
    color: str
    size: str
    gtin: str
    sending: tuple[Sending, ...]


def items(whole: WholeProduct, *, by: Seller, today: date, low: int) -> Iterator[Item]:
    """Yield every size of a product that is on sale, told as its page tells it."""
    about = whole.product.summary or whole.product.title
    for color in whole.colors:
        # A drawing is an SVG, which Merchant Center does not take.
        pictures = tuple(
            f"{by.url}/media/{picture.key}"
            for picture in color.pictures
            if not picture.key.endswith(".svg")
        )
        for size in whole.sizes_of(color):
            price, was = size.price_minor, size.compare_at_minor or 0
            lowered = was > price
            told = availability(size, today=today, low=low)
            yield Item(
                sku=size.sku,
                name=readable(name_of(whole, color, size)),
                description=readable(about),
                address=variant_address(whole.product.handle, size.sku, by),
                pictures=pictures[:MOST_PICTURES],
                availability="in_stock" if told.can_buy else "out_of_stock",
                price=_price(was if lowered else price, by),
                sale_price=_price(price, by) if lowered else "",
                color=readable(color.name),
                size=readable(" ".join(filter(None, (size.size, size.width)))),
                gtin=gtin(size.barcode),
                sending=tuple(_sending(price, by)),
            )


def readable(text: str) -> str:
    """Return a text without the signs that no XML may hold."""
    return UNREADABLE.sub("", text)


def _sending(price_minor: int, by: Seller) -> Iterator[Sending]:
    for way in by.ways:
        told = quote(way, price_minor)
        for country in way.countries:
            price = _price(told.price_minor, by)
            yield Sending(country, readable(told.name), price, told.least_days, told.most_days)


def _price(minor: int, by: Seller) -> str:
    return f"{by.price(minor)} {by.currency}"
