"""The words for shoes that are sent back."""

from storefront.orders.models import OrderLine
from storefront.returns.models import Return
from storefront.stock.ledger import Shoes
from storefront.stock.words import moved_words


def how_many(line: OrderLine, shoes: Shoes) -> str:
    """Return how many of a line: "1 pair of Harbor, Moss, 9", "2 × Harbor, left shoe only"."""
    if line.left_variant_id is None or line.right_variant_id is None:
        return f"{shoes.left + shoes.right} × {line.name}"
    return f"{moved_words(shoes)} of {line.name}"


def asked(one: Return) -> list[str]:
    """Return, line by line, what is sent back and for what."""
    return [
        f"{how_many(line.order_line, Shoes(line.left, line.right))}"
        f", for {line.new_choice or 'money back'}"
        for line in one.lines
    ]


def came(one: Return) -> list[str]:
    """Return, line by line, what arrived."""
    return [
        how_many(line.order_line, Shoes(line.came_left, line.came_right))
        for line in one.lines
        if line.came_left + line.came_right
    ]


def given(one: Return) -> list[str]:
    """Return, line by line, what the shopper gets for what arrived."""
    money = "money back" if one.refund_id else "no money, since sending back costs as much"
    words = {"money": money, "nothing": "nothing"}
    return [
        f"{how_many(line.order_line, Shoes(line.came_left, line.came_right))}:"
        f" {words.get(line.outcome) or line.new_choice}"
        for line in one.lines
        if line.came_left + line.came_right
    ]
