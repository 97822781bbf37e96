"""The rules of the fit finder: measures and abilities in, shoes and one sentence each out.

Every rule stands in docs/fit-rules.md with its number and its source. Nothing here is a diagnosis,
and no rule ever makes up for depth or width with length.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from storefront.catalogue.braces import steps_for
from storefront.catalogue.systems import INCH, grams, millimeters

HALF_SIZE = INCH / 6  # millimeters of foot, on the Brannock device
MOST_TOO_WIDE = 1  # widths
MOST_WIDER = 10  # millimeters
MOST_ADVISED = 12
MOST_NEAR = 3


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
    narrowest, of the foot without a brace. `any_of` are the braces that it may be, where somebody
    wears one and does not know which. `inside_mm` is the foot across the ball, brace and sock on.
    """

    foot_mm: float | None = None
    width_step: int | None = None
    brace: str = ""
    depth_mm: int | None = None
    opening_mm: int | None = None
    one_hand: bool = False
    swelling: bool = False
    most_weight_g: int | None = None
    any_of: frozenset[str] = frozenset()
    inside_mm: int | None = None

    @property
    def by_measure(self) -> bool:
        """Whether the width is known in millimeters, so that no names of widths are asked for; a
        shoe's are known by size alone (rule 12).
        """
        return self.inside_mm is not None and self.foot_mm is not None

    @property
    def braces(self) -> frozenset[str]:
        """The braces that a shoe must take, each of them."""
        return frozenset({self.brace}) if self.brace else self.any_of

    @property
    def added(self) -> int:
        """How many widths brace and swelling ask for (rules 3 and 9)."""
        if self.by_measure:
            return 0
        return max(map(steps_for, self.braces), default=0) + (1 if self.swelling else 0)

    @property
    def reasons(self) -> str:
        """What these widths are for."""
        brace = "the brace" if any(map(steps_for, self.braces)) else ""
        return " and ".join(filter(None, (brace, "swelling" if self.swelling else "")))

    @property
    def least_width(self) -> int | None:
        """The narrowest width that is advised: the foot's own, and more for brace and swelling.

        A foot whose width is not known is taken for the narrowest (rule 3).
        """
        if self.by_measure or (self.width_step is None and not self.added):
            return None
        return (self.width_step or 0) + self.added


@dataclass(frozen=True)
class Size:
    """A size of a shoe that is sold; `width_step` is None where it has no width that is known, and
    `inside_mm` where it was not measured.
    """

    sku: str
    name: str
    foot_mm: float | None
    width_step: int | None
    is_there: bool
    inside_mm: int | None = None


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


@dataclass(frozen=True)
class Near:
    """A shoe that does not suit, all that it lacks, and the same in one sentence."""

    shoe: Shoe
    lacks: tuple[Lack, ...]
    why_not: str


@dataclass(frozen=True)
class Answer:
    """What suits, the best first, and of what does not, those that lack least."""

    suits: tuple[Advice, ...]
    near: tuple[Near, ...]
    lacking: dict[Lack, list[str]]


def advise(need: Need, shoes: Iterable[Shoe]) -> Answer:
    """Return what suits, what comes near, and the titles of shoes by what they lack first."""
    suits: list[tuple[tuple[float, ...], Shoe, Size]] = []
    near: list[tuple[Shoe, list[Lack]]] = []
    lacking: dict[Lack, list[str]] = {}
    for shoe in shoes:
        sizes = [size for size in _as_long(need, shoe) if _is_as_wide(need, size)]
        there = [size for size in sizes if size.is_there]
        lacks = _lacks_of(need, shoe)
        if not sizes:
            lacks.append(_lack_of_sizes(need, shoe))
        elif not there:
            lacks.append(Lack.STOCK)
        if lacks:
            near.append((shoe, lacks))
            lacking.setdefault(lacks[0], []).append(shoe.title)
            continue
        best = min(there, key=lambda size: _distance(need, size))
        rank = (*_distance(need, best), shoe.weight_g or 10_000, shoe.position)
        suits.append((rank, shoe, best))
    suits.sort(key=lambda each: each[0])
    near.sort(key=lambda each: _how_far(need, *each))
    return Answer(
        tuple(Advice(shoe, size, _why(need, shoe, size)) for _, shoe, size in suits[:MOST_ADVISED]),
        tuple(
            Near(shoe, tuple(lacks), _why_not(need, shoe, lacks))
            for shoe, lacks in near[:MOST_NEAR]
        ),
        lacking,
    )


def _how_far(need: Need, shoe: Shoe, lacks: Sequence[Lack]) -> tuple[float, ...]:
    """How far a shoe is from what was asked: two hands and another length last (rule 11), then
    what lacks fewer things, then what takes more of the braces and falls short by less.
    """
    last = [lack in lacks for lack in (Lack.HANDS, Lack.LENGTH)]
    short = sum(
        max(0, (needed or 0) - (there or 0))
        for needed, there in (
            (need.depth_mm, shoe.depth_mm),
            (need.opening_mm, shoe.opening_mm),
        )
    )
    return (*last, len(lacks), len(need.braces - shoe.braces), short, shoe.position)


def _lacks_of(need: Need, shoe: Shoe) -> list[Lack]:
    """Return what a model lacks in all its sizes. What was not measured is not counted on."""
    lacks = {
        Lack.BRACE: not need.braces <= shoe.braces,
        Lack.HANDS: need.one_hand and shoe.hands != 1,
        Lack.DEPTH: need.depth_mm is not None and (shoe.depth_mm or 0) < need.depth_mm,
        Lack.OPENING: need.opening_mm is not None and (shoe.opening_mm or 0) < need.opening_mm,
        Lack.WEIGHT: need.most_weight_g is not None
        and (shoe.weight_g or 10_000) > need.most_weight_g,
    }
    return [lack for lack, is_so in lacks.items() if is_so]


def _as_long(need: Need, shoe: Shoe) -> list[Size]:
    """Return the sizes that are made for this length of foot, to half a size (rule 1).

    Where width is told in millimeters these are the nearest alone: of two, the longer is wider.
    """
    if need.foot_mm is None:
        return list(shoe.sizes)
    off = {size: abs(size.foot_mm - need.foot_mm) for size in shoe.sizes if size.foot_mm}
    most = min(off.values(), default=0.0) if need.by_measure else HALF_SIZE
    return [size for size, mm in off.items() if mm <= min(most, HALF_SIZE) + 0.1]


def _is_as_wide(need: Need, size: Size) -> bool:
    """Whether a size is as wide as is needed, and at most one width wider (rules 2 and 3), or in
    millimeters (rule 12).
    """
    if need.by_measure:
        return size.inside_mm is not None and 0 <= _too_wide(need, size) <= MOST_WIDER
    if need.least_width is None:
        return True
    if size.width_step is None:
        return need.width_step is None
    too_wide = size.width_step - need.least_width
    return too_wide >= 0 and (need.width_step is None or too_wide <= MOST_TOO_WIDE)


def _lack_of_sizes(need: Need, shoe: Shoe) -> Lack:
    return Lack.WIDTH if _as_long(need, shoe) else Lack.LENGTH


def _distance(need: Need, size: Size) -> tuple[float, float]:
    """How far a size is from what was asked: widths, or millimeters, too many, then millimeters of
    length.
    """
    long = abs((size.foot_mm or 0) - need.foot_mm) if need.foot_mm is not None else 0.0
    return (_too_wide(need, size), long)


def _too_wide(need: Need, size: Size) -> int:
    if need.by_measure:
        return (size.inside_mm or 0) - (need.inside_mm or 0)
    if need.least_width is None or size.width_step is None:
        return 0
    return size.width_step - need.least_width


def _why(need: Need, shoe: Shoe, size: Size) -> str:
    said = []
    if need.braces:
        said.append(f"takes a {need.brace}" if need.brace else "takes every kind of brace")
    if need.one_hand:
        said.append("closes with one hand")
    if need.depth_mm is not None:
        said.append(
            f"is {millimeters(shoe.depth_mm or 0)} deep inside, where you need {need.depth_mm} mm"
        )
    if need.opening_mm is not None:
        said.append(
            f"opens {millimeters(shoe.opening_mm or 0)} wide, where you need {need.opening_mm} mm"
        )
    if need.most_weight_g is not None:
        said.append(f"weighs {grams(shoe.weight_g or 0)}")
    if need.foot_mm is not None and size.foot_mm is not None:
        said.append(f"is made for a foot of {size.foot_mm:.0f} mm in this size")
    if need.by_measure:
        there = millimeters(size.inside_mm or 0)
        said.append(f"is {there} wide inside in it, where you need {need.inside_mm} mm")
    if need.least_width is not None and size.width_step is not None:
        if need.added:
            said.append(f"has a width that leaves room for {need.reasons}")
        if need.width_step is not None and _too_wide(need, size):
            said.append("is one width wider than you need")
        elif not need.added:
            said.append("comes in your width")
    if not said:
        return "It is in stock; tell us more, and we can say more."
    return _sentence(said)


def _why_not(need: Need, shoe: Shoe, lacks: Sequence[Lack]) -> str:
    said = {
        Lack.BRACE: f"was not tried with a {need.brace}" if need.brace else _tried_with(need, shoe),
        Lack.HANDS: "needs two hands"
        if shoe.hands == 2
        else "may need two hands: nobody has tried",
        Lack.DEPTH: _short("deep", "inside", shoe.depth_mm, need.depth_mm),
        Lack.OPENING: _short("wide", "at its opening", shoe.opening_mm, need.opening_mm),
        Lack.WEIGHT: f"weighs {grams(shoe.weight_g)}" if shoe.weight_g else "was not weighed",
        Lack.LENGTH: "is not made in your length",
        Lack.WIDTH: _wrong_width(need, shoe),
        Lack.STOCK: "is not in stock in your size just now",
    }
    return _sentence([said[lack] for lack in lacks])


def _tried_with(need: Need, shoe: Shoe) -> str:
    if not shoe.braces:
        return "was not tried with any brace"
    missing = need.braces - shoe.braces
    if len(missing) < len(shoe.braces):
        return f"was tried with every kind of brace but {' and '.join(sorted(missing))}"
    return f"was tried with {', '.join(sorted(shoe.braces))} alone"


def _short(way: str, where: str, there: int | None, needed: int | None) -> str:
    if there is None:
        return f"was not measured {where}"
    return f"is {millimeters(there)} {way} {where}, where you need {needed} mm"


def _wrong_width(need: Need, shoe: Shoe) -> str:
    sizes = _as_long(need, shoe)
    if need.by_measure:
        measured = [size.inside_mm for size in sizes if size.inside_mm is not None]
        nearest = min(measured, key=lambda mm: abs(mm - (need.inside_mm or 0)), default=None)
        return _short("wide", "inside in your length", nearest, need.inside_mm)
    known = [size.width_step for size in sizes if size.width_step is not None]
    if not known or need.least_width is None:
        return "has no width that we know in your length"
    if need.width_step is None:
        return f"is not so wide in your length that it surely leaves room for {need.reasons}"
    if wider := [step - need.least_width for step in known if step > need.least_width]:
        return f"is {_widths(min(wider))} too wide for you in your length"
    said = f"is {_widths(need.least_width - max(known))} too narrow for you in your length"
    if not need.added:
        return said
    return f"{said}, since for {need.reasons} we look for {_widths(need.added)} more"


def _widths(number: int) -> str:
    return "one width" if number == 1 else f"{number} widths"


def _sentence(said: Sequence[str]) -> str:
    return "It " + (", ".join(said[:-1]) + " and " + said[-1] if len(said) > 1 else said[0]) + "."
