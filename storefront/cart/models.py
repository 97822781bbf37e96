"""The cart: what a shopper has chosen. It holds no stock and keeps only the price that was seen."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from storefront.db import new_secret

MOST_OF_ONE = 6  # pairs of one variant
MOST_IN_ALL = 12  # pairs in one order


@dataclass(frozen=True)
class Line:
    """So many pairs of a left and a right variant; `seen_minor` is the price when it was added."""

    left: int | None
    right: int | None
    quantity: int
    came_from: str = ""
    seen_minor: int = 0

    @property
    def key(self) -> str:
        return f"{self.left or ''}.{self.right or ''}"


@dataclass(frozen=True)
class Cart:
    """A cart as its cookie holds it."""

    id: str
    lines: tuple[Line, ...] = ()
    country: str = ""
    email: str = ""

    @property
    def pairs(self) -> int:
        """Return how many pairs are in the cart."""
        return sum(line.quantity for line in self.lines)

    def line(self, key: str) -> Line | None:
        """Return the line with this key, or None."""
        return next((line for line in self.lines if line.key == key), None)

    def room_for(self, key: str) -> int:
        """Return how many pairs this line may have under the limits of an order."""
        others = sum(line.quantity for line in self.lines if line.key != key)
        return max(0, min(MOST_OF_ONE, MOST_IN_ALL - others))

    def put(self, line: Line) -> "Cart":
        """Return the cart with this line in place of the one with its key; none at quantity 0."""
        if self.line(line.key) is None:
            lines = (*self.lines, line)
        else:
            lines = tuple(line if old.key == line.key else old for old in self.lines)
        return replace(self, lines=tuple(kept for kept in lines if kept.quantity > 0))

    def after_buying(self, bought: Iterable[tuple[int | None, int | None, int]]) -> "Cart":
        """Return a new cart with what was put in since: (left, right, quantity) taken out."""
        left_over = replace(self, id=new_secret())
        for left, right, quantity in bought:
            line = left_over.line(Line(left, right, 0).key)
            if line is not None:
                left_over = left_over.put(replace(line, quantity=max(0, line.quantity - quantity)))
        return left_over


def empty() -> Cart:
    """Return a new, empty cart."""
    return Cart(id=new_secret())
