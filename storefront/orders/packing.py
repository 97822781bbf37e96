"""What is to be packed of an order: its shoes, less those whose money went back."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, select

from storefront.orders.models import COUNTING, Order, OrderLine, Refund, RefundLine

KINDNESS = "kindness"  # the reason of a refund after which the shopper still gets the shoes


@dataclass(frozen=True)
class Packed:
    """How many left and right shoes of a line go into the box."""

    line: OrderLine
    left: int
    right: int

    @property
    def is_whole(self) -> bool:
        """Whether nothing of the line was given back."""
        sides = (self.line.left_variant_id, self.line.right_variant_id)
        wanted = self.line.quantity * sum(side is not None for side in sides)
        return self.left + self.right == wanted

    @property
    def words(self) -> str:
        """How many: "2", or "1 left, 2 right" where a pair lost a shoe."""
        if self.line.left_variant_id is None or self.line.right_variant_id is None:
            return str(self.left + self.right)
        if self.left == self.right:
            return str(self.left)
        sides = ((self.left, "left"), (self.right, "right"))
        return ", ".join(f"{number} {side}" for number, side in sides if number)


def to_pack(order: Order) -> Sequence[Packed]:
    """Return what goes into the box, line by line, without lines of which nothing is left."""
    back: Counter[tuple[int, str]] = Counter()
    for refund in order.refunds:
        if refund.counts and refund.reason != KINDNESS:
            for given in refund.lines:
                back[given.order_line_id, "left"] += given.left
                back[given.order_line_id, "right"] += given.right
    packed = [
        Packed(
            line,
            (line.quantity if line.left_variant_id is not None else 0) - back[line.id, "left"],
            (line.quantity if line.right_variant_id is not None else 0) - back[line.id, "right"],
        )
        for line in order.lines
    ]
    return [each for each in packed if each.left + each.right > 0]


def _shoes() -> ColumnElement[int]:
    sides = [
        case((side.is_not(None), OrderLine.quantity), else_=0)
        for side in (OrderLine.left_variant_id, OrderLine.right_variant_id)
    ]
    return (
        select(func.sum(sides[0] + sides[1]))
        .where(OrderLine.order_id == Order.id)
        .correlate(Order)
        .scalar_subquery()
    )


def _given_back() -> ColumnElement[int]:
    return (
        select(func.coalesce(func.sum(RefundLine.left + RefundLine.right), 0))
        .join(Refund, RefundLine.refund_id == Refund.id)
        .where(Refund.order_id == Order.id, Refund.status.in_(COUNTING), Refund.reason != KINDNESS)
        .correlate(Order)
        .scalar_subquery()
    )


# Whether anything of an order is left to send.
HAS_SHOES: ColumnElement[bool] = _shoes() > _given_back()
