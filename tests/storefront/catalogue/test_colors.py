"""A color is found by everyday names, whatever a shop calls it."""

import pytest

from storefront.catalogue.colors import everyday_names


@pytest.mark.parametrize(
    ("swatch", "name"),
    [
        ("#96663e", "brown"),  # saddle
        ("#7a5238", "brown"),  # walnut
        ("#a88d68", "tan"),  # sand
        ("#d2b48c", "tan"),
        ("#4a4b50", "grey"),  # charcoal
        ("#56646f", "gray"),  # slate
        ("#3b3b3f", "black"),
        ("#000000", "black"),
        ("#fefefe", "white"),
        ("#fbf9f4", "white"),
        ("#343b50", "blue"),  # night
        ("#000080", "navy"),
        ("#2f7478", "green"),  # teal is either
        ("#2f7478", "blue"),
        ("#666c49", "green"),  # moss
        ("#96403f", "red"),  # brick
        ("#ff0000", "red"),
        ("#ffb6c1", "pink"),
        ("#ff69b4", "pink"),
        ("#6d4560", "purple"),  # plum
        ("#800080", "purple"),
        ("#ff8c00", "orange"),
        ("#ffd700", "yellow"),
    ],
)
def test_color_has_the_name_that_people_give_it(swatch: str, name: str) -> None:
    assert name in everyday_names(swatch)


def test_every_color_has_a_name_and_none_is_told_without_a_swatch() -> None:
    parts = [f"{step:02x}" for step in range(0, 256, 15)]

    assert all(everyday_names(f"#{r}{g}{b}") for r in parts for g in parts for b in parts)
    assert everyday_names("") == ()
