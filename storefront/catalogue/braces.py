"""How kinds of brace are told apart by whoever looks at one, for people who were never told.

AFO is the field's term for an ankle-foot orthosis (ISO 8549-3); the others are names that are
common among those who make braces.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

STEPS = {"solid": 2, "hinged": 2, "afo": 1, "smo": 1}  # widths; by a word of its name


class Look(NamedTuple):
    """What a kind of brace looks like: words that go on after its name, and a drawing of ours, ''
    where there is none.
    """

    brace: str
    said: str
    drawing: str


_KINDS = {  # by a part of its name
    "solid": (
        "one stiff piece of plastic behind the calf and under the foot; the ankle cannot bend",
        "solid.svg",
    ),
    "hinged": (
        "one piece for the calf and one for the foot, with a joint at the ankle between them",
        "hinged.svg",
    ),
    "leaf spring": (
        "a thin plastic strip behind calf and heel, narrow at the ankle, where it gives",
        "leaf-spring.svg",
    ),
    "carbon": (
        "thin and springy, of carbon fiber, which is mostly black, with a flat plate under"
        " the foot",
        "carbon.svg",
    ),
    "smo": ("a short cup around the foot that ends just above the ankle bones", "smo.svg"),
    "foot-up": (
        "a soft cuff around the ankle with an elastic that lifts the front of the foot;"
        " nothing goes under the foot",
        "foot-up.svg",
    ),
    "afo": ("an ankle-foot orthosis: it holds foot and ankle, and ends below the knee", ""),
}

ALL_SAID = " ".join(said for said, _ in _KINDS.values())


def told_apart(braces: Iterable[str]) -> tuple[Look, ...]:
    """Return those that can be told by their name, each with what it looks like."""
    return tuple(_looks(braces))


def _looks(braces: Iterable[str]) -> Iterator[Look]:
    for brace in braces:
        kind = next((kind for kind in _KINDS if kind in brace.lower()), None)
        if kind:
            yield Look(brace, *_KINDS[kind])


def steps_for(brace: str) -> int:
    """Return how many widths wider a brace asks for (rule 3 of docs/fit-rules.md)."""
    named = brace.lower()
    return next((steps for word, steps in STEPS.items() if word in named), 0)


class OverBrace(NamedTuple):
    """What is told of a shoe over a brace: the shopper's own one, '' where that is not known; which
    width to take over each that it takes; over which the shown width is too narrow, and for whom it
    is over the own one.
    """

    own: str
    widths: list[tuple[str, str]]
    too_narrow_for: list[str]
    usual: str


def over_brace(
    own: str, takes: Sequence[str], scale: Sequence[str], made: Sequence[str], shown: str
) -> OverBrace:
    """Return what is told of a shoe that takes some braces, of the shopper's alone where it is
    among them.

    `scale` are the shop's widths, the narrowest first, `made` those of the shoe, `shown` one of it.
    """
    if own in takes:
        takes = (own,)
    return OverBrace(
        own if own in takes else "",
        widths_over(takes, scale, made),
        too_narrow_for(shown, takes, scale),
        _usual_for(own, shown, scale) if own in takes else "",
    )


def widths_over(
    braces: Sequence[str], scale: Sequence[str], made: Sequence[str]
) -> list[tuple[str, str]]:
    """Return the braces that a shoe takes, those that ask for most room first, each time with the
    width to take over them, by the width that is taken without one.

    `scale` are the shop's widths, the narrowest first, and `made` those of the shoe.
    """
    by_steps: dict[int, list[str]] = {}
    for brace in braces:
        by_steps.setdefault(steps_for(brace), []).append(brace)
    return [
        (", ".join(named), _width_over(steps, scale, made))
        for steps, named in sorted(by_steps.items(), reverse=True)
    ]


def _width_over(steps: int, scale: Sequence[str], made: Sequence[str]) -> str:
    if not steps:
        return "your usual width."
    over = [pair for pair in widths_by_usual(steps, scale) if pair[1] in made]
    if not over:
        return "this shoe is too narrow."
    told = ", ".join(f"{width} if you take {usual} without it" for usual, width in over[:1])
    told += "".join(f", {width} if you take {usual}" for usual, width in over[1:])
    return f"{told}. Too narrow if you take more than {over[-1][0]}."


def with_room(braces: Sequence[str], scale: Sequence[str]) -> tuple[str, ...]:
    """Return the widths that have room for one of these braces on the narrowest foot; nothing
    where all have, or none does.
    """
    steps = min(map(steps_for, braces), default=0)
    return tuple(scale[steps:]) if steps else ()


def by_room(braces: Iterable[str], scale: Sequence[str]) -> dict[tuple[str, ...], list[str]]:
    """Return braces by the widths that have room for them."""
    found: dict[tuple[str, ...], list[str]] = {}
    for brace in braces:
        found.setdefault(with_room((brace,), scale), []).append(brace)
    return found


def widths_by_usual(steps: int, scale: Sequence[str]) -> list[tuple[str, str]]:
    """Return each width that may be taken without a brace with the one so many steps wider."""
    return list(zip(scale, scale[steps:], strict=False))


def _usual_for(brace: str, width: str, scale: Sequence[str]) -> str:
    """Return the width that is taken without a brace by whom this width is for over it, or ''."""
    pairs = widths_by_usual(steps_for(brace), scale)
    return next((usual for usual, over in pairs if over == width), "")


def too_narrow_for(width: str, braces: Sequence[str], scale: Sequence[str]) -> list[str]:
    """Return the braces over which a width is too narrow, even for the narrowest foot."""
    return [brace for brace in braces if width in scale[: steps_for(brace)]]
