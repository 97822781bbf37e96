"""One size in other systems, by the length of the foot."""

import pytest

from storefront.catalogue.systems import foot_mm, table


@pytest.mark.parametrize(
    ("size", "system", "length"),
    [
        ("9", "US men's size", 262.5),  # 10 1/3 inches on the Brannock device
        ("9", "US women's size", 254.0),  # 10 inches
        ("8", "UK", 262.5),
        ("42", "EU", 260.0),
        ("8.5", "Size US women's", 249.8),
        ("42", "EU women's size", 260.0),
        ("9", "Size", None),
        ("One size", "EU", None),
        ("", "EU", None),
    ],
)
def test_size_is_made_for_a_length_of_foot(size: str, system: str, length: float | None) -> None:
    assert foot_mm(size, system) == (length and pytest.approx(length, abs=0.1))


def test_table_says_each_size_once_in_all_other_systems() -> None:
    nine, ten = table(["9", "10", "9"], "US women's size")

    assert nine[:2] == ("9", 254)
    assert nine.others == (("US men’s", "8"), ("UK", "7"), ("EU", "41"))
    assert ten.foot_mm == 262 and f"{ten.foot_inches:.1f}" == "10.3"


@pytest.mark.parametrize("sizes", [["9", "Large"], ["99"], []])
def test_no_table_is_better_than_a_wrong_one(sizes: list[str]) -> None:
    assert table(sizes, "US men's size") == ()
