"""A cart with today's names, prices and stock, and every problem of a line as a sentence."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from storefront.cart.models import Cart, Line
from storefront.catalogue.availability import Availability
from storefront.catalogue.queries import variants_by_id
from storefront.catalogue.sides import NotSold, Sides, taken
from storefront.delivery.queries import Quote, quotes
from storefront.orders import of_cart
from storefront.orders.models import Order


@dataclass(frozen=True)
class Problem:
    """What is wrong with a line; `blocks` when it cannot be bought like this."""

    sentence: str
    blocks: bool


@dataclass(frozen=True)
class BasketLine:
    """A line with what it is today. `sides` is None where it is not sold any more."""

    line: Line
    sides: Sides | None
    availability: Availability | None
    problems: Sequence[Problem]

    @property
    def unit_minor(self) -> int:
        return self.sides.unit_minor if self.sides else 0

    @property
    def total_minor(self) -> int:
        return self.unit_minor * self.line.quantity

    @property
    def name(self) -> str:
        return self.sides.name if self.sides else "A shoe that is not sold any more"


@dataclass(frozen=True)
class Basket:
    """The whole cart, added up. Amounts are minor units."""

    cart: Cart
    lines: Sequence[BasketLine]
    waiting: Order | None
    deliveries: Sequence[Quote]

    @property
    def subtotal_minor(self) -> int:
        return sum(line.total_minor for line in self.lines)

    @property
    def can_pay(self) -> bool:
        return bool(self.lines and self.deliveries) and not any(
            problem.blocks for line in self.lines for problem in line.problems
        )


def without_bought(cart: Cart) -> Cart:
    """Return the cart without what was paid, for a shopper who did not come back to the shop."""
    order = of_cart.bought(cart.id) if cart.lines else None
    if order is None:
        return cart
    return cart.after_buying(
        (line.left_variant_id, line.right_variant_id, line.quantity) for line in order.lines
    )


def basket(cart: Cart, *, today: date, low: int) -> Basket:
    """Read prices, names and stock afresh; what the cart's own waiting order holds is free."""
    # Before the waiting order: one that is made in between would hold shoes that count as taken.
    chosen = _sides_of(cart.lines)
    waiting = of_cart.pending(cart.id)
    own = _held_by(waiting)
    left_over = Counter(own)  # after the lines before; negative is taken from what is free
    lines = []
    for line, sides in zip(cart.lines, chosen, strict=True):
        if sides is None:
            gone = Problem("This is not sold any more. Please remove it.", blocks=True)
            lines.append(BasketLine(line, None, None, [gone]))
            continue
        told = sides.availability(more=own, today=today, low=low)
        there = sides.there(more=left_over)
        lines.append(BasketLine(line, sides, told, _problems(line, sides, told, there)))
        left_over.subtract(line.taken)
    subtotal = sum(line.total_minor for line in lines)
    return Basket(cart, lines, waiting, quotes(cart.country, subtotal) if cart.country else [])


def sides_of(line: Line) -> Sides | None:
    """Return the variants of a line, None where they are not sold any more."""
    return _sides_of([line])[0]


def there_for(cart: Cart, line: Line, sides: Sides) -> int | None:
    """Return how many of a line the shopper can have beside the other lines; None: any number.

    What their own waiting order holds is there for them.
    """
    more = _held_by(of_cart.pending(cart.id))
    more.subtract(cart.others(line.key))
    there = sides.there(more=more)
    return None if there is None else max(0, there)


def _sides_of(lines: Sequence[Line]) -> list[Sides | None]:
    ids = {id_ for line in lines for id_ in (line.left, line.right) if id_ is not None}
    variants = {
        id_: variant
        for id_, variant in variants_by_id(ids).items()
        if variant.published and variant.product.published
    }
    found = []
    for line in lines:
        sides = Sides(variants.get(line.left or 0), variants.get(line.right or 0))
        whole = len(list(sides)) == len(line.taken)
        found.append(sides if whole and _is_sold(sides) else None)
    return found


def _is_sold(sides: Sides) -> bool:
    try:
        sides.check()
    except NotSold:
        return False
    return True


def _held_by(waiting: Order | None) -> Counter[tuple[int, str]]:
    """Return the shoes that a waiting order holds."""
    lines = waiting.lines if waiting else []
    return sum(
        (taken(line.left_variant_id, line.right_variant_id, line.quantity) for line in lines),
        Counter(),
    )


def _problems(line: Line, sides: Sides, told: Availability, there: int | None) -> list[Problem]:
    problems = []
    if not told.can_buy:
        problems.append(Problem(f"Not available now: {told.words}.", blocks=True))
    elif not told.allows(line.quantity):
        number = "is only 1" if told.pairs == 1 else f"are only {told.pairs}"
        noun = "" if sides.is_single or told.pairs != 1 else " pair"
        problems.append(Problem(f"There {number}{noun} now. Please lower the number.", blocks=True))
    elif there is not None and there < line.quantity:
        shared = "With the other lines of your cart there are too few. Please lower a number."
        problems.append(Problem(shared, blocks=True))
    if line.seen_minor and line.seen_minor != sides.unit_minor:
        problems.append(Problem("The price has changed since you put it in.", blocks=False))
    return problems
