"""What a color is called by somebody who does not know its name: saddle and walnut are brown."""

import colorsys

GRAY, BLACK, WHITE = ("gray", "grey"), ("black",), ("white",)
BROWN, BEIGE, RED, PINK = ("brown",), ("beige", "tan"), ("red",), ("pink",)
NAVY = ("blue", "navy")
ORANGE, YELLOW, GREEN, TEAL = ("orange",), ("yellow",), ("green",), ("green", "blue")
BLUE, PURPLE = ("blue",), ("purple",)
ALL_NAMES = frozenset().union(
    GRAY, BLACK, WHITE, BROWN, BEIGE, RED, PINK, NAVY, ORANGE, YELLOW, GREEN, TEAL, BLUE, PURPLE
)
PALE = 0.15  # of 1: what has no more color than this is black, gray or white


def everyday_names(swatch: str) -> tuple[str, ...]:
    """Return the everyday names of a color such as #96663e; nothing where there is no swatch.

    The bounds are ours, drawn by eye.
    """
    if not swatch:
        return ()
    red, green, blue = bytes.fromhex(swatch[1:])
    hue, light, strength = colorsys.rgb_to_hls(red / 255, green / 255, blue / 255)
    if strength < PALE or not 0.08 < light < 0.93:
        return BLACK if light < 0.28 else WHITE if light > 0.85 else GRAY
    return _by_hue(hue * 360, light, strength)


def _by_hue(degrees: float, light: float, strength: float) -> tuple[str, ...]:
    if 15 <= degrees < 50 and light < 0.5:
        return BROWN
    if 15 <= degrees < 60 and strength < 0.5:
        return BEIGE
    if degrees < 15 or degrees >= 345:
        return PINK if light > 0.7 else RED
    if degrees >= 290:
        return PINK if light > 0.55 else PURPLE
    if 190 <= degrees < 255 and light < 0.37:
        return NAVY
    bounds = ((40, ORANGE), (65, YELLOW), (165, GREEN), (190, TEAL), (255, BLUE), (290, PURPLE))
    return next(names for below, names in bounds if degrees < below)
