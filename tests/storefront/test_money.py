"""Money: whole cents inside, text at the edge, and shares that add up."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storefront.money import major, money_words, split, to_minor


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [
        ("89.00", "USD", 8900),
        (" 89 ", "USD", 8900),
        ("0", "USD", 0),
        ("0.01", "USD", 1),
        ("999999.99", "USD", 99_999_999),
        ("89", "JPY", 89),
        ("1.005", "KWD", 1005),
    ],
)
def test_written_amount_is_read_in_the_minor_units_of_its_currency(
    text: str, currency: str, minor: int
) -> None:
    assert to_minor(text, currency) == minor


@pytest.mark.parametrize("text", ["", "eight", "1,00", "NaN", "Infinity", "-Infinity", "0.001"])
def test_what_is_no_amount_of_the_currency_is_refused_in_its_own_words(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text!r} is not an amount$"):
        to_minor(text, "USD")


@pytest.mark.parametrize("text", ["-0.01", "1000000.00", "1e30"])
def test_amount_below_nothing_or_above_the_most_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text!r} is out of range$"):
        to_minor(text, "USD")


@pytest.mark.parametrize(
    ("minor", "currency", "exact", "words"),
    [
        (8900, "USD", "89.00", "$89.00"),
        (-1, "USD", "-0.01", "-$0.01"),
        (123_456_789, "USD", "1234567.89", "$1,234,567.89"),
        (8900, "JPY", "8900", "¥8,900"),
        (8900, "EUR", "89.00", "€89.00"),
    ],
)
def test_minor_units_are_said_exactly_and_as_people_read_them(
    minor: int, currency: str, exact: str, words: str
) -> None:
    assert major(minor, currency) == Decimal(exact)
    assert money_words(minor, currency) == words


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (100, [1], [100]),
        (100, [1, 1, 1], [33, 33, 34]),
        (7, [8900, 0, 8900], [3, 0, 4]),
        (100, [0, 0, 0], [100, 0, 0]),
        (0, [3, 4], [0, 0]),
        (1001, [3333, 19998], [143, 858]),
    ],
)
def test_total_is_shared_by_weight_and_nothing_of_it_is_lost(
    total: int, weights: list[int], shares: list[int]
) -> None:
    assert split(total, weights) == shares


@given(
    total=st.integers(0, 10**8),
    weights=st.lists(st.integers(0, 10**8), min_size=1, max_size=12),
)
def test_shares_add_up_and_are_within_one_of_the_exact_share(
    total: int, weights: list[int]
) -> None:
    shares = split(total, weights)

    assert sum(shares) == total
    assert len(shares) == len(weights)
    whole = sum(weights)
    if whole:
        for share, weight in zip(shares, weights, strict=True):
            assert abs(share - total * weight / whole) <= 1
            assert share >= 0


def test_nobody_to_share_among_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^nobody to share among$"):
        split(100, [])
