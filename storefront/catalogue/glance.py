"""What decides first about a shoe, in few words: for its page and its card."""

from collections.abc import Sequence

SINGLY = "Left and right may differ"
HANDS = {1: "closes with one hand", 2: "takes two hands to close"}


def of_page(
    sizes_are: str,
    sizes: Sequence[str],
    widths: Sequence[str],
    closure: str | None,
    hands: int | None,
    braces: Sequence[str],
    *,
    singly: bool,
) -> tuple[str, ...]:
    """Return whose sizes, which widths, how it closes, over which braces and whether left and right
    may differ, as far as known.

    Sizes and widths are in order.
    """
    facts = (
        f"{sizes_are} {_span(sizes)}" if sizes else "",
        _listed(widths),
        _closing(closure, hands),
        f"Fits these braces: {', '.join(braces)}" if braces else "",
        SINGLY if singly else "",
    )
    return tuple(filter(None, facts))


def of_card(
    sizes: str,
    narrowest: str,
    widest: str,
    closure: str | None,
    hands: int | None,
    braces: Sequence[str],
    *,
    singly: bool,
) -> str:
    """Return the same in one line, with how the shoe is closed."""
    facts = (
        sizes,
        narrowest if narrowest == widest else f"{narrowest} to {widest.lower()}",
        _closing(closure, hands),
        f"fits {', '.join(braces)}" if braces else "",
        SINGLY if singly else "",
    )
    return " ".join(f"{_capital(fact)}." for fact in facts if fact)


def _closing(closure: str | None, hands: int | None) -> str:
    return _capital(", ".join(filter(None, (closure, HANDS.get(hands or 0)))))


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def called(label: str, system: str) -> str:
    """Return what a shop calls its sizes, with their system where that is not in it."""
    return f"{label} ({system})" if system else label


def _span(sizes: Sequence[str]) -> str:
    return sizes[0] if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"


def _listed(words: Sequence[str]) -> str:
    """Return "Standard, Wide or Extra wide"."""
    return " or ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
