"""How kinds of brace are told apart by whoever looks at one, for people who were never told.

AFO is the field's term for an ankle-foot orthosis (ISO 8549-3); the others are names that are
common among those who make braces.
"""

from collections.abc import Iterable

_KINDS = {  # by a part of its name; what is said of it goes on after the name
    "solid": "one stiff piece of plastic behind the calf and under the foot; the ankle cannot bend",
    "hinged": "one piece for the calf and one for the foot, with a joint at the ankle between them",
    "leaf spring": "a thin plastic strip behind calf and heel, narrow at the ankle, where it gives",
    "carbon": "thin and springy, of carbon fiber, which is mostly black, with a flat plate under"
    " the foot",
    "smo": "a short cup around the foot that ends just above the ankle bones",
    "foot-up": "a soft cuff around the ankle with an elastic that lifts the front of the foot;"
    " nothing goes under the foot",
    "afo": "an ankle-foot orthosis: it holds foot and ankle, and ends below the knee",
}


def told_apart(braces: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Return those that can be told by their name, each with what it looks like."""
    looks = (
        (brace, next((said for kind, said in _KINDS.items() if kind in brace.lower()), ""))
        for brace in braces
    )
    return tuple((brace, said) for brace, said in looks if said)
