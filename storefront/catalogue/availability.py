"""The words for stock: the one place that says how much is there."""

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import NamedTuple, Protocol

from storefront.clock import day_words


class Level(StrEnum):
    """What a stock state means for a buyer; the values are schema.org's ItemAvailability."""

    IN_STOCK = "InStock"
    FEW = "LimitedAvailability"
    NONE = "OutOfStock"


class Stocked(Protocol):
    """What is asked of a variant to say how much of it is there."""

    @property
    def counted(self) -> bool: ...
    @property
    def free_pairs(self) -> int: ...
    @property
    def restock_on(self) -> date | None: ...


class Availability(NamedTuple):
    """What a person is told about stock. `pairs` is None where nothing is counted."""

    words: str
    level: Level
    pairs: int | None

    @property
    def can_buy(self) -> bool:
        """Return whether at least one pair can be bought now."""
        return self.level is not Level.NONE

    def allows(self, pairs: int) -> bool:
        """Return whether so many pairs can be bought now."""
        return self.pairs is None or pairs <= self.pairs


def availability(variant: Stocked, *, today: date, low: int = 3) -> Availability:
    """Return what is told about one size: "24 in stock", "Only 3 left", "Back on …"."""
    if not variant.counted:
        return Availability("In stock", Level.IN_STOCK, None)
    if variant.free_pairs > low:
        return Availability(f"{variant.free_pairs} in stock", Level.IN_STOCK, variant.free_pairs)
    if variant.free_pairs > 0:
        return Availability(f"Only {variant.free_pairs} left", Level.FEW, variant.free_pairs)
    return _none(variant.restock_on, today)


def availability_of(sizes: Iterable[Stocked], *, today: date, low: int = 3) -> Availability:
    """Return what a card tells of one color: the sum of free pairs over its published sizes."""
    sizes = list(sizes)
    if any(not size.counted for size in sizes):
        return Availability("In stock", Level.IN_STOCK, None)
    pairs = sum(size.free_pairs for size in sizes)
    if pairs > low:
        return Availability(f"{pairs} in stock", Level.IN_STOCK, pairs)
    if pairs > 0:
        return Availability(f"{pairs} left in all sizes", Level.FEW, pairs)
    coming = [s.restock_on for s in sizes if s.restock_on is not None and s.restock_on >= today]
    return _none(min(coming, default=None), today)


def availability_of_sides(stock: Stocked, *, today: date, low: int = 3) -> Availability:
    """Return what is told of single shoes, of which "3 left" would be read as a side."""
    told = availability(stock, today=today, low=low)
    if told.level is Level.FEW:
        return told._replace(words=f"Only {told.pairs} in stock")
    return told


def _none(restock_on: date | None, today: date) -> Availability:
    """A restock date that has passed is no longer true, so it is not said."""
    if restock_on is not None and restock_on >= today:
        return Availability(f"Back on {day_words(restock_on)}", Level.NONE, 0)
    return Availability("Out of stock", Level.NONE, 0)
