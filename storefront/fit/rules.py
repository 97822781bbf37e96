"""The rules of the fit finder: measures and abilities in, shoes and one sentence each out.

Every rule stands in docs/fit-rules.md with its number and its source. Nothing here is a diagnosis,
and no rule ever makes up for depth or width with length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

HALF_SIZE = 25.4 / 6  # millimeters of foot, on the Brannock device
STEPS_FOR_BRACE = {"solid": 2, "hinged": 2, "afo": 1, "smo": 1}  # widths; by a word of its name
MOST_ADVISED = 12


class Lack(Enum):
    """Why a shoe is not advised."""

    BRACE = auto()
    HANDS = auto()
    DEPTH = auto()
    OPENING = auto()
    WEIGHT = auto()
    LENGTH = auto()
    WIDTH = auto()
    STOCK = auto()


@dataclass(frozen=True)
class Need:
    """What somebody has measured and can do; None, '' and 0 is "I do not know" or "any".

    Lengths are millimeters, weight is grams a shoe. `width_step` counts the shop's widths from the
    narrowest, of the foot without a brace.
    """

    foot_mm: float | None = None
    width_step: int | None = None
    brace: str = ""
    depth_mm: int | None = None
    opening_mm: int | None = None
    one_hand: bool = False
    swelling: bool = False
    most_weight_g: int | None = None

    @property
    def least_width(self) -> int | None:
        """The narrowest width that is advised: the foot's own, and more for brace and swelling."""
        if self.width_step is None:
            return None
        return self.width_step + steps_for(self.brace) + (1 if self.swelling else 0)


@dataclass(frozen=True)
class Size:
    """A size of a shoe that is sold; `width_step` is None where it has no width that is known."""

    sku: str
    name: str
    foot_mm: float | None
    width_step: int | None
    is_there: bool


@dataclass(frozen=True)
class Shoe:
    """A model in one color with what was measured of it; None where it was not."""

    title: str
    position: int
    sizes: Sequence[Size]
    braces: frozenset[str] = frozenset()
    hands: int | None = None
    depth_mm: int | None = None
    opening_mm: int | None = None
    weight_g: int | None = None


@dataclass(frozen=True)
class Advice:
    """A shoe that suits, the size of it, and why, in one sentence."""

    shoe: Shoe
    size: Size
    why: str


def steps_for(brace: str) -> int:
    """Return how many widths wider a brace asks for (rule 3)."""
    named = brace.lower()
    return next((steps for word, steps in STEPS_FOR_BRACE.items() if word in named), 0)


def advise(need: Need, shoes: Iterable[Shoe]) -> tuple[list[Advice], dict[Lack, int]]:
    """Return what suits, the best first, and for how many shoes each thing was lacking."""
    suits: list[tuple[tuple[float, ...], Advice]] = []
    lacking: dict[Lack, int] = {}
    for shoe in shoes:
        lack = _lack_of(need, shoe)
        sizes = [] if lack else [size for size in shoe.sizes if _suits(need, size)]
        there = [size for size in sizes if size.is_there]
        if lack is None and not sizes:
            lack = _lack_of_sizes(need, shoe)
        elif lack is None and not there:
            lack = Lack.STOCK
        if lack is not None:
            lacking[lack] = lacking.get(lack, 0) + 1
            continue
        best = min(there, key=lambda size: _distance(need, size))
        rank = (*_distance(need, best), shoe.weight_g or 10_000, shoe.position)
        suits.append((rank, Advice(shoe, best, _why(need, shoe, best))))
    suits.sort(key=lambda each: each[0])
    return [advice for _, advice in suits[:MOST_ADVISED]], lacking


def _lack_of(need: Need, shoe: Shoe) -> Lack | None:
    """Return what a model lacks in all its sizes. What was not measured is not counted on."""
    if need.brace and need.brace not in shoe.braces:
        return Lack.BRACE
    if need.one_hand and shoe.hands != 1:
        return Lack.HANDS
    if need.depth_mm is not None and (shoe.depth_mm or 0) < need.depth_mm:
        return Lack.DEPTH
    if need.opening_mm is not None and (shoe.opening_mm or 0) < need.opening_mm:
        return Lack.OPENING
    if need.most_weight_g is not None and (shoe.weight_g or 10_000) > need.most_weight_g:
        return Lack.WEIGHT
    return None


def _suits(need: Need, size: Size) -> bool:
    return _is_as_long(need, size) and _is_as_wide(need, size)


def _is_as_long(need: Need, size: Size) -> bool:
    """Whether a size is made for this length of foot, to half a size (rule 1)."""
    if need.foot_mm is None:
        return True
    return size.foot_mm is not None and abs(size.foot_mm - need.foot_mm) <= HALF_SIZE + 0.1


def _is_as_wide(need: Need, size: Size) -> bool:
    least = need.least_width
    return least is None or (size.width_step is not None and size.width_step >= least)


def _lack_of_sizes(need: Need, shoe: Shoe) -> Lack:
    as_long = any(_is_as_long(need, size) for size in shoe.sizes)
    return Lack.WIDTH if as_long else Lack.LENGTH


def _distance(need: Need, size: Size) -> tuple[float, float]:
    """How far a size is from what was asked: widths too many, then millimeters of length."""
    wide = (size.width_step or 0) - (need.least_width or 0) if need.least_width is not None else 0
    long = abs((size.foot_mm or 0) - need.foot_mm) if need.foot_mm is not None else 0.0
    return (wide, long)


def _why(need: Need, shoe: Shoe, size: Size) -> str:
    said = []
    if need.brace:
        said.append(f"takes a {need.brace}")
    if need.one_hand:
        said.append("closes with one hand")
    if need.depth_mm is not None:
        said.append(f"is {shoe.depth_mm} mm deep inside, where you need {need.depth_mm}")
    if need.opening_mm is not None:
        said.append(f"opens {shoe.opening_mm} mm wide, where you need {need.opening_mm}")
    if need.most_weight_g is not None:
        said.append(f"weighs {shoe.weight_g} g")
    if need.foot_mm is not None and size.foot_mm is not None:
        said.append(f"is made for a foot of {size.foot_mm:.0f} mm in this size")
    if need.least_width is not None:
        more = need.least_width - (need.width_step or 0)
        said.append(
            f"has a width that leaves room for {_reasons(need)}" if more else "comes in your width"
        )
    if not said:
        return "It is in stock; tell us more, and we can say more."
    return "It " + (", ".join(said[:-1]) + " and " + said[-1] if len(said) > 1 else said[0]) + "."


def _reasons(need: Need) -> str:
    brace = "the brace" if steps_for(need.brace) else ""
    return " and ".join(filter(None, (brace, "swelling" if need.swelling else "")))
