"""How kinds of brace are told apart by whoever looks at one, for people who were never told.

AFO is the field's term for an ankle-foot orthosis (ISO 8549-3); the others are names that are
common among those who make braces.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple


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
