"""The shop's own accent color: whether it can be read, the nearest that can, its styles."""

import colorsys
import re
from functools import cache

HEX = re.compile(r"#[0-9a-f]{6}")
LEAST = 7.0  # to one: WCAG 2.2, 1.4.6 (AAA)
# What accents stand on, as static/css/tokens.css has it.
LIGHT_GROUNDS = ("#faf6ef", "#fffdf9", "#efe8dc")
DARK_GROUNDS = ("#1b1a17", "#262420", "#3a3730")
ON_LIGHT_ACCENT, ON_DARK_ACCENT = "#ffffff", "#0d1f18"


def contrast(one: str, other: str) -> float:
    """Return the contrast of two colors (#rrggbb), 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def is_readable(color: str) -> bool:
    """Return whether text of this color can be read on every light ground, 7 to 1 or better."""
    return _reads_on(color, LIGHT_GROUNDS)


def nearest_readable(color: str) -> str:
    """Return the color itself, or the same hue as much darker as it must be to be read."""
    return _moved(color, LIGHT_GROUNDS, step=-1)


@cache
def styles(color: str) -> str:
    """Return the tokens of an accent: in light as it is, in dark as light as it must be."""
    light, dark = nearest_readable(color), _moved(color, DARK_GROUNDS, step=1)
    return (
        f":root {{ --accent: {light}; --accent-strong: {_shade(light, -16)};"
        f" --on-accent: {ON_LIGHT_ACCENT}; }}\n"
        "@media (prefers-color-scheme: dark) {\n"
        f"  :root {{ --accent: {dark}; --accent-strong: {_shade(dark, 16)};"
        f" --on-accent: {ON_DARK_ACCENT}; }}\n"
        "}\n"
    )


def _reads_on(color: str, grounds: tuple[str, ...]) -> bool:
    return all(contrast(color, ground) >= LEAST for ground in grounds)


def _moved(color: str, grounds: tuple[str, ...], *, step: int) -> str:
    while not _reads_on(color, grounds):
        color = _shade(color, step)
    return color


def _shade(color: str, steps: int) -> str:
    """Return the color that much lighter (up to 255 steps), or darker where it is negative."""
    hue, light, fullness = colorsys.rgb_to_hls(*_parts(color))
    light = min(1.0, max(0.0, round(light * 255 + steps) / 255))
    return "#" + "".join(
        f"{round(part * 255):02x}" for part in colorsys.hls_to_rgb(hue, light, fullness)
    )


def _luminance(color: str) -> float:
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in _parts(color)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _parts(color: str) -> tuple[float, float, float]:
    red, green, blue = (int(color[at : at + 2], 16) / 255 for at in (1, 3, 5))
    return red, green, blue
