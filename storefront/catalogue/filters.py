"""What a shopper asks of a list: who meets it, what each choice leaves, what is closest."""

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from itertools import combinations
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)

from storefront.catalogue import systems
from storefront.catalogue.models import Color, Product, ProductBrace, Variant
from storefront.catalogue.selection import Selection
from storefront.db import db

MOST_CHOSEN = 20
MOST_LONG = 80  # characters
QUARTER = systems.INCH / 12  # millimeters of a quarter of a US size
MOST_GRAMS, MOST_MILLIMETERS = 5_000, 500
WEIGHTS = (250, 300, 350, 400, 450)  # grams a shoe
DEPTHS = (50, 55, 60, 65, 70)  # millimeters inside, insole out
NO_NUMBER = "“{}” is not a whole number of {}, so it was left out."

_LOWEST = (
    select(func.min(Variant.price_minor))
    .where(Variant.product_id == Product.id, Variant.published)
    .correlate(Product)
    .scalar_subquery()
)
_LISTED = (Product.position, Product.id)
SORTS: dict[str, tuple[str, tuple[Any, ...]]] = {
    "": ("Recommended", ()),
    "newest": ("Newest first", (Product.created_at.desc(), *_LISTED)),
    "price": ("Lowest price first", (_LOWEST, *_LISTED)),
    "-price": ("Highest price first", (_LOWEST.desc(), *_LISTED)),
    "weight": ("Lightest first", (func.coalesce(Product.weight_g, MOST_GRAMS), *_LISTED)),
}


Braces = Mapping[tuple[str, ...], Sequence[str]]


class Choice(NamedTuple):
    """Something to choose: its field and value, its words, and how many models it leaves."""

    field: str
    value: str
    words: str
    models: int
    chosen: bool
    group: str = ""


@dataclass(frozen=True)
class Asked:
    """What is asked of a list. Weight is grams a shoe at most, depth millimeters at least.

    `room` are the widths that have room for the brace, where not all have: no size in another is
    meant. It is not asked, but follows from what is.
    """

    fits: tuple[str, ...] = ()
    size: tuple[str, ...] = ()
    width: tuple[str, ...] = ()
    available: bool = False
    singly: bool = False  # sold as one shoe, and in two sizes
    hands: tuple[int, ...] = ()
    min_depth: int | None = None
    closure: tuple[str, ...] = ()
    max_weight: int | None = None
    color: tuple[str, ...] = ()
    room: tuple[str, ...] = dataclasses.field(default=(), compare=False)

    @property
    def of_size(self) -> bool:
        """Whether a size or a width is asked for, so that a card tells of these alone."""
        return bool(self.size or self.width)

    def chosen(self) -> Iterator[tuple[str, str, str]]:
        """Yield field, value and words of each thing that is asked."""
        for field in KINDS:
            for value in _several(getattr(self, field)):
                yield field, str(value), words(field, value)

    @property
    def said(self) -> str:
        """What is asked in one line: "Fits SMO or fits hinged AFO, in stock"."""
        kinds: dict[str, list[str]] = {}
        for field, _, said in self.chosen():
            goes_on = bool(kinds) and not said[:2].isupper()  # "US" stays
            kinds.setdefault(field, []).append(said[0].lower() + said[1:] if goes_on else said)
        return ", ".join(" or ".join(each) for each in kinds.values())

    def pairs(self) -> list[tuple[str, str]]:
        """Return what is asked as an address carries it."""
        return [(field, value) for field, value, _ in self.chosen()]

    def without(self, field: str, value: str) -> "Asked":
        """Return the same without one thing."""
        rest: Any = _NOTHING[field]
        if isinstance(rest, tuple):
            rest = tuple(each for each in getattr(self, field) if str(each) != value)
        return replace(self, **{field: rest})

    def having(self, *, size: str = "", width: str = "") -> "Asked":
        """Return the same with one size or one width more."""
        sizes, widths = (*self.size, size), (*self.width, width)
        return replace(self, size=tuple(filter(None, sizes)), width=tuple(filter(None, widths)))

    def of_kinds_but(self, *dropped: str) -> "Asked":
        """Return the same without all that is asked of these kinds."""
        without = replace(self, **{name: _NOTHING[name] for name in dropped})
        return replace(without, room=()) if "fits" in dropped else without


_NOTHING: dict[str, Any] = {each.name: each.default for each in fields(Asked) if each.compare}
KINDS = tuple(_NOTHING)  # in the order in which they matter: what is last is given up first


def _several(value: Any) -> tuple[Any, ...]:
    if isinstance(value, tuple):
        return value
    if value is None or value is False:
        return ()
    return (1 if value is True else value,)


def words(field: str, value: Any) -> str:
    """Return what is asked in words: "Size 9", "Up to 300 g a shoe"."""
    text = str(value)
    match field:
        case "fits":
            return f"Fits {text}"
        case "size":
            return text if " " in text else f"Size {text}"
        case "available":
            return "In stock"
        case "singly":
            return "Left and right may differ"
        case "hands":
            return "One hand closes it" if text == "1" else "Two hands close it"
        case "min_depth":
            return f"At least {text} mm deep"
        case "max_weight":
            return f"At most {text} g a shoe"
        case "color":
            return text.replace("-", " ").capitalize()
        case _:
            return text.capitalize()


def read(args: Mapping[str, Sequence[str]]) -> tuple[Asked, str, list[str]]:
    """Return what an address asks, how it is sorted, and a sentence for each thing left out."""
    problems: list[str] = []

    def texts(field: str) -> tuple[str, ...]:
        given = (value.strip()[:MOST_LONG] for value in args.get(field, ()))
        return tuple(dict.fromkeys(filter(None, given)))[:MOST_CHOSEN]

    def numbers(field: str, most: int, unit: str) -> tuple[int, ...]:
        found = []
        for text in texts(field):
            if text.isascii() and text.isdigit() and 0 < int(text) <= most:
                found.append(int(text))
            else:
                problems.append(NO_NUMBER.format(text, unit))
        return tuple(found)

    weights = numbers("max_weight", MOST_GRAMS, "grams")
    depths = numbers("min_depth", MOST_MILLIMETERS, "millimeters")
    asked = Asked(
        fits=texts("fits"),
        size=texts("size"),
        width=texts("width"),
        available="1" in args.get("available", ()),
        singly="1" in args.get("singly", ()),
        hands=numbers("hands", 2, "hands"),
        min_depth=max(depths, default=None),
        closure=texts("closure"),
        max_weight=min(weights, default=None),
        color=texts("color"),
    )
    sort = (args.get("sort") or ("",))[0]
    return asked, sort if sort in SORTS else "", problems


def address(path: str, asked: Asked, sort: str = "", page: int = 1) -> str:
    """Return the address of a list: what is asked, its order and its page."""
    pairs = asked.pairs()
    pairs += [("sort", sort)] if sort else []
    pairs += [("page", str(page))] if page > 1 else []
    return path + (f"?{urlencode(pairs)}" if pairs else "")


def of_variants(asked: Asked) -> ColumnElement[bool]:
    """Return the condition on a size for the size, the width and the stock that are asked."""
    conditions: list[ColumnElement[bool]] = [Variant.published.is_(True)]
    if asked.size:
        named: list[ColumnElement[bool]] = [Variant.size.in_(asked.size)]
        if any(" " in size for size in asked.size):  # with what the product calls its sizes
            labelled = Product.size_label + " " + Variant.size
            named.append(
                select(Product.id)
                .where(Product.id == Variant.product_id, labelled.in_(asked.size))
                .correlate(Variant)
                .exists()
            )
        conditions.append(or_(*named))
    if asked.width:
        conditions.append(func.lower(Variant.width).in_([width.lower() for width in asked.width]))
    if asked.room:
        conditions.append((Variant.width == "") | Variant.width.in_(asked.room))
    if asked.available:
        conditions.append((Variant.free_pairs > 0) | ~Variant.counted)
    return and_(*conditions)


def condition(asked: Asked) -> ColumnElement[bool]:
    """Return the condition on a product. A fact that was not measured meets nothing."""
    conditions: list[ColumnElement[bool]] = [literal(1) == 1]
    if asked.size or asked.width or asked.available or asked.color:
        found = select(Variant.product_id).where(of_variants(asked))
        if asked.color:
            found = found.join(Color, Color.id == Variant.color_id)
            found = found.where(Color.slug.in_(asked.color))
        conditions.append(Product.id.in_(found.correlate(None)))
    if asked.fits:
        braces = [brace.lower() for brace in asked.fits]
        fitting = select(ProductBrace.product_id).where(func.lower(ProductBrace.brace).in_(braces))
        conditions.append(Product.id.in_(fitting.correlate(None)))
    if asked.singly:
        alone = select(Variant.product_id).where(
            Variant.published, Variant.single_minor.is_not(None)
        )
        conditions.append(Product.id.in_(alone.correlate(None)))
    if asked.closure:
        conditions.append(func.lower(Product.closure).in_([one.lower() for one in asked.closure]))
    if asked.hands:
        conditions.append(Product.hands.in_(asked.hands))
    if asked.max_weight is not None:
        conditions.append(Product.weight_g <= asked.max_weight)
    if asked.min_depth is not None:
        conditions.append(Product.depth_mm >= asked.min_depth)
    return and_(*conditions)


def selection(of: Selection, asked: Asked, sort: str) -> Selection:
    """Return the products of a list that meet what is asked, those first that can be bought."""
    if asked == Asked() and not sort:
        return of
    order: list[Any] = list(SORTS[sort][1] or of.order)
    if asked.of_size or asked.color:
        kinds = set(KINDS) - {"size", "width", "color"}
        there = replace(asked.of_kinds_but(*kinds), available=True, room=asked.room)
        order.insert(0, ~condition(there))
    return of.narrowed(condition(asked), *order)


def choices(of: Selection, asked: Asked, *, over: Braces) -> dict[str, list[Choice]]:
    """Return what can be chosen of each kind, with how many models it leaves; by one query.

    `over` are the braces by the widths that have room for them, in which alone they are counted.
    """
    rows = db.session.execute(union_all(*_counts(of, asked, over)), of.values).all()
    found: dict[str, list[Choice]] = {field: [] for field in KINDS}
    given = {(field, value) for field, value, _ in asked.chosen()}
    steps: dict[str, list[tuple[int, int]]] = {"max_weight": [], "min_depth": []}
    for field, value, said, group, _, models in sorted(
        rows, key=lambda row: (row.named, _measure(row.value), row.rank, row.value.lower())
    ):
        if field in steps:
            steps[field].append((int(value), models))
            continue
        full = f"{group} {value}" if field == "size" and group else value
        chosen = (field, full) in given or (field, value) in given
        found[field].append(Choice(field, full, said, models, chosen, group))
    for field, at in (("max_weight", WEIGHTS), ("min_depth", DEPTHS)):
        for step in at if steps[field] else ():
            models = sum(
                n
                for value, n in steps[field]
                if (value <= step if field == "max_weight" else value >= step)
            )
            chosen = (field, str(step)) in given
            found[field].append(Choice(field, str(step), words(field, step), models, chosen))
    return found


def _measure(value: str) -> float:
    """Return a size as a number, so that 9.5 stands before 10; what is none is ordered by rank."""
    return float(value) if re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,2})?", value) else 0


def counted(everything: Sequence[Choice], left: Sequence[Choice], asked: Asked) -> list[Choice]:
    """Return all choices of a kind with what they leave now, which may be nothing; what is asked
    stays chosen.
    """
    there = {choice.value: choice for choice in left}
    given = {(field, value) for field, value, _ in asked.chosen()}
    nothing = (
        each._replace(
            models=0,
            chosen=(each.field, each.value) in given or (each.field, each.words) in given,
        )
        for each in everything
    )
    return [there.get(choice.value, choice) for choice in nothing]


def same_length(sizes: Sequence[Choice]) -> Iterator[tuple[Choice, Choice]]:
    """Yield each chosen size with the one of another system that is as long, if it leaves models.

    Half a size is 4.2 mm (the Brannock device), so what is within a quarter is the same.
    """
    for chosen, other, apart in _lengths_apart(sizes):
        if other.group != chosen.group and apart < QUARTER:
            yield chosen, other


def half_a_size_away(sizes: Sequence[Choice]) -> list[Choice]:
    """Return the whole sizes beside a half size that is chosen, where they leave models that it
    does not: these come in whole sizes only.
    """
    exact = {other.group for _, other in same_length(sizes)}
    return [
        other
        for chosen, other, apart in _lengths_apart(sizes)
        if chosen.words.endswith(".5")
        and QUARTER <= apart < 3 * QUARTER
        and other.models > (chosen.models if other.group == chosen.group else 0)
        and other.group not in exact
    ]


def _lengths_apart(sizes: Sequence[Choice]) -> Iterator[tuple[Choice, Choice, float]]:
    """Yield each chosen size with each other that leaves models, and the millimeters between."""
    lengths = [(size, systems.foot_mm(size.words, size.group)) for size in sizes]
    known = [(size, length) for size, length in lengths if length is not None]
    for chosen, length in known:
        for other, another in known:
            if chosen.chosen and not other.chosen and other.models:
                yield chosen, other, abs(length - another)


def _counts(of: Selection, asked: Asked, over: Braces) -> Iterator[Select[Any]]:
    """Yield, for each kind, how many models each value leaves with all else that is asked."""
    text, none = String(), cast(literal(""), String)

    def counted(
        field: str, value: Any, *, said: Any = None, group: Any = none, rank: Any = None
    ) -> Select[Any]:
        return select(
            literal(field).label("field"),
            cast(value, text).label("value"),
            cast(value if said is None else said, text).label("said"),
            cast(group, text).label("named"),
            (literal(0) if rank is None else rank).label("rank"),
            func.count(Product.id.distinct()).label("models"),
        ).where(Product.id.in_(of.products))

    def rest(field: str) -> ColumnElement[bool]:
        return condition(asked.of_kinds_but(field))

    sizes = (Variant, Variant.product_id == Product.id)
    for field, value, extra, group_by in (
        (
            "size",
            Variant.size,
            {"group": Product.size_label, "rank": func.min(Variant.size_rank)},
            (Product.size_label, Variant.size),
        ),
        ("width", Variant.width, {"rank": func.min(Variant.width_rank)}, (Variant.width,)),
    ):
        others = asked.of_kinds_but(field)
        found = counted(field, value, **extra).join(*sizes).where(value != "", condition(others))
        if others.of_size or others.available or others.color or others.room:
            found = found.where(of_variants(others))
            if others.color:
                found = found.where(
                    Variant.color_id.in_(select(Color.id).where(Color.slug.in_(others.color)))
                )
        yield found.group_by(*group_by)
    others = asked.of_kinds_but("color")
    yield (
        counted("color", Color.slug, said=func.min(Color.name))
        .join(*sizes)
        .join(Color, Color.id == Variant.color_id)
        .where(Color.slug != "", condition(others), of_variants(others))
        .group_by(Color.slug)
    )
    for room, braces in over.items():
        others = replace(asked.of_kinds_but("fits"), room=room)
        yield (
            counted("fits", ProductBrace.brace)
            .join(ProductBrace, ProductBrace.product_id == Product.id)
            .where(ProductBrace.brace.in_(braces), condition(others))
            .group_by(ProductBrace.brace)
        )
    for field, column in (
        ("closure", Product.closure),
        ("hands", Product.hands),
        ("max_weight", Product.weight_g),
        ("min_depth", Product.depth_mm),
    ):
        yield counted(field, column).where(column.is_not(None), rest(field)).group_by(column)
    one = literal("1")
    yield counted("available", one).where(condition(replace(asked, available=True)))
    singly = counted("singly", one).where(condition(replace(asked, singly=True)))
    yield singly.having(func.count(Product.id) > 0)


def closest(of: Selection, asked: Asked) -> tuple[Asked, list[str]] | None:
    """Return the nearest question that shoes answer, and the kinds that were given up; or None.

    One kind is given up where that is enough, or two, the least important first; else several,
    from the least important on. By one query.
    """
    kinds = [field for field in reversed(KINDS) if _several(getattr(asked, field))]
    tries = [list(dropped) for number in (1, 2) for dropped in combinations(kinds, number)]
    tries += [kinds[:number] for number in range(3, len(kinds) + 1)]
    if not tries:
        return None
    counted = union_all(
        *(
            select(literal(place), func.count(Product.id)).where(
                Product.id.in_(of.products), condition(asked.of_kinds_but(*dropped))
            )
            for place, dropped in enumerate(tries)
        )
    )
    there = {place for place, models in db.session.execute(counted, of.values).all() if models}
    if not there:
        return None
    dropped = tries[min(there)]
    return asked.of_kinds_but(*dropped), dropped
