"""What is bought at once: a pair, a pair of two sizes, or one shoe."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from storefront.catalogue.availability import Availability, availability, availability_of_sides
from storefront.catalogue.models import Variant
from storefront.catalogue.queries import Stock

LEFT, RIGHT = "left", "right"
# How many shoes of a side, by the variant's id and the side's name.
Shoes = Mapping[tuple[int, str], int]


class NotSold(Exception):
    """These shoes are not sold together like this; the sentence is for the shopper."""


def taken(left_id: int | None, right_id: int | None, quantity: int) -> Counter[tuple[int, str]]:
    """Return the shoes that so many pairs, or single shoes, take of each side."""
    ids = ((left_id, LEFT), (right_id, RIGHT))
    return Counter({(id_, side): quantity for id_, side in ids if id_ is not None})


@dataclass(frozen=True)
class Sides:
    """The variant for each foot: the same one is a pair, None is a foot without a shoe."""

    left: Variant | None
    right: Variant | None

    def __iter__(self) -> Iterator[Variant]:
        """Yield the variant of each foot that gets a shoe."""
        return (variant for variant in (self.left, self.right) if variant is not None)

    @property
    def first(self) -> Variant:
        """The left variant, or the right where there is no left."""
        return next(iter(self))

    @property
    def is_pair(self) -> bool:
        """Whether it is a pair of one size."""
        return self.left is self.right

    @property
    def is_single(self) -> bool:
        """Whether it is one shoe."""
        return self.left is None or self.right is None

    def check(self) -> None:
        """Raise NotSold where the shop does not sell these together, or not singly."""
        if len({variant.product_id for variant in self}) > 1:
            raise NotSold("A left and a right shoe must be of the same model.")
        if not self.is_pair and any(variant.single_minor is None for variant in self):
            raise NotSold(f"{self.first.product.title} is sold in pairs of one size only.")

    @property
    def unit_minor(self) -> int:
        """The price of one shoe, or of a pair; two sizes cost the higher of their two prices."""
        if self.is_single:
            return self.first.single_minor or 0
        return max(variant.price_minor for variant in self)

    @property
    def is_mixed(self) -> bool:
        """Whether it is a left and a right shoe of two sizes."""
        return not self.is_pair and not self.is_single

    @property
    def color(self) -> str:
        names = [variant.color.name for variant in self]
        return names[0] if names[0] == names[-1] else f"{names[0]} left and {names[-1]} right"

    @property
    def size(self) -> str:
        """The size; of two sizes both, with their widths: "left 8 Wide, right 10 Extra wide"."""
        if not self.is_mixed:
            return self.first.size
        left, right = (" ".join(filter(None, (each.size, each.width))) for each in self)
        return f"left {left}, right {right}"

    @property
    def labelled_size(self) -> str:
        """The size, or both, with what the model calls them."""
        if not self.is_mixed:
            return self.first.labelled_size
        return f"{self.first.product.size_label}: {self.size}"

    @property
    def width(self) -> str:
        return "" if self.is_mixed else self.first.width

    @property
    def side(self) -> str:
        """Which single shoe it is; '' for two."""
        return side_words(has_left=self.left is not None, has_right=self.right is not None)

    @property
    def choice(self) -> str:
        """Color, size, width and side in one phrase."""
        return ", ".join(filter(None, (self.color, self.labelled_size, self.width, self.side)))

    @property
    def name(self) -> str:
        """Title and choice in one phrase."""
        return ", ".join(filter(None, (self.first.product.title, self.choice)))

    def there(self, *, more: Shoes) -> int | None:
        """Return how many are free, with `more` than the stock says; None if not counted."""
        return min((free for _, free in self._free(more)), default=None)

    def availability(self, *, more: Shoes, today: date, low: int) -> Availability:
        """Return what is told of these shoes to somebody who has `more` than the stock says."""
        counted = self._free(more)
        missing = [variant.restock_on for variant, free in counted if free <= 0]
        stock = Stock(
            counted=bool(counted),
            free_pairs=min((free for _, free in counted), default=0),
            # Only when each missing shoe is back can they be bought.
            restock_on=max((d for d in missing if d), default=None) if all(missing) else None,
        )
        tell = availability if self.is_pair else availability_of_sides
        return tell(stock, today=today, low=low)

    def _free(self, more: Shoes) -> list[tuple[Variant, int]]:
        """Return the counted variants, each with its free shoes of the side that is taken."""
        sides = ((self.left, LEFT), (self.right, RIGHT))
        return [
            (variant, variant.free(side) + more.get((variant.id, side), 0))
            for variant, side in sides
            if variant is not None and variant.counted
        ]


def side_words(*, has_left: bool, has_right: bool) -> str:
    """Return which single shoe it is, '' where it is two."""
    if has_left and has_right:
        return ""
    return "left shoe only" if has_left else "right shoe only"
