"""The cart: what a shopper has chosen. It holds no stock and keeps only the price that was seen."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from storefront.catalogue.sides import taken
from storefront.db import new_secret

MOST_OF_ONE = 6  # pairs of one variant, or shoes of one of its sides
MOST_IN_ALL = 12  # pairs and single shoes in one order


@dataclass(frozen=True)
class Line:
    """So many of a left and a right variant, or of one; a pair has the same on both sides.

    `seen_minor` is the price of one when it was added.
    """

    left: int | None
    right: int | None
    quantity: int
    came_from: str = ""
    seen_minor: int = 0

    @property
    def key(self) -> str:
        return f"{self.left or ''}.{self.right or ''}"

    @property
    def taken(self) -> Counter[tuple[int, str]]:
        """The shoes that the line takes of each side."""
        return taken(self.left, self.right, self.quantity)


@dataclass(frozen=True)
class Cart:
    """A cart as its cookie holds it."""

    id: str
    lines: tuple[Line, ...] = ()
    country: str = ""
    email: str = ""

    @property
    def pairs(self) -> int:
        """Return how many pairs and single shoes are in the cart."""
        return sum(line.quantity for line in self.lines)

    def line(self, key: str) -> Line | None:
        """Return the line with this key, or None."""
        return next((line for line in self.lines if line.key == key), None)

    def others(self, key: str) -> Counter[tuple[int, str]]:
        """Return the shoes that all other lines take of each side."""
        lines = (line for line in self.lines if line.key != key)
        return sum((line.taken for line in lines), Counter())

    def room_for(self, line: Line) -> int:
        """Return how many this line may have under the limits of an order."""
        others = self.others(line.key)
        in_all = sum(other.quantity for other in self.lines if other.key != line.key)
        most = (MOST_OF_ONE - others[shoe] for shoe in line.taken)
        return max(0, min(MOST_IN_ALL - in_all, *most))

    def put(self, line: Line) -> "Cart":
        """Return the cart with this line in place of the one with its key, a new one first; none at
        quantity 0.
        """
        if self.line(line.key) is None:
            lines = (line, *self.lines)
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
