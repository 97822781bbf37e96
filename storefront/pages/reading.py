"""What a search asks for besides its words: sizes and a width, and the most it may cost."""

import re
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import NamedTuple

from storefront.catalogue import systems
from storefront.catalogue.braces import STEPS, steps_for
from storefront.catalogue.colors import ALL_NAMES
from storefront.catalogue.filters import QUARTER, Asked, Choice
from storefront.catalogue.searching import DEEP
from storefront.catalogue.views import all_choices, kinds
from storefront.pages.wording import written
from storefront.search.synonyms import (
    CHEAP,
    MEANINGS,
    MEN,
    NOTHING,
    OTHERS,
    SHOES,
    WOMEN,
    words_of,
)

NUMBER = re.compile(r"(?<![0-9.])[0-9]{1,2}(?:\.5)?(?![0-9.])")
SIZE = re.compile(r"\bsizes?\b", re.IGNORECASE)
MILLIMETERS = re.compile(r"\b([1-9][0-9]{1,2}) ?mm\b", re.IGNORECASE)
DEPTH = frozenset({"depth", "deep"})
BRACE = next(group for group in MEANINGS if "afo" in group)
PRICE = re.compile(
    r"(?:\b(?:under|below|up to|less than|at most) ?[$€£]? ?|[$€£] ?)([0-9]{1,5})\b(?:\.[0-9]{2})?",
    re.IGNORECASE,
)
LARGEST = 60  # size of any system
AGE = re.compile(
    r"\b[0-9]{1,3}[ -]?(?:years?|yrs?)\b(?:[ -]?olds?\b)?|\baged? [0-9]{1,3}\b", re.IGNORECASE
)
ABROAD = re.compile(r"\b(?:(?P<eu>eu|euro|european)|uk|british)\b", re.IGNORECASE)
LEAST_EU = 33  # a size of no other system is as large


class Read(NamedTuple):
    """What is asked for; sizes and width in words; what is left to look for; and what is to be said
    beside it. `most` is in units of the currency. `only_shoes`: no page can be meant. `unwanted`
    are words of looks and colors that are left out. `min_depth`: so deep inside, in millimeters.
    """

    rest: str
    asked: Asked = Asked()
    words: str = ""
    said: tuple[str, ...] = ()
    most: Decimal | None = None
    only_shoes: bool = False
    unwanted: tuple[tuple[str, ...], ...] = ()
    min_depth: int | None = None


def read(typed: str) -> Read:
    """Read what was typed, with sizes of the shop's own systems: men's, where men's are meant."""
    plain, unwanted, left_out = written(AGE.sub(" ", typed), kinds().widths)
    deep = None
    if not DEPTH.isdisjoint(words_of(plain)):
        millimeters = MILLIMETERS.search(plain)
        deep = int(millimeters[1]) if millimeters else DEEP
        plain = MILLIMETERS.sub(" ", plain)
    price = PRICE.search(plain)
    most = Decimal(price[1]) if price else None
    plain = PRICE.sub(" ", plain)
    asked, words, said, used = _sizes(plain)
    rest = NUMBER.sub(lambda found: "" if found[0] in used else found[0], plain)
    if used:
        rest = ABROAD.sub(" ", SIZE.sub(" ", rest))
        for width in asked.width:
            rest = re.sub(rf"\b{re.escape(width)}\b", " ", rest, flags=re.IGNORECASE)
    is_cheap = not CHEAP.isdisjoint(words_of(plain))
    sought = set(words_of(rest)) - NOTHING - SHOES
    told = sought & {*MEN, *WOMEN, *ALL_NAMES}  # for whom and in what color: all of it of shoes
    is_of_shoe = used or price or is_cheap or unwanted or not told.isdisjoint(ALL_NAMES)
    only_shoes = sought == told and bool(is_of_shoe)
    if only_shoes:
        rest = " ".join(["shoes", *sorted(told)])
    elif used:
        rest = f"shoes {rest}"
    return Read(
        rest, asked, words, (*left_out, *said), most, only_shoes or bool(unwanted), unwanted, deep
    )


def _sizes(plain: str) -> tuple[Asked, str, tuple[str, ...], Collection[str]]:
    """Return the sizes and the width, the same in words, what is to be said of them, and the
    numbers that were read.
    """
    numbers, named = set(NUMBER.findall(plain)), set(words_of(plain))
    if not numbers:
        return Asked(), "", (), ()
    there = all_choices(None)
    unwanted = [
        others
        for one, others in OTHERS.items()
        if not named.isdisjoint(one) and named.isdisjoint(others)
    ]
    own = [
        size
        for size in there["size"]
        if all(set(words_of(size.group)).isdisjoint(each) for each in unwanted)
    ]
    is_of_size = bool(unwanted or "size" in named)
    system = _abroad(plain, numbers, is_of_size=is_of_size)
    about: tuple[str, ...] = ()
    if system and not any(system in size.group for size in own):
        sizes, about = _as_long(numbers, system, own)
    else:
        sizes = [size for size in own if size.words in numbers]
    if not sizes:
        told = is_of_size or system
        wrong = next((each for each in numbers if told and float(each) <= LARGEST), "")
        none = f"We have no shoe in {f'{system} size'.strip()} {wrong}. {_ranges(own)}"
        return Asked(), "", (none,) if wrong else (), {wrong} - {""}
    widths, said = _widths(plain, [width.value for width in there["width"]])
    found = dict.fromkeys(size.words for size in sizes)
    words = ", ".join(filter(None, (f"size {' or '.join(found)}", " or ".join(widths))))
    used = numbers if about else found
    asked = Asked(size=tuple(size.value for size in sizes), width=widths)
    return asked, words, (*about, *said), used


def _abroad(plain: str, numbers: Collection[str], *, is_of_size: bool) -> str:
    """Return the system of sizes, "EU" or "UK", that is named or that only can be meant."""
    if named := ABROAD.search(plain):
        return "EU" if named["eu"] else "UK"
    return "EU" if is_of_size and min(map(float, numbers)) >= LEAST_EU else ""


def _as_long(
    numbers: Collection[str], system: str, own: Sequence[Choice]
) -> tuple[list[Choice], tuple[str, ...]]:
    """Return the shop's sizes for as long a foot as sizes of another system, and a sentence."""
    feet = [systems.foot_mm(number, system) for number in numbers]
    sizes = [
        size
        for size in own
        if (length := systems.foot_mm(size.words, size.group))
        and any(foot and abs(foot - length) <= QUARTER for foot in feet)
    ]
    if not sizes:
        return [], ()
    same = ", ".join(f"{size.group} {size.words}" for size in sizes)
    typed = " or ".join(sorted(numbers))
    return sizes, (
        f"{system} {typed} is about {same}. Makers differ: look at the length of foot on its page.",
    )


def _widths(plain: str, scale: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the width that is named, else those that have room for the brace that is named (rule 3
    of docs/fit-rules.md), and what is to be said then.
    """
    said = f" {' '.join(words_of(plain))} "
    named = max((each for each in scale if f" {each.lower()} " in said), key=len, default="")
    is_brace = any(f" {phrase} " in said for phrase in BRACE)
    kind = next((kind for kind in STEPS if f" {kind} " in said), "afo" if is_brace else "")
    wide = tuple(scale[steps_for(kind) :]) if kind else ()
    if named:
        narrow = f"Over this brace {named} is too narrow: only {' or '.join(wide)} has room."
        return (named,), (narrow,) if wide and named not in wide else ()
    if not wide:
        return (), ()
    stiff = scale[steps_for("solid") :]
    over = f"Over this brace only {' or '.join(wide)} has room"
    if kind == "afo" and stiff:
        over += f", over a solid or hinged one only {' or '.join(stiff)}"
    return wide, (f"{over}, so we looked for {' or '.join(wide)}.",)


def _ranges(sizes: Sequence[Choice]) -> str:
    """Return from which size to which each system goes: "US men's sizes go from 7 to 13."."""
    by_system: dict[str, list[str]] = {}
    for size in sizes:
        by_system.setdefault(size.group, []).append(size.words)
    told = (f"{group}s go from {all_of[0]} to {all_of[-1]}." for group, all_of in by_system.items())
    return " ".join(told)
