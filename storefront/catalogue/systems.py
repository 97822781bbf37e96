"""Measures in other units, and one size in other systems, by the length of the foot it is for.

US sizes are those of the Brannock device: a men's size is three times the length of the foot in
inches, less 22, a women's less 21; a British size is one less than a men's. A European size counts
two thirds of a centimeter of a last that is two centimeters longer than the foot (ISO 19407 gives
tables of the same systems). Makers differ, so people are told "about".
"""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

INCH = 25.4  # millimeters
OUNCE = 28.3495  # grams
LAST = 20.0  # millimeters that a last is longer than the foot
_SIZE = re.compile(r"[0-9]{1,2}(\.5|\.0)?")


class System(NamedTuple):
    """A way to count sizes: the words that name it, and both ways between size and millimeters."""

    name: str
    words: re.Pattern[str]
    foot_mm: Callable[[float], float]
    size: Callable[[float], float]


SYSTEMS = (  # "EU women's" is a European size, and "women" ends in "men": the last that is named
    System(
        "US men’s",
        re.compile(r"\bmen"),
        lambda size: (size + 22) / 3 * INCH,
        lambda foot: 3 * foot / INCH - 22,
    ),
    System(
        "US women’s",
        re.compile("women"),
        lambda size: (size + 21) / 3 * INCH,
        lambda foot: 3 * foot / INCH - 21,
    ),
    System(
        "UK",
        re.compile(r"\b(uk|british)\b"),
        lambda size: (size + 23) / 3 * INCH,
        lambda foot: 3 * foot / INCH - 23,
    ),
    System(
        "EU",
        re.compile(r"\b(eu|european)\b"),
        lambda size: size / 1.5 * 10 - LAST,
        lambda foot: 1.5 * (foot + LAST) / 10,
    ),
)


class Row(NamedTuple):
    """A size, the length of the foot in millimeters, and the size in the other systems by name."""

    size: str
    foot_mm: int
    others: tuple[tuple[str, str], ...]

    @property
    def foot_inches(self) -> float:
        return self.foot_mm / INCH


def millimeters(length: int) -> str:
    """Return a length for people who measure in either: "85 mm (3.3 in)"."""
    return f"{length} mm ({length / INCH:.1f} in)"


def grams(weight: int) -> str:
    """Return a weight for people who weigh in either: "310 g (10.9 oz)"."""
    return f"{weight} g ({weight / OUNCE:.1f} oz)"


def foot_mm(size: str, system: str) -> float | None:
    """Return the length of foot that a size is made for, in millimeters; None where unknown.

    `system` is what a shop calls its sizes, such as "US women's size" or "EU".
    """
    own = _own(system)
    return own.foot_mm(float(size)) if own and _SIZE.fullmatch(size) else None


def _own(system: str) -> System | None:
    named = system.lower()
    return next((each for each in reversed(SYSTEMS) if each.words.search(named)), None)


def table(sizes: Iterable[str], system: str) -> tuple[Row, ...]:
    """Return each size once in other systems; none where the shop's own is not known."""
    rows = []
    others = [each for each in SYSTEMS if each != _own(system)]
    for size in dict.fromkeys(sizes):
        length = foot_mm(size, system)
        if length is None or not 100 < length < 400:
            return ()
        told = tuple((each.name, _half(each.size(length))) for each in others)
        rows.append(Row(size, round(length), told))
    return tuple(rows)


def _half(number: float) -> str:
    return f"{round(number * 2) / 2:g}"
