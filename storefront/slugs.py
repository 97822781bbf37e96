"""Slugs: the words of an address, made from a title."""

import re
import unicodedata

LONGEST = 80
PATTERN = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def slug_of(title: str) -> str:
    """Return a title as the words of an address; '' where it has no letters or digits of ASCII."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain.replace("'", "")).strip("-")
    return words[:LONGEST].rstrip("-")


def is_slug(text: str) -> bool:
    return len(text) <= LONGEST and PATTERN.fullmatch(text) is not None
