"""Lengths and weights in the units that people have at hand."""

import pytest

from storefront.fit.measures import LENGTHS, WEIGHTS, read


@pytest.mark.parametrize(
    ("typed", "millimeters"),
    {
        "85": 85, "85 mm": 85, "85mm": 85, "8.5 cm": 85, "3.3 in": 83.82, '3 1/2"': 88.9,
        "3-1/2 inches": 88.9, "1/2 in.": 12.7, "3.5": 88.9, "3,5": 88.9, "20": 20, "19": 482.6,
    }.items(),
)  # fmt: skip
def test_length_is_read_in_either_unit(typed: str, millimeters: float) -> None:
    assert read(typed, LENGTHS, least=20) == pytest.approx(millimeters)


def test_weight_is_read_in_either_unit() -> None:
    assert read("14 oz", WEIGHTS, least=50) == pytest.approx(396.893)
    assert read("14", WEIGHTS, least=50) == pytest.approx(396.893)
    assert read("400 g", WEIGHTS, least=50) == read("400", WEIGHTS, least=50) == 400


@pytest.mark.parametrize("typed", ["", "mm", "9e9", "-1", "1/0 in", "3 feet", "31/2x", "85 g", "٣"])
def test_what_is_no_length_is_none(typed: str) -> None:
    assert read(typed, LENGTHS, least=20) is None
