"""Measures in other units, and one size in other systems, by the length of the foot it is for.

US sizes are those of the Brannock device: a men's size is three times the length of the foot in
inches, less 22, a women's less 21; a British size is one less than a men's. A European size counts
two thirds of a centimeter of a last that is two centimeters longer than the foot (ISO 19407 gives
tables of the same systems). Makers differ, so people are told "about".
"""

import re
from collections.abc import Iterable
from typing import NamedTuple

INCH = 25.4  # millimeters
OUNCE = 28.3495  # grams
LAST = 20.0  # millimeters that a last is longer than the foot
_SIZE = re.compile(r"[0-9]{1,2}(\.5|\.0)?")


class Row(NamedTuple):
    """A size, the length of the foot in millimeters, and the size in four systems."""

    size: str
    foot_mm: int
    us_womens: str
    us_mens: str
    uk: str
    eu: str

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
    if not _SIZE.fullmatch(size):
        return None
    number, named = float(size), system.lower()
    if re.search(r"\b(eu|european)\b", named):
        return number / 1.5 * 10 - LAST
    if re.search(r"\b(uk|british)\b", named):
        return (number + 23) / 3 * INCH
    if "women" in named:
        return (number + 21) / 3 * INCH
    if re.search(r"\bmen", named):
        return (number + 22) / 3 * INCH
    return None


def table(sizes: Iterable[str], system: str) -> tuple[Row, ...]:
    """Return each size once in other systems; none where the shop's own is not known."""
    rows = []
    for size in dict.fromkeys(sizes):
        length = foot_mm(size, system)
        if length is None or not 100 < length < 400:
            return ()
        thirds, eu = 3 * length / INCH, 1.5 * (length + LAST) / 10
        systems = (thirds - 21, thirds - 22, thirds - 23, eu)
        rows.append(Row(size, round(length), *map(_half, systems)))
    return tuple(rows)


def _half(number: float) -> str:
    return f"{round(number * 2) / 2:g}"
