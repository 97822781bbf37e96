"""The words for counts: pairs where left and right agree, sides where they differ."""

from storefront.catalogue.models import Variant
from storefront.stock.ledger import Shoes
from storefront.stock.models import Movement


def by_sides(variant: Variant) -> bool:
    """Return whether people see left and right of it, rather than pairs."""
    return variant.single_minor is not None or variant.on_hand_left != variant.on_hand_right


def count_words(shoes: Shoes) -> str:
    """Return a count: "24 pairs", or "23 left, 24 right"."""
    if shoes.left == shoes.right:
        return "1 pair" if shoes.left == 1 else f"{shoes.left:,} pairs"
    return f"{shoes.left:,} left, {shoes.right:,} right"


def bare_words(shoes: Shoes) -> str:
    """Return a count for a column that says it is pairs: "24", or "23 left, 24 right"."""
    return f"{shoes.left:,}" if shoes.left == shoes.right else count_words(shoes)


def odd_words(shoes: Shoes) -> str:
    """Return how many shoes have no other one: "2 right shoes over", '' where none."""
    over = shoes.right - shoes.left
    if over == 0:
        return ""
    side = "right" if over > 0 else "left"
    return f"{abs(over):,} {side} {'shoe' if abs(over) == 1 else 'shoes'} over"


def change_words(shoes: Shoes) -> str:
    """Return a change with its sign: "+6 pairs", "−1 left"."""
    if shoes.left == shoes.right:
        return f"{_signed(shoes.left)} {'pair' if abs(shoes.left) == 1 else 'pairs'}"
    sides = ((shoes.left, "left"), (shoes.right, "right"))
    return ", ".join(f"{_signed(number)} {side}" for number, side in sides if number)


def moved_words(shoes: Shoes) -> str:
    """Return how many moved: "2 pairs", "1 left", "1 left, 2 right"."""
    if shoes.left == shoes.right:
        return count_words(shoes)
    sides = ((shoes.left, "left"), (shoes.right, "right"))
    return ", ".join(f"{number:,} {side}" for number, side in sides if number)


def because(movement: Movement) -> str:
    """Return what a line of the ledger says happened: "Ann counted them"."""
    if movement.undoes_id is not None:
        return f"{movement.by} undid an earlier change"
    moved = moved_words(Shoes(abs(movement.left_change), abs(movement.right_change)))
    return {
        "counted": f"{movement.by} counted them",
        "received": f"{movement.by} received {moved}",
        "sold": f"{movement.by} took {moved}",
        "exchanged": f"{movement.by} sent {moved} in exchange",
        "returned": f"{moved} came back",
        "damaged": f"{movement.by} took {moved} out as damaged",
        "corrected": f"{movement.by} corrected the count",
    }[movement.reason]


def _signed(number: int) -> str:
    return f"−{-number:,}" if number < 0 else f"+{number:,}"
