"""Display settings: what a reader may choose, and the styles each choice stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One choice: its value in form and cookie, its words, and its styles."""

    value: str
    words: str
    css: str = ""


@dataclass(frozen=True)
class Setting:
    """One setting; the first option is how the shop looks when nothing is chosen."""

    name: str
    words: str
    options: tuple[Option, ...]


HIGH_CONTRAST = """:root {
  --paper: #000; --raised: #000; --ink: #fff; --quiet: #fff; --line: #fff; --edge: #fff;
  --accent: #ffe66d; --accent-strong: #ffe66d; --on-accent: #000; --signal: #ffb3a0;
  --backdrop: #222; --focus-in: #fff; --focus-out: #000; color-scheme: dark;
}
"""
DARK_ON_WHITE = """:root {
  --paper: #fff; --raised: #fff; --ink: #000; --quiet: #000; --line: #000; --edge: #000;
  --accent: #00395c; --accent-strong: #000; --on-accent: #fff; --signal: #7a0000;
  --backdrop: #f2f2f2; --focus-in: #fff; --focus-out: #000; color-scheme: light;
}
"""
STILL = """*, *::before, *::after {
  animation: none !important; transition: none !important; scroll-behavior: auto !important;
}
"""
LOOSE = """body { line-height: 2; letter-spacing: 0.12em; word-spacing: 0.16em; }
p { margin-bottom: 2em; }
"""

# Widths in media queries know nothing of the text size chosen here.
ONE_COLUMN = """.banner { font-size: 0.75rem; }
@media (max-width: 80em) {
  .product, .article__columns, .main > .cart--full, .hero { display: block; }
  .product__pictures img { width: auto; max-height: 50vh; }
  .grid { grid-template-columns: 100%; }
  .contents { position: static; max-height: none; }
  .lines thead, .facts thead { display: none; }
  table, tbody, tr, th, td { display: block; }
  tr { padding: 0.5rem 0; border-bottom: 1px solid var(--line); }
  th, td, .facts th, .cart__sums td, .sums td {
    width: auto; padding: 0; border: 0; text-align: left; white-space: normal;
  }
  .lines td::before { content: attr(data-label) ": "; color: var(--quiet); }
}
@media (max-width: 30em) {
  h1, h2, h3 { font-size: 1.25rem; }
  .header__name, .header__link { font-size: 0.875rem; min-height: 48px; }
  .header__link { padding: 0 0.25rem; }
  .header__list { margin: 0 -0.25rem; }
  .button, .size__face, .swatch { padding-left: 0.25rem; padding-right: 0.25rem; }
  .notice { padding: 0.5rem; border-left-width: 0.25rem; }
  .sizes__list { grid-template-columns: 100%; }
  .card__body, .contents { padding: 0.5rem; }
  .contents__title { font-size: 1.125rem; }
  .contents ol { list-style: none; padding-left: 0; }
  body { hyphens: auto; -webkit-hyphens: auto; }
}
"""

SETTINGS = (
    Setting(
        "text",
        "Text size",
        (
            Option("100", "Standard"),
            Option("125", "Large", "html { font-size: 125%; }\n"),
            Option("150", "Larger", "html { font-size: 150%; }\n" + ONE_COLUMN),
            Option("200", "Largest", "html { font-size: 200%; }\n" + ONE_COLUMN),
        ),
    ),
    Setting(
        "contrast",
        "Contrast",
        (
            Option("standard", "Standard, light or dark as this device is set"),
            Option("high", "High, light on black", HIGH_CONTRAST),
            Option("paper", "High, black on white", DARK_ON_WHITE),
        ),
    ),
    Setting(
        "spacing",
        "Spacing of letters and lines",
        (Option("standard", "Standard"), Option("loose", "Wide", LOOSE)),
    ),
    Setting(
        "motion",
        "Motion",
        (Option("system", "As this device is set"), Option("none", "None at all", STILL)),
    ),
    Setting(
        "targets",
        "Size of buttons and links to press",
        (Option("standard", "Standard"), Option("large", "Large", ":root { --target: 4rem; }\n")),
    ),
)


def from_form(form: Mapping[str, str]) -> dict[str, str]:
    """Return the known choices of a form; anything else counts as the standard."""
    return {
        setting.name: form[setting.name]
        for setting in SETTINGS
        if form.get(setting.name) in {option.value for option in setting.options[1:]}
    }


def to_cookie(chosen: Mapping[str, str]) -> str:
    """Return the choices as a cookie's value: `text.125-contrast.high`."""
    return "-".join(f"{name}.{value}" for name, value in chosen.items())


def from_cookie(value: str) -> dict[str, str]:
    """Return the known choices of a cookie; what it cannot read is left out."""
    return from_form(dict(pair.split(".", 1) for pair in value.split("-") if "." in pair))


def as_css(chosen: Mapping[str, str]) -> str:
    """Return the styles of the choices; nothing for the standard."""
    return "".join(
        option.css
        for setting in SETTINGS
        for option in setting.options
        if chosen.get(setting.name) == option.value
    )


def safe_next(address: str) -> str:
    """Return an address on this site to go back to; the settings page for anything else."""
    if re.fullmatch(r"/(?!/)[^\x00-\x20\\]*", address):
        return address
    return "/accessibility?saved=1"
