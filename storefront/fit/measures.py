"""Lengths and weights as people write them."""

import re
from collections.abc import Mapping

from storefront.catalogue.systems import INCH, OUNCE
from storefront.fields import ReadField

LENGTHS = {"mm": 1, "cm": 10, **dict.fromkeys(("in", "inch", "inches", '"', "”", "″"), INCH)}
WEIGHTS = {"g": 1, **dict.fromkeys(("oz", "ounce", "ounces"), OUNCE)}
_WRITTEN = re.compile(
    r"(?P<number>[0-9]{1,4}([.,][0-9]{1,3})?)?"
    r"((^|[ -]+)(?P<over>[1-9])/(?P<under>[2-9]|1[0-6]))?"
    r" *(?P<unit>[a-z]+|[\"”″])?\.?",
    re.IGNORECASE,
)


def read(typed: str, units: Mapping[str, float], *, least: int) -> float | None:
    """Return millimeters or grams of "85", "85 mm", "3.3 in" or '3 1/2"'; None if it is neither.

    `units` are LENGTHS or WEIGHTS. A number without a unit that is below `least`, and so cannot be
    millimeters or grams, is taken for inches or ounces.
    """
    found = _WRITTEN.fullmatch(typed)
    if not found or not (found["number"] or found["over"]):
        return None
    amount = float((found["number"] or "0").replace(",", "."))
    amount += int(found["over"]) / int(found["under"]) if found["over"] else 0
    unit = (found["unit"] or "").lower()
    if unit:
        return amount * units[unit] if unit in units else None
    return amount if amount >= least else amount * max(units.values())


class LengthField(ReadField):
    """A length, kept in whole millimeters."""

    units: Mapping[str, float] = LENGTHS
    names = ("mm", "in", INCH)

    def __init__(self, label: str, least: int, most: int, **more: object) -> None:
        super().__init__(label, **more)
        self.least, self.most = least, most

    def read(self, typed: str) -> int:
        amount = read(typed, self.units, least=self.least)
        if amount is None or not self.least <= round(amount) <= self.most:
            metric, other, size = self.names
            raise ValueError(
                f"Please write a number from {self.least} to {self.most:,} {metric}, or from"
                f" {self.least / size:.1f} to {self.most / size:.0f} {other}."
            )
        return round(amount)


class WeightField(LengthField):
    """A weight, kept in whole grams."""

    units = WEIGHTS
    names = ("g", "oz", OUNCE)
