"""An accent color that people can read: 7 to 1 on every ground of the shop, light and dark."""

import re
from pathlib import Path

import pytest

from storefront.settings import colors

TOKENS = Path(__file__).parents[3] / "static" / "css" / "tokens.css"


def test_grounds_are_those_of_the_tokens() -> None:
    named = re.findall(r"--(?:paper|raised|backdrop): (#\w{6})", TOKENS.read_text())

    assert tuple(named) == colors.LIGHT_GROUNDS + colors.DARK_GROUNDS


def test_contrast_is_as_wcag_defines_it() -> None:
    assert colors.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert colors.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)
    assert colors.contrast("#1c5541", "#1c5541") == 1


@pytest.mark.parametrize(
    "color", ["#ffffff", "#000000", "#ff0000", "#ffff00", "#3366cc", "#808080", "#1c5541"]
)
def test_nearest_readable_color_can_be_read_everywhere(color: str) -> None:
    near = colors.nearest_readable(color)
    tokens = re.findall(r"--(accent|accent-strong|on-accent): (#\w{6})", colors.styles(color))
    light, dark = dict(tokens[:3]), dict(tokens[3:])

    assert colors.is_readable(near)
    assert (near == color) is colors.is_readable(color)
    for accent, grounds in ((light, colors.LIGHT_GROUNDS), (dark, colors.DARK_GROUNDS)):
        for name in ("accent", "accent-strong"):
            assert all(colors.contrast(accent[name], ground) >= 7 for ground in grounds)
            assert colors.contrast(accent[name], accent["on-accent"]) >= 7
