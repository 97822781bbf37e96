"""Names that become parts of addresses and skus, made the same way by hand and by import."""

import re
from collections.abc import Collection

HANDLE = re.compile(r"[a-z0-9-]{1,80}")
LONGEST_SKU = 64


def slug(text: str) -> str:
    """Return text as a part of an address: lower case, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def sku_of(handle: str, color: str, size: str, width: str) -> str:
    """Return the sku of a variant that was given none: "harbor-moss-9-wide"."""
    return "-".join(filter(None, map(slug, (handle, color, size, width))))[:58]


def unlike(wanted: str, taken: Collection[str], most: int) -> str:
    """Return a name of at most so many characters that is free: the wanted one, else -2, -3."""
    found, count = wanted[:most], 1
    while found in taken:
        count += 1
        found = f"{wanted[: most - 4]}-{count}"
    return found


def color_slug(name: str, taken: Collection[str]) -> str:
    """Return a slug that no other color of the product has; '' for the only color, unnamed."""
    return unlike(slug(name)[:76] or ("color" if name else ""), taken, 80)
