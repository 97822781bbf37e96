"""What people write is put into words that a shop has, and nothing else is touched."""

import pytest

from storefront.pages.wording import written

WIDTHS = ("Standard", "Wide", "Extra wide")


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("2E mens 10", "wide mens 10"),
        ("10 2E men", "10 wide men"),
        ("men's 10D", "men's 10 standard"),
        ("mens 11 4E", "mens 11 extra wide"),
        ("women's 8D", "women's 8 wide"),
        ("8EE women", "8 extra wide women"),
        ("W 8 womens", "8 wide womens"),
        ("8.5 b wife", "8.5 standard wife"),
        ("xw", "extra wide"),
        ("men 9 b", "men 9 b"),  # narrow, which this shop does not name
        ("size 7 and a half", "size 7.5"),
        ("womens seven and a half", "womens 7.5"),
        ("8 1/2", "8.5"),
        ("8½", "8.5"),
        ("mens size eleven", "mens size 11"),
        ("ten minutes of rest", "ten minutes of rest"),
        ("can i close it with one hand", "can i close it with one hand"),
        ("vitamin d and e", "vitamin d and e"),
    ],
)
def test_size_and_width_are_read_as_people_write_them(typed: str, plain: str) -> None:
    assert written(typed, WIDTHS).plain == plain


def test_letters_are_left_alone_in_a_shop_that_names_its_widths_otherwise() -> None:
    assert written("10 2E men", ("2E", "4E")) == ("10 2E men", (), ())


def test_how_letters_were_read_is_said() -> None:
    (said,) = written("10 2e men", WIDTHS).said

    assert said.startswith("We took 2E for wide. Makers differ in these letters")


@pytest.mark.parametrize(
    ("typed", "plain", "unwanted"),
    [
        ("shoes, no velcro", "shoes,  ", ("hook and loop", "velcro")),
        ("not a slip-on", " ", ("slip on",)),
        ("shoes without laces", "shoes  ", ("lace", "laces")),
        ("shoes but not black ones", "shoes but   ones", ("black",)),
    ],
)
def test_look_that_is_not_wanted_is_told_apart(
    typed: str, plain: str, unwanted: tuple[str, ...]
) -> None:
    assert written(typed, WIDTHS)[:2] == (plain, (unwanted,))


def test_without_is_not_always_a_look() -> None:
    for typed in ("i cannot walk without a brace", "no longer steady", "not sure which size"):
        assert written(typed, WIDTHS) == (typed, (), ())
