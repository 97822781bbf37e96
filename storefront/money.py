"""Money: whole minor units inside, text for people at the edge."""

from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from itertools import accumulate, pairwise

from babel.numbers import format_currency, get_currency_precision


@lru_cache(4096)
def money_words(minor: int, currency: str) -> str:
    """Return an amount of minor units (cents) as people read it: "$89.00"."""
    return format_currency(major(minor, currency), currency, locale="en_US")


def major(minor: int, currency: str) -> Decimal:
    """Return minor units (cents) as an exact decimal of the currency."""
    return Decimal(minor).scaleb(-get_currency_precision(currency))


def to_minor(text: str, currency: str) -> int:
    """Return a written decimal amount ("89.00") in minor units (cents).

    Raises ValueError where it is not a plain number of at most 99,999,999 minor units, or has
    more decimals than the currency.
    """
    try:
        amount = Decimal(text.strip()).scaleb(get_currency_precision(currency))
    except ArithmeticError:
        raise ValueError(f"{text!r} is not an amount") from None
    if not amount.is_finite() or amount != amount.to_integral_value():
        raise ValueError(f"{text!r} is not an amount")
    if not 0 <= amount <= 99_999_999:
        raise ValueError(f"{text!r} is out of range")
    return int(amount)


def split(total: int, weights: Sequence[int]) -> list[int]:
    """Return minor units shared out by weight; the shares add up to the total.

    Where all weights are zero the first takes all. Raises ValueError where there are none.
    """
    if not weights:
        raise ValueError("nobody to share among")
    whole = sum(weights)
    if whole == 0:
        return [total] + [0] * (len(weights) - 1)
    steps = [total * reached // whole for reached in accumulate(weights, initial=0)]
    return [after - before for before, after in pairwise(steps)]
