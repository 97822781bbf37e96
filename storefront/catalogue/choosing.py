"""What a product's page lets a shopper choose: the sizes of one width, and the one asked for."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from storefront.catalogue.availability import Availability
from storefront.catalogue.queries import ColorRow, SizeRow, WholeProduct
from storefront.catalogue.systems import millimeters


class Choice(NamedTuple):
    """One size and width of the shown color: what its radio button says."""

    variant: SizeRow
    availability: Availability


def by_width(choices: Sequence[Choice]) -> tuple[tuple[Choice, ...], ...]:
    """Return the choices of each width, the narrowest first, in the order of sizes."""
    widths: dict[str, list[Choice]] = {}
    for choice in sorted(choices, key=lambda c: (c.variant.width_rank, c.variant.size_rank)):
        widths.setdefault(choice.variant.width, []).append(choice)
    return tuple(tuple(choices) for choices in widths.values())


class AskedSize(NamedTuple):
    """What is chosen of the size that an address asks for, and what is to be said of it."""

    chosen: SizeRow | None = None
    told: str = ""


def named_size(whole: WholeProduct, asked: str) -> str:
    """Return the size that is asked for by its name, or with what the product calls its sizes; ''
    where it has none of that name.
    """
    label = whole.product.size_label
    sizes = {size.size for size in whole.sizes if size.size}
    return next((size for size in sizes if asked in (size, f"{label} {size}")), "")


def asked_size(
    whole: WholeProduct,
    color: ColorRow,
    widths: Sequence[Sequence[Choice]],
    shown: Sequence[Choice],
    size: str,
    *,
    with_width: bool,
) -> AskedSize:
    """Find a size that is asked for, '' where none is.

    It is not chosen before a width is, where there are several: the first is seldom the right one.
    """
    if not size:
        return AskedSize()
    name = f"{whole.product.size_label} {size}"
    made = [each[0].variant.width for each in widths if size in (c.variant.size for c in each)]
    if made and len(widths) > 1 and not with_width:
        then = "Choose a width, then the size." if made[1:] else f"It is made in {made[0]} only."
        return AskedSize(None, f"You asked for {name}. {then}")
    there = next((choice for choice in shown if choice.variant.size == size), None)
    if there and there.availability.can_buy:
        return AskedSize(there.variant, f"{name} is chosen.")
    lacks = "in stock" if there else "made"
    place = ", ".join(filter(None, (color.name, shown[0].variant.width if made else "")))
    where = f" in {place}" if place else ""
    return AskedSize(None, f"{name} is not {lacks}{where}. Please choose again.")


def shown_width(
    widths: Sequence[tuple[Choice, ...]],
    asked: str | None,
    size: str = "",
    *,
    too_narrow: Collection[str] = (),
) -> tuple[Choice, ...]:
    """Return the choices in one width: the one asked for, else the first with a size that can be
    bought; before any other one that is not too narrow, and one in which that size can be.
    """
    named = {group[0].variant.width.lower(): group for group in widths}
    if asked is not None and asked.lower() in named:
        return named[asked.lower()]

    def lacks(group: tuple[Choice, ...]) -> tuple[bool, ...]:
        there = [choice.variant.size for choice in group if choice.availability.can_buy]
        return not there, group[0].variant.width in too_narrow, bool(size) and size not in there

    return min(widths, key=lacks)


def inside(sizes: Iterable[SizeRow], size: str = "") -> str:
    """Return how wide sizes are inside, or one of them where it was measured: "93 to 101 mm wide
    inside"; '' where none was.
    """
    measured = {each.size: each.inside_mm for each in sizes if each.inside_mm is not None}
    if size in measured:
        return f"{measured[size]} mm wide inside in size {size}"
    least, most = min(measured.values(), default=0), max(measured.values(), default=0)
    return f"{f'{least} to ' if least < most else ''}{most} mm wide inside" if measured else ""


def inside_of_each(whole: WholeProduct) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return each size with how wide it is inside, in words, in each width, the narrowest first;
    nothing where none was measured.
    """
    made = {(each.size, each.width): each.inside_mm for each in whole.sizes}
    if not any(made.values()):
        return ()
    words = {at: "Not measured" if mm is None else millimeters(mm) for at, mm in made.items()}
    widths = sorted({(each.width_rank, each.width) for each in whole.sizes})
    return tuple(
        (size, tuple(words.get((size, width), "Not made") for _, width in widths))
        for size in dict.fromkeys(size for size, _ in made)
    )


def replaced(whole: WholeProduct, key: str) -> str:
    """Return the color, size and width of the pair in the cart that is to be replaced, or ''."""
    for size in whole.sizes:
        if key == f"{size.id}.{size.id}":
            (color,) = (color for color in whole.colors if color.id == size.color_id)
            label = whole.product.size_label
            words = (color.name, f"{label} {size.size}" if size.size else "", size.width)
            return ", ".join(filter(None, words))
    return ""
