"""Tax of a paid order: what of it lies on each line and on the delivery."""

from collections.abc import Sequence

from storefront.money import split
from storefront.orders.models import Order

MILLIS = 100_000  # thousandths of a percent in a whole


def included(minor: int, rate_millis: int) -> int:
    """Return the tax within a price in minor units, rounded half up; the rate is in millis."""
    whole = MILLIS + rate_millis
    return (2 * minor * rate_millis + whole) // (2 * whole)


def net_of_discount(order: Order) -> list[int]:
    """Return what was paid for each line without tax on top: a discount is shared by cost."""
    gross = [line.total_minor for line in order.lines]
    shares = split(order.discount_minor, gross)
    return [whole - share for whole, share in zip(gross, shares, strict=True)]


def of_parts(order: Order, *, told_minor: int = 0, told: Sequence[int] = ()) -> Sequence[int]:
    """Return the tax of each line and, last, of the delivery.

    Within prices it is worked out here. On top of them it is what the payment company `told` for
    each part; where that told only a sum, it is shared by what the parts cost.
    """
    parts = [*net_of_discount(order), order.delivery_minor]
    if order.tax == "included":
        return [included(part, order.tax_rate_millis) for part in parts]
    return told or split(told_minor, parts)


def keep(order: Order, taxes: Sequence[int]) -> None:
    """Write the tax of each line and of the delivery into a paid order."""
    *of_lines, order.delivery_tax_minor = taxes
    order.tax_minor = sum(taxes)
    for line, tax in zip(order.lines, of_lines, strict=True):
        line.tax_minor = tax
