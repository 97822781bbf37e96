"""Sizes, widths and what is not wanted, as people write them, put into words that a shop has.

"8EE" is a size and a width, "seven and a half" is 7.5, and "no velcro" leaves out what closes so.
The letters are those that sellers in the United States use, in which a woman's D is a man's 2E.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from storefront.catalogue.colors import ALL_NAMES
from storefront.search.synonyms import MEN, WOMEN, words_of

NUMBERS = {
    "five": "5", "six": "6", "seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11",
    "twelve": "12", "thirteen": "13", "fourteen": "14", "fifteen": "15", "sixteen": "16",
}  # fmt: skip
HALF = re.compile(r"([0-9]{1,2})(?: ?(?:½|1/2)| and (?:a |one )?half\b)", re.IGNORECASE)
WRITTEN = re.compile(rf"\b(?:{'|'.join(NUMBERS)})\b", re.IGNORECASE)
OF_SIZE = frozenset({"size", "sizes", "half", *MEN, *WOMEN})

_MANY = "4e|3e|2e|eeee|eee|ee|xw|ww"  # these alone name a width, other letters beside a number
LETTERS = re.compile(
    rf"\b(?P<alone>{_MANY})\b|\b(?P<before>[bdew]) (?P<sized>[0-9]{{1,2}}(?:\.5)?)\b"
    rf"|\b(?P<size>[0-9]{{1,2}}(?:\.5)?) ?(?P<after>{_MANY}|[bdew])\b",
    re.IGNORECASE,
)
_EITHER = {"w": "wide"} | dict.fromkeys(("3e", "eee", "4e", "eeee", "xw", "ww"), "extra wide")
MENS = {"d": "standard", "e": "wide", "ee": "wide", "2e": "wide", **_EITHER}
WOMENS = {"b": "standard", "d": "wide", "e": "extra wide", "ee": "extra wide", "2e": "extra wide"}
WOMENS |= _EITHER

# What a shoe is called by its look, and so can be left out; colors are too.
LOOKS = (
    ("lace", "laces"),
    ("hook and loop", "velcro"),
    ("zip", "zipper"),
    ("sandal", "sandals"),
    ("boot", "boots", "high top"),
    ("slipper", "slippers", "house shoe"),
    ("slip on",),
)
_PHRASES = {phrase.replace(" ", "[ -]") for look in LOOKS for phrase in look} | ALL_NAMES
_NAMED = "|".join(sorted(_PHRASES, key=len, reverse=True))  # the longest is tried first
UNWANTED = re.compile(
    rf"\b(?:no|not|without|except|non)[ -](?:any |a |the )?(?P<named>{_NAMED})\b", re.IGNORECASE
)


class Written(NamedTuple):
    """What was typed, in plain words; what is not wanted, each in all its words; and what is to be
    said of that.
    """

    plain: str
    unwanted: tuple[tuple[str, ...], ...] = ()
    said: tuple[str, ...] = ()


def written(typed: str, widths: Collection[str]) -> Written:
    """Put what was typed into plain words; `widths` are the names that the shop has for them."""
    said: list[str] = []
    named = set(words_of(typed))
    plain = typed
    if not named.isdisjoint(OF_SIZE):
        plain = WRITTEN.sub(lambda found: NUMBERS[found[0].lower()], plain)
    plain = HALF.sub(r"\1.5", plain)
    meaning = WOMENS if not named.isdisjoint(WOMEN) else MENS
    shop_has = {width.lower() for width in widths}

    def in_words(found: re.Match[str]) -> str:
        letters = found["after"] or found["before"] or found["alone"]
        width = meaning.get(letters.lower())
        if width not in shop_has:
            return found[0]
        said.append(
            f"We took {letters.upper()} for {width}. Makers differ in these letters, so look at"
            " how wide a shoe is inside, on its page."
        )
        return " ".join(filter(None, (found["size"] or found["sized"], width)))

    plain = LETTERS.sub(in_words, plain)
    unwanted = []
    for found in UNWANTED.finditer(plain):
        name = found["named"].lower().replace("-", " ")
        unwanted.append(next((look for look in LOOKS if name in look), (name,)))
        said.append(f"What is called “{name}” is left out.")
    return Written(UNWANTED.sub(" ", plain), tuple(unwanted), tuple(said))
