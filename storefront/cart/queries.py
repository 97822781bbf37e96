"""A cart with today's names, prices and stock, and every problem of a line as a sentence."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from storefront.cart.models import Cart, Line
from storefront.catalogue.availability import Availability, availability
from storefront.catalogue.models import Variant
from storefront.catalogue.queries import Stock, variants_by_id
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
    """A line with what it is today. `variant` is None where it is not sold any more."""

    line: Line
    variant: Variant | None
    availability: Availability | None
    problems: Sequence[Problem]

    @property
    def unit_minor(self) -> int:
        return self.variant.price_minor if self.variant else 0

    @property
    def total_minor(self) -> int:
        return self.unit_minor * self.line.quantity

    @property
    def name(self) -> str:
        return self.variant.name if self.variant else "A shoe that is not sold any more"


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
    variants = variants_by_id({line.left for line in cart.lines if line.left is not None})
    waiting = of_cart.pending(cart.id)
    own = _own_pairs(waiting)
    lines = []
    for line in cart.lines:
        variant = variants.get(line.left or 0)
        if variant is None or not (variant.published and variant.product.published):
            gone = Problem("This is not sold any more. Please remove it.", blocks=True)
            lines.append(BasketLine(line, None, None, [gone]))
            continue
        told = told_to(variant, own.get(variant.id, 0), today=today, low=low)
        lines.append(BasketLine(line, variant, told, _problems(line, variant, told)))
    subtotal = sum(line.total_minor for line in lines)
    return Basket(cart, lines, waiting, quotes(cart.country, subtotal) if cart.country else [])


def told_to(variant: Variant, own_pairs: int, *, today: date, low: int) -> Availability:
    """Return a variant's availability for a shopper whose waiting order holds some pairs of it."""
    stock = Stock(variant.counted, variant.free_pairs + own_pairs, variant.restock_on)
    return availability(stock, today=today, low=low)


def own_pairs(cart_id: str) -> dict[int, int]:
    """Return how many pairs of each variant the cart's waiting order holds."""
    return _own_pairs(of_cart.pending(cart_id))


def _own_pairs(waiting: Order | None) -> dict[int, int]:
    pairs: dict[int, int] = {}
    for line in waiting.lines if waiting else []:
        if line.left_variant_id is not None and line.left_variant_id == line.right_variant_id:
            pairs[line.left_variant_id] = pairs.get(line.left_variant_id, 0) + line.quantity
    return pairs


def _problems(line: Line, variant: Variant, told: Availability) -> list[Problem]:
    problems = []
    if not told.can_buy:
        problems.append(Problem(f"Not available now: {told.words.lower()}.", blocks=True))
    elif not told.allows(line.quantity):
        there = "is only 1 pair" if told.pairs == 1 else f"are only {told.pairs}"
        problems.append(Problem(f"There {there} now. Please lower the number.", blocks=True))
    if line.seen_minor and line.seen_minor != variant.price_minor:
        problems.append(Problem("The price has changed since you put it in.", blocks=False))
    return problems
