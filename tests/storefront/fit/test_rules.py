"""Each rule of docs/fit-rules.md, by its number, and what holds for any catalogue."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storefront.fit.rules import HALF_SIZE, Lack, Need, Shoe, Size, advise, steps_for

LENGTHS = {"8": 245.5, "9": 254.0, "9.5": 258.2, "10": 262.5}
STRAP, SOLID, LEAF = "foot-up strap", "solid AFO", "posterior leaf spring AFO"


def sizes(
    title: str, *widths: int, there: bool = True, inside: int | None = None
) -> tuple[Size, ...]:
    """Make sizes; `inside` is how wide the narrowest width of size 9 is, in millimeters."""
    return tuple(
        Size(
            f"{title}-{name}-{width}",
            f"{name}/{width}",
            length,
            width,
            there,
            None if inside is None else inside + 6 * width + 2 * (float(name) > 9),
        )
        for name, length in LENGTHS.items()
        for width in widths
    )


DEEP = Shoe("deep", 1, sizes("deep", 1, 2, inside=100), frozenset({SOLID, LEAF}), 1, 71, 130, 465)
STRAPS = Shoe(
    "straps", 2, sizes("straps", 1, 2, inside=98), frozenset({LEAF, STRAP}), 1, 62, 118, 310
)
ZIP = Shoe("zip", 3, sizes("zip", 0, 1, 2), frozenset({LEAF, STRAP}), 2, 58, 95, 345)
KNIT = Shoe("knit", 4, sizes("knit", 0, 1), frozenset(), 1, 49, 90, 215)
SANDAL = Shoe("sandal", 5, sizes("sandal", 0, 1), frozenset(), 1, None, None, 285)
GONE = Shoe("gone", 6, sizes("gone", 0, 1, 2, there=False), frozenset({LEAF}), 1, 80, 140, 200)
WIDE = Shoe("wide", 7, sizes("wide", 2))
NARROW = Shoe("narrow", 8, sizes("narrow", 0, 1), frozenset({SOLID}))
SHELF = (DEEP, STRAPS, ZIP, KNIT, SANDAL, GONE)

# need, the titles that are advised in their order
CASES = {
    "1 length as it is": (Need(foot_mm=254), ["knit", "sandal", "straps", "zip", "deep"]),
    "1 to half a size": (Need(foot_mm=256), ["knit", "sandal", "straps", "zip", "deep"]),
    "1 no such length": (Need(foot_mm=280), []),
    "1 between two sizes": (Need(foot_mm=249.7), ["knit", "sandal", "straps", "zip", "deep"]),
    "1 too short a foot": (Need(foot_mm=230), []),
    "2 narrow foot": (Need(width_step=0), ["knit", "sandal", "zip", "straps", "deep"]),
    "2 wide foot": (Need(width_step=1), ["knit", "sandal", "straps", "zip", "deep"]),
    "2 extra wide foot": (Need(width_step=2), ["straps", "zip", "deep"]),
    "2 wider than any": (Need(width_step=3), []),
    "3 thin brace": (Need(width_step=1, brace=LEAF), ["straps", "zip", "deep"]),
    "3 thin brace, narrow foot": (Need(width_step=0, brace=LEAF), ["straps", "zip", "deep"]),
    "3 solid brace": (Need(width_step=0, brace=SOLID), ["deep"]),
    "3 solid brace, wide foot": (Need(width_step=1, brace=SOLID), []),
    "3 thin brace, width not known": (Need(brace=LEAF), ["straps", "zip", "deep"]),
    "3 solid brace, width not known": (Need(brace=SOLID), ["deep"]),
    "3 solid brace, width not known and swelling": (Need(brace=SOLID, swelling=True), []),
    "3 strap asks for no width": (Need(width_step=2, brace=STRAP), ["straps", "zip"]),
    "4 deep": (Need(depth_mm=60), ["straps", "deep"]),
    "4 just so deep": (Need(depth_mm=62), ["straps", "deep"]),
    "4 deeper than any that is there": (Need(depth_mm=72), []),
    "4 not measured is not deep": (Need(depth_mm=1), ["knit", "straps", "zip", "deep"]),
    "5 opening": (Need(opening_mm=100), ["straps", "deep"]),
    "5 not measured does not open": (Need(opening_mm=1), ["knit", "straps", "zip", "deep"]),
    "6 brace that fits": (Need(brace=STRAP), ["straps", "zip"]),
    "6 brace nobody tried": (Need(brace="carbon AFO"), []),
    "6 brace without a name": (Need(any_of=frozenset({SOLID, LEAF})), ["deep"]),
    "6 brace without a name that none takes": (Need(any_of=frozenset({SOLID, STRAP})), []),
    "7 one hand": (Need(one_hand=True), ["knit", "sandal", "straps", "deep"]),
    "7 one hand and a strap": (Need(one_hand=True, brace=STRAP), ["straps"]),
    "8 light": (Need(most_weight_g=300), ["knit", "sandal"]),
    "8 as light as can be": (Need(most_weight_g=100), []),
    "9 swelling": (Need(width_step=0, swelling=True), ["knit", "sandal", "straps", "zip", "deep"]),
    "9 swelling and brace": (Need(width_step=0, brace=LEAF, swelling=True),
                             ["straps", "zip", "deep"]),
    "10 nothing asked": (Need(), ["knit", "sandal", "straps", "zip", "deep"]),
    "11 all at once": (Need(254, 0, SOLID, 70, 120, True, False, 500), ["deep"]),
    "11 nothing is all of it": (Need(254, 0, SOLID, 70, 120, True, True, 500), []),
    "12 wide inside, the nearest first": (Need(254, inside_mm=105), ["deep", "straps"]),
    "12 just so wide": (Need(254, inside_mm=112), ["deep"]),
    "12 wider than any": (Need(254, inside_mm=113), []),
    "12 far too wide": (Need(254, inside_mm=95), ["straps"]),
    "12 no width is added to what was measured": (
        Need(254, 1, SOLID, inside_mm=106, swelling=True), ["deep"]),
    "12 no longer size for its width": (Need(256, inside_mm=113), []),
    "12 says nothing without a length": (
        Need(inside_mm=200), ["knit", "sandal", "straps", "zip", "deep"]),
}  # fmt: skip


@pytest.mark.parametrize(("need", "advised"), CASES.values(), ids=CASES)
def test_rule_advises_what_its_table_says(need: Need, advised: list[str]) -> None:
    assert [each.shoe.title for each in advise(need, SHELF).suits] == advised


def test_there_are_thirty_cases_and_each_rule_has_one() -> None:
    table = (Path(__file__).parents[3] / "docs" / "fit-rules.md").read_text("utf-8")
    rows = [line.split("|")[1:-1] for line in table.splitlines() if line.startswith("| ")][1:]

    assert len(CASES) >= 30
    assert {row[0].strip() for row in rows} == {case.split()[0] for case in CASES}
    assert all("shop's experience" in row[3] or "20" in row[3] or "as rule" in row[3]
               for row in rows)  # fmt: skip


def test_reason_is_one_sentence_of_what_was_asked() -> None:
    need = Need(254, 0, SOLID, 70, 120, True, False, 500)

    [advice] = advise(need, SHELF).suits

    assert advice.size.name == "9/2"
    assert advice.why == (
        "It takes a solid AFO, closes with one hand, is 71 mm (2.8 in) deep inside, where you need"
        " 70 mm, opens 130 mm (5.1 in) wide, where you need 120 mm, weighs 465 g (16.4 oz), is made"
        " for a foot of 254 mm in this size and has a width that leaves room for the brace."
    )


def test_reason_never_calls_a_wider_shoe_the_shoppers_width() -> None:
    whys = {x.shoe.title: x.why for x in advise(Need(width_step=0), (KNIT, DEEP)).suits}

    assert whys == {
        "knit": "It comes in your width.",
        "deep": "It is one width wider than you need.",
    }
    [near] = advise(Need(foot_mm=254, width_step=0), [WIDE]).near
    assert near.why_not == "It is 2 widths too wide for you in your length."


def test_width_that_nobody_told_is_taken_for_the_narrowest_where_a_brace_needs_room() -> None:
    [deep] = advise(Need(foot_mm=254, brace=SOLID), (DEEP, STRAPS)).suits

    assert (deep.size.name, deep.size.width_step) == ("9/2", 2)
    [near] = advise(Need(foot_mm=254, brace=SOLID), [NARROW]).near
    assert near.why_not == (
        "It is not so wide in your length that it surely leaves room for the brace."
    )
    no_widths = Shoe("plain", 9, (Size("plain-9", "9", 254, None, True),), frozenset({SOLID}))
    assert advise(Need(foot_mm=254, brace=SOLID), [no_widths]).suits
    [near] = advise(Need(foot_mm=254, width_step=0, brace=SOLID), [no_widths]).near
    assert near.why_not == "It has no width that we know in your length."


def test_shoe_that_takes_some_braces_says_which() -> None:
    leaf_spring, *_ = DEEP.braces & STRAPS.braces
    asked = Need(any_of=frozenset({SOLID, STRAP, leaf_spring, "SMO", "carbon AFO"}))
    most = replace(DEEP, title="most", braces=asked.any_of - {"carbon AFO"}, position=9)

    near = advise(asked, (WIDE, STRAPS, most)).near

    assert [(each.shoe.title, each.why_not) for each in near] == [
        ("most", "It was tried with every kind of brace but carbon AFO."),
        ("straps", "It was tried with foot-up strap, posterior leaf spring AFO alone."),
        ("wide", "It was not tried with any brace."),
    ]


def test_what_was_lacking_is_counted() -> None:
    assert advise(Need(depth_mm=75), SHELF).lacking == {
        Lack.DEPTH: ["deep", "straps", "zip", "knit", "sandal"],
        Lack.STOCK: ["gone"],
    }
    assert advise(Need(foot_mm=280), (DEEP,)).lacking == {Lack.LENGTH: ["deep"]}
    assert advise(Need(foot_mm=254, width_step=3), (DEEP,)).lacking == {Lack.WIDTH: ["deep"]}


def test_nearest_is_what_falls_short_by_least() -> None:
    near = advise(Need(depth_mm=150), [KNIT, ZIP, STRAPS, DEEP]).near

    assert [each.shoe.title for each in near] == ["deep", "straps", "zip"]


def test_width_that_a_brace_needs_is_told_where_no_shoe_has_it() -> None:
    [near] = advise(Need(foot_mm=254, width_step=1, brace=SOLID), [DEEP]).near

    assert near.why_not == (
        "It is one width too narrow for you in your length, since for the brace we look for"
        " 2 widths more."
    )
    [plain] = advise(Need(foot_mm=254, width_step=4), [DEEP]).near
    assert plain.why_not == "It is 2 widths too narrow for you in your length."


def test_nearest_say_all_that_they_lack_and_two_hands_stand_last() -> None:
    near = advise(Need(depth_mm=72, one_hand=True), SHELF[:4]).near

    assert [each.shoe.title for each in near] == ["deep", "straps", "knit"]
    assert near[0].why_not == "It is 71 mm (2.8 in) deep inside, where you need 72 mm."
    [zipped] = advise(Need(depth_mm=72, one_hand=True, brace=SOLID), [ZIP]).near
    assert zipped.why_not == (
        "It was not tried with a solid AFO, needs two hands and is 58 mm (2.3 in) deep inside,"
        " where you need 72 mm."
    )
    [gone] = advise(Need(foot_mm=254, opening_mm=150), [GONE]).near
    assert gone.why_not == (
        "It is 140 mm (5.5 in) wide at its opening, where you need 150 mm and is not in stock in"
        " your size just now."
    )
    [sandal] = advise(Need(depth_mm=1, opening_mm=1, most_weight_g=100), [SANDAL]).near
    assert sandal.why_not == (
        "It was not measured inside, was not measured at its opening and weighs 285 g (10.1 oz)."
    )


millimeters = st.none() | st.integers(30, 150)
a_size = st.builds(
    Size,
    st.text(max_size=3),
    st.text(max_size=3),
    st.none() | st.floats(200, 320),
    st.none() | st.integers(0, 4),
    st.booleans(),
    millimeters,
)
braces = st.sampled_from(["", STRAP, SOLID, LEAF, "hinged AFO"])
a_shoe = st.builds(
    Shoe,
    st.text(max_size=3),
    st.integers(0, 9),
    st.lists(a_size, max_size=6).map(tuple),
    st.frozensets(braces),
    st.none() | st.integers(1, 2),
    millimeters,
    millimeters,
    st.none() | st.integers(100, 900),
)
a_need = st.builds(
    Need,
    st.none() | st.floats(200, 320),
    st.none() | st.integers(0, 3),
    braces,
    millimeters,
    millimeters,
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(100, 900),
    inside_mm=millimeters,
)


@settings(max_examples=300, deadline=None)
@given(a_need, st.lists(a_shoe, max_size=8))
def test_for_any_catalogue_no_length_makes_up_for_depth_or_width(
    need: Need, shoes: list[Shoe]
) -> None:
    answer = advise(need, shoes)

    for each in answer.suits:
        assert each.size.is_there and each.size in each.shoe.sizes
        if need.foot_mm is not None:
            assert each.size.foot_mm is not None
            assert each.size.foot_mm <= need.foot_mm + HALF_SIZE + 0.1  # never a longer one
        if need.depth_mm is not None:
            assert (each.shoe.depth_mm or 0) >= need.depth_mm
        if need.by_measure:
            nearest = min(
                abs(size.foot_mm - need.foot_mm) for size in each.shoe.sizes if size.foot_mm
            )
            assert abs(each.size.foot_mm - need.foot_mm) <= nearest + 0.1
            assert 0 <= each.size.inside_mm - need.inside_mm <= 10
        elif need.width_step is not None:
            least = need.width_step + steps_for(need.brace) + need.swelling
            assert each.size.width_step is not None
            assert 0 <= each.size.width_step - least <= 1
        elif each.size.width_step is not None:
            assert each.size.width_step >= steps_for(need.brace) + need.swelling
        if need.one_hand:
            assert each.shoe.hands == 1  # so none that takes two stands above it
        assert "longer" not in each.why and each.why.endswith(".")
    for near in answer.near:
        assert near.lacks and "longer" not in near.why_not and near.why_not.endswith(".")
    two_hands = [Lack.HANDS in near.lacks for near in answer.near]
    assert two_hands == sorted(two_hands)
    assert len(answer.suits) + sum(map(len, answer.lacking.values())) == len(shoes)


def test_width_in_millimeters_is_told_as_it_is_or_that_nobody_measured() -> None:
    [deep] = advise(Need(foot_mm=254, brace=SOLID, inside_mm=105), [DEEP]).suits
    near = advise(Need(foot_mm=254, inside_mm=113), (DEEP, KNIT)).near

    assert deep.size.name == "9/1" and deep.why == (
        "It takes a solid AFO, is made for a foot of 254 mm in this size and is 106 mm (4.2 in)"
        " wide inside in it, where you need 105 mm."
    )
    assert [each.why_not for each in near] == [
        "It is 112 mm (4.4 in) wide inside in your length, where you need 113 mm.",
        "It was not measured inside in your length.",
    ]
