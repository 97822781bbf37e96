"""The shop's styles: one small scale of letters, none of them small."""

import re
from pathlib import Path

STYLES = Path(__file__).parents[1] / "static" / "css"
SLIP = "returns.css"  # a slip in large print has a scale of its own
SIZE = re.compile(r"font-size:\s*([^;}]+)")


def sizes() -> dict[str, set[str]]:
    """Return the files by the font sizes that they name, with tokens as what they stand for."""
    tokens = dict(re.findall(r"(--[\w-]+): ([\d.]+rem)", (STYLES / "tokens.css").read_text()))
    found: dict[str, set[str]] = {}
    for file in STYLES.rglob("*.css"):
        text = re.sub(r"@media print \{.*?\n\}", "", file.read_text(), flags=re.DOTALL)
        for value in SIZE.findall(text) if file.name != SLIP else ():
            named = re.fullmatch(r"var\((--[\w-]+)\)", value.strip())
            found.setdefault(tokens[named[1]] if named else value.strip(), set()).add(file.name)
    return found


def test_shop_has_six_font_sizes_at_most_and_none_under_eighteen_pixels() -> None:
    # Numbers on the map of coaches are in units of the drawing: 2.9 of 56 across a column.
    named = {size: files for size, files in sizes().items() if files != {"coaches.css"}}

    assert len(named) <= 6, named
    assert all(float(size.removesuffix("rem")) * 16 >= 18 for size in named), named


def test_colors_are_tokens_everywhere_but_in_their_own_file() -> None:
    for file in STYLES.rglob("*.css"):
        if file.name != "tokens.css":
            screen = re.sub(r"@media print \{.*?\n\}", "", file.read_text(), flags=re.DOTALL)
            assert re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[\s;])", screen) == [], file.name
