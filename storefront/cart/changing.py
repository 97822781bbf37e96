"""Changes of a cart that never fail: they go as far as the stock does, and say what was done."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from storefront.cart import queries
from storefront.cart.models import MOST_IN_ALL, MOST_OF_ONE, Cart, Line
from storefront.catalogue.queries import variant_on_sale
from storefront.catalogue.sides import NotSold, Sides

NO_SUCH_SIZE = "That size is not sold here. Please choose another."


@dataclass(frozen=True)
class Changed:
    """The cart after a change, and what is to be said; `done` is False where the stock ran out.

    `back` are the fields that put into the cart again what was taken out, in place of what took its
    place.
    """

    cart: Cart
    said: str
    done: bool = True
    back: Mapping[str, str] | None = None


def add(
    cart: Cart, left_sku: str, right_sku: str, quantity: int, *, came_from: str = ""
) -> Changed:
    """Add pairs or single shoes; a foot without a shoe has ''. Raises NotSold."""
    left, right = (variant_on_sale(sku) if sku else None for sku in (left_sku, right_sku))
    sides = Sides(left, right)
    if len(list(sides)) < bool(left_sku) + bool(right_sku):
        raise NotSold(NO_SUCH_SIZE)
    sides.check()
    line = Line(left.id if left else None, right.id if right else None, 0)
    had = cart.line(line.key) or line
    wanted = replace(had, quantity=had.quantity + quantity, came_from=came_from or had.came_from)
    there = queries.there_for(cart, wanted, sides)
    if there == 0:
        return Changed(cart, f"{sides.name} is out of stock, so it was not added.", done=False)
    changed, put = _put(cart, wanted, sides, there)
    if put <= had.quantity:
        kept = cart if put == had.quantity else changed
        return Changed(kept, f"{sides.name}: {_why_not_more(put, there)}", done=False)
    if put < wanted.quantity:
        return Changed(changed, f"{sides.name}: {_why_not_more(put, there)}")
    told = f"{_named(sides, quantity, 'is', 'are')} in your cart."
    return Changed(changed, told + _in_all(changed, quantity))


def _named(sides: Sides, quantity: int, is_one: str, are_many: str) -> str:
    """Return so many of a shoe with the verb that follows."""
    if quantity == 1:
        return f"{sides.name} {is_one}"
    return f"{quantity} {'shoes' if sides.is_single else 'pairs'} of {sides.name} {are_many}"


def _in_all(cart: Cart, added: int) -> str:
    if cart.pairs == added:
        return ""
    noun = "pairs" if all(line.left and line.right for line in cart.lines) else "items"
    return f" You now have {cart.pairs} {noun} in your cart."


def exchange(
    cart: Cart, key: str, left_sku: str, right_sku: str, quantity: int, *, came_from: str = ""
) -> Changed:
    """Add, in place of the line with this key if there is one. Raises NotSold.

    A page that was opened to change a line may be used twice: then the line with that key is gone,
    and the only one of the same product is meant.
    """
    old = cart.line(key) or (_only_line_of(cart, left_sku or right_sku) if key else None)
    if old is None:
        return add(cart, left_sku, right_sku, quantity, came_from=came_from)
    before = queries.sides_of(old)
    had = _fields(old, before) if before else {}
    if (had.get("left_sku"), had.get("right_sku")) == (left_sku, right_sku):
        return change(cart, old, quantity)
    without = cart.put(replace(old, quantity=0))
    changed = add(without, left_sku, right_sku, quantity, came_from=came_from or old.came_from)
    if not changed.done:
        return replace(changed, cart=cart)
    if before is None:
        return changed
    new = {line.key for line in changed.cart.lines} - {line.key for line in without.lines}
    told = changed.said.removesuffix(_in_all(changed.cart, quantity))
    many = "" if old.quantity == 1 else f"{old.quantity} of "
    return replace(
        changed,
        said=f"{told} This replaces {many}{before.choice}.",
        back={**had, "instead": new.pop(), "undo": "1"} if new else None,
    )


def _fields(line: Line, sides: Sides) -> dict[str, str]:
    """Return what the form for adding sends for a line."""
    return {
        "left_sku": sides.left.sku if sides.left else "",
        "right_sku": sides.right.sku if sides.right else "",
        "quantity": str(line.quantity),
        "from": line.came_from,
    }


def _only_line_of(cart: Cart, sku: str) -> Line | None:
    """Return the line of the same product as this size, None where there are none or several."""
    wanted = variant_on_sale(sku)
    lines = [
        line
        for line in cart.lines
        if wanted
        and (sides := queries.sides_of(line))
        and sides.first.product_id == wanted.product_id
    ]
    return lines[0] if len(lines) == 1 else None


def change(cart: Cart, line: Line, wanted: int) -> Changed:
    """Set how many of a line there are; 0 takes it out."""
    sides = queries.sides_of(line)
    if wanted == 0 or sides is None:
        emptier = cart.put(replace(line, quantity=0))
        if sides is None:
            return Changed(emptier, "That shoe was taken out of your cart.")
        told = f"{_named(sides, line.quantity, 'was', 'were')} taken out of your cart."
        return Changed(emptier, told, back=_fields(line, sides))
    there = queries.there_for(cart, line, sides)
    changed, put = _put(cart, replace(line, quantity=wanted), sides, there)
    if put == 0:
        return Changed(cart, f"{sides.name} is out of stock now.", done=False)
    if put < wanted:
        return Changed(changed, f"{sides.name}: {_why_not_more(put, there)}")
    return Changed(changed, f"{sides.name}: now {put} in your cart.")


def _put(cart: Cart, line: Line, sides: Sides, there: int | None) -> tuple[Cart, int]:
    """Put a line into the cart, at most what is there and what an order may have."""
    room = cart.room_for(line)
    quantity = min(line.quantity, room if there is None else min(there, room))
    return cart.put(replace(line, quantity=quantity, seen_minor=sides.unit_minor)), quantity


def _why_not_more(quantity: int, there: int | None) -> str:
    if quantity == there:
        number = "is only 1" if there == 1 else f"are only {there}"
        return f"there {number}, so your cart has {quantity}."
    return (
        f"an order can have {MOST_OF_ONE} of one size and {MOST_IN_ALL} in all,"
        f" so your cart has {quantity} of it."
    )
