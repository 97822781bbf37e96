"""What pages say to machines, in the words of schema.org: JSON-LD beside the words for people.

What Google asks of a product: https://developers.google.com/search/docs/appearance/structured-data
"""

from collections.abc import Iterable, Mapping
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple
from urllib.parse import quote as escaped

from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

from storefront.catalogue.availability import availability
from storefront.catalogue.queries import ColorRow, SizeRow, WholeProduct
from storefront.coaches.models import Coach
from storefront.delivery import queries as delivery
from storefront.delivery.queries import Way
from storefront.money import major
from storefront.settings.shop import shop

KEPT = 60  # products in one color; each is some forty kilobytes
SCHEMA = "https://schema.org"


class Seller(NamedTuple):
    """What every offer of the shop has in common."""

    name: str
    url: str
    currency: str
    ways: tuple[Way, ...]
    return_days: int
    return_cost_minor: int

    def price(self, minor: int) -> str:
        return str(major(minor, self.currency))


def seller() -> Seller:
    """Return what holds for every offer now."""
    ours = shop()
    return Seller(
        ours.name,
        ours.url,
        ours.currency,
        delivery.ways(),
        ours.return_days,
        ours.return_cost_minor,
    )


def of_product(whole: WholeProduct, color: ColorRow, today: date, low: int) -> Markup:
    """Return a product as JSON-LD: every size of the color shown, and where the others are."""
    return _of_product(whole, color, today, low, seller())


@lru_cache(KEPT)
def _of_product(whole: WholeProduct, color: ColorRow, today: date, low: int, by: Seller) -> Markup:
    product = whole.product
    address = f"{by.url}/products/{product.handle}"
    sizes = whole.sizes_of(color)
    sending = {price: _delivery(price, by) for price in {size.price_minor for size in sizes}}
    returns = _returns(by)
    shared = {"hasMerchantReturnPolicy": {"@id": "#returns"}} if returns else {}
    variants = [
        {
            "@type": "Product",
            "sku": size.sku,
            "name": name_of(whole, color, size),
            **_given(
                color=color.name,
                size=" ".join(filter(None, (size.size, size.width))),
                image=_pictures(color, by),
                gtin=gtin(size.barcode),
            ),
            "offers": {
                "@type": "Offer",
                "url": variant_address(product.handle, size.sku, by),
                "price": by.price(size.price_minor),
                "priceCurrency": by.currency,
                "availability": f"{SCHEMA}/{availability(size, today=today, low=low).level}",
                "itemCondition": f"{SCHEMA}/NewCondition",
                "shippingDetails": [{"@id": one["@id"]} for one in sending[size.price_minor]],
                **shared,
            },
        }
        for size in sizes
    ]
    others = [
        {"url": f"{address}?color={other.slug}"} for other in whole.colors if other.id != color.id
    ]
    group = {
        "@type": "ProductGroup",
        "name": product.title,
        **_given(description=product.summary),
        "url": address,
        "brand": {"@type": "Brand", "name": product.vendor or by.name},
        "productGroupID": product.handle,
        "variesBy": [f"{SCHEMA}/color", f"{SCHEMA}/size"],
        "hasVariant": [*variants, *others],
    }
    path = _path([("Home", "/"), ("All shoes", "/collections/all"), (product.title, "")], by.url)
    details = [one for sent in sending.values() for one in sent]
    return _script({"@graph": [group, *details, *returns, path]})


def _delivery(price_minor: int, by: Seller) -> list[dict[str, Any]]:
    """Return what sending goods of this price costs, one entry for each way."""
    found = []
    for place, way in enumerate(by.ways):
        quote = delivery.quote(way, price_minor)
        days = {"minValue": quote.least_days, "maxValue": quote.most_days, "unitCode": "DAY"}
        told = {name: value for name, value in days.items() if value is not None}
        time = {
            "@type": "ShippingDeliveryTime",
            "transitTime": {"@type": "QuantitativeValue", **told},
        }
        found.append(
            {
                "@type": "OfferShippingDetails",
                "@id": f"#delivery-{place}-{price_minor}",
                "shippingRate": _amount(quote.price_minor, by),
                "shippingDestination": {
                    "@type": "DefinedRegion",
                    "addressCountry": list(way.countries),
                },
                **({} if quote.most_days is None else {"deliveryTime": time}),
            }
        )
    return found


def _returns(by: Seller) -> list[dict[str, Any]]:
    """Return on what terms shoes come back; nothing where the owner has not said."""
    if not by.return_days:
        return []
    cost = by.return_cost_minor
    fees: dict[str, Any] = {"returnFees": f"{SCHEMA}/FreeReturn"}
    if cost:
        fees = {
            "returnFees": f"{SCHEMA}/ReturnShippingFees",
            "returnShippingFeesAmount": _amount(cost, by),
        }
    return [
        {
            "@type": "MerchantReturnPolicy",
            "@id": "#returns",
            "applicableCountry": sorted({code for way in by.ways for code in way.countries}),
            "returnPolicyCategory": f"{SCHEMA}/MerchantReturnFiniteReturnWindow",
            "merchantReturnDays": by.return_days,
            "returnMethod": f"{SCHEMA}/ReturnByMail",
            **fees,
        }
    ]


def _amount(minor: int, by: Seller) -> dict[str, str]:
    return {"@type": "MonetaryAmount", "value": by.price(minor), "currency": by.currency}


def of_path(*steps: tuple[str, str]) -> Markup:
    """Return where a page stands, as JSON-LD: name and address of each step; the last is here."""
    return _script(_path(steps, shop().url))


def _path(steps: Iterable[tuple[str, str]], url: str) -> dict[str, Any]:
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {
                "@type": "ListItem",
                "position": position,
                "name": name,
                **_given(item=address and f"{url}{address}"),
            }
            for position, (name, address) in enumerate(steps, start=1)
        ],
    }


def of_place(coach: Coach) -> Markup:
    """Return a place with a coach as JSON-LD."""
    url = f"{shop().url}/coaches/{coach.slug}"
    return _script(
        {
            "@type": "LocalBusiness",
            "@id": url,
            "url": url,
            "name": coach.name,
            **_given(description=coach.about, telephone=coach.phone),
            "address": {
                "@type": "PostalAddress",
                "streetAddress": coach.street,
                "addressLocality": coach.city,
                "addressRegion": coach.state,
                "postalCode": coach.postal_code,
            },
        }
    )


def name_of(whole: WholeProduct, color: ColorRow, size: SizeRow) -> str:
    """Return title, color, size and width of a variant in one phrase."""
    choice = " ".join(filter(None, (size.size, size.width)))
    return ", ".join(filter(None, (whole.product.title, color.name, choice)))


def variant_address(handle: str, sku: str, by: Seller) -> str:
    """Return the address that shows one size."""
    return f"{by.url}/products/{handle}?variant={escaped(sku, safe='')}"


def gtin(barcode: str) -> str:
    """Return a barcode that is a Global Trade Item Number, '' for any other.

    Length and check digit as in GS1's General Specifications, 7.9.
    """
    if not (barcode.isascii() and barcode.isdigit() and len(barcode) in {8, 12, 13, 14}):
        return ""
    weighed = (int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(barcode[::-1]))
    return "" if sum(weighed) % 10 else barcode


def _pictures(color: ColorRow, by: Seller) -> list[str]:
    return [f"{by.url}/media/{picture.key}" for picture in color.pictures]


def _given(**values: Any) -> Mapping[str, Any]:
    """Return what is not empty."""
    return {name: value for name, value in values.items() if value}


def _script(data: Mapping[str, Any]) -> Markup:
    dumped = htmlsafe_json_dumps({"@context": SCHEMA, **data}, separators=(",", ":"))
    return Markup('<script type="application/ld+json">{}</script>').format(dumped)
