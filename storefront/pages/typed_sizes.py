"""The sizes of shoes in what somebody typed into the search, and what is left to look for."""

import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from storefront.catalogue.filters import Asked, Choice
from storefront.catalogue.views import all_choices
from storefront.search.synonyms import OTHERS, words_of

NUMBER = re.compile(r"(?<![0-9.$])[0-9]{1,2}(?:\.5)?(?![0-9.])")
HALF = re.compile(r"([0-9]) ?(?:½|1/2)")
LARGEST = 60  # of any system


class Typed(NamedTuple):
    """The sizes, and with these the width, that are asked for; the same in words; what is left to
    look for; and what is to be said of sizes that no shoe has.
    """

    asked: Asked
    words: str
    rest: str
    missing: str = ""


def read(typed: str) -> Typed:
    """Read sizes of the shop's own systems: of men's, where men's are asked for."""
    plain = HALF.sub(r"\1.5", typed)
    numbers = set(NUMBER.findall(plain))
    if not numbers:
        return Typed(Asked(), "", typed)
    named = set(words_of(typed))
    unwanted = [
        others
        for one, others in OTHERS.items()
        if not named.isdisjoint(one) and named.isdisjoint(others)
    ]
    there = all_choices(None)
    own = [
        size
        for size in there["size"]
        if all(set(words_of(size.group)).isdisjoint(each) for each in unwanted)
    ]
    sizes = [size for size in own if size.words in numbers]
    if not sizes:
        is_of_size = unwanted or "size" in named
        wrong = next((each for each in numbers if float(each) <= LARGEST), "") if is_of_size else ""
        said = f"We have no shoe in size {wrong}. {_ranges(own)}" if wrong else ""
        return Typed(Asked(), "", _without({wrong}, plain) if wrong else typed, said)
    said = f" {' '.join(words_of(typed))} "
    widths = [each.value for each in there["width"] if f" {each.value.lower()} " in said]
    width = max(widths, key=len, default="")
    asked = Asked(size=tuple(size.value for size in sizes), width=(width,) if width else ())
    found = dict.fromkeys(size.words for size in sizes)
    words = ", ".join(filter(None, (f"size {' or '.join(found)}", width)))
    return Typed(asked, words, _without(found, plain))


def _without(numbers: Collection[str], plain: str) -> str:
    """Return what was typed without some numbers; where nothing is left, shoes are meant."""
    rest = NUMBER.sub(lambda found: "" if found[0] in numbers else found[0], plain)
    return rest if words_of(rest) else "shoes"


def _ranges(sizes: Sequence[Choice]) -> str:
    """Return from which size to which each system goes: "US men's sizes go from 7 to 13."."""
    by_system: dict[str, list[str]] = {}
    for size in sizes:
        by_system.setdefault(size.group, []).append(size.words)
    told = (f"{group}s go from {all_of[0]} to {all_of[-1]}." for group, all_of in by_system.items())
    return " ".join(told)
