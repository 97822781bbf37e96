"""Shopify's inventory CSV: counts into rows and rows into counts, with every wrong row named.

Columns: https://help.shopify.com/en/manual/products/inventory/getting-started-with-inventory/inventory-csv

"On hand (current)" is what the count was when the file was written, "On hand (new)" what it shall
be; an empty new one leaves the row alone. Both are pairs. Where left and right differ, or a shoe
is sold singly, these two are empty and four columns of our own stand beside them, which a file has
only if some row needs them: "Left (current)", "Left (new)", "Right (current)", "Right (new)".
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.stock.ledger import Shoes
from storefront.stock.words import by_sides

CURRENT, NEW = "On hand (current)", "On hand (new)"
LEFT_CURRENT, LEFT_NEW = "Left (current)", "Left (new)"
RIGHT_CURRENT, RIGHT_NEW = "Right (current)", "Right (new)"
PAIRS = (CURRENT, NEW)
SIDES = (LEFT_CURRENT, LEFT_NEW, RIGHT_CURRENT, RIGHT_NEW)
NEEDED = ("SKU", CURRENT, NEW)
LOCATION = "Shop"
COLUMNS = (
    "Handle",
    "Title",
    "Option1 Name",
    "Option1 Value",
    "Option2 Name",
    "Option2 Value",
    "Option3 Name",
    "Option3 Value",
    "SKU",
    "HS Code",
    "COO",
    "Location",
    "Bin name",
    "Incoming (not editable)",
    "Unavailable (not editable)",
    "Committed (not editable)",
    "Available (not editable)",
    *PAIRS,
)
FORMULA = tuple("=+-@\t\r")  # what a spreadsheet would work out rather than show


class NotAnInventory(Exception):
    """The file is no inventory CSV; the message says why."""


@dataclass(frozen=True)
class Wrong:
    """What is wrong in a row, as a spreadsheet numbers it, and in which column."""

    row: int
    column: str
    reason: str


@dataclass(frozen=True)
class CountRow:
    """A row with a new count: what the count was, and what it shall be."""

    row: int
    sku: str
    current: Shoes
    new: Shoes
    by_sides: bool


@dataclass
class Inventory:
    """What a file holds: how many rows, those with a new count, and the wrong ones."""

    read: int = 0
    rows: list[CountRow] = field(default_factory=list)
    wrong: list[Wrong] = field(default_factory=list)


class _BadCell(Exception):
    """A cell cannot be taken: its column and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(column, reason)
        self.column, self.reason = column, reason


def read(path: Path) -> Inventory:
    """Read an inventory CSV. Raises NotAnInventory where it is none at all."""
    inventory = Inventory()
    seen: dict[str, int] = {}
    for number, cells in _rows(path):
        inventory.read += 1
        try:
            row = _row(number, cells, seen)
        except _BadCell as bad:
            inventory.wrong.append(Wrong(number, bad.column, bad.reason))
            continue
        if row is not None:
            inventory.rows.append(row)
    return inventory


def write(path: Path, variants: Iterable[Variant], *, sides: bool) -> int:
    """Write variants with their counts and return how many; `sides` adds the four columns."""
    columns = COLUMNS + SIDES if sides else COLUMNS
    written = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        for variant in variants:
            writer.writerow({name: guarded(cell) for name, cell in _cells(variant).items()})
            written += 1
    return written


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its number as a spreadsheet shows it, cells stripped."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            delimiter = ";" if first.count(";") > first.count(",") else ","
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            names = _names(next(reader, []))
            for number, cells in enumerate(reader, start=2):
                if any("\0" in cell for cell in cells):
                    raise NotAnInventory(f"row {number} holds a NUL character")
                if len(cells) > len(names):
                    raise NotAnInventory(f"row {number} has more cells than the first line")
                if any(cell.strip() for cell in cells):
                    yield number, dict(zip(names, map(str.strip, cells), strict=False))
    except UnicodeDecodeError:
        raise NotAnInventory("the file is not written in UTF-8") from None
    except csv.Error as error:
        raise NotAnInventory(f"the file is not a proper CSV: {error}") from None
    except OSError as error:
        raise NotAnInventory(f"the file cannot be read: {error.strerror}") from None


def _names(cells: list[str]) -> list[str]:
    names = [cell.strip() for cell in cells]
    if not any(names):
        raise NotAnInventory("the file is empty: its first line must name the columns")
    for name in NEEDED:
        if name not in names:
            raise NotAnInventory(f"the file has no column {name!r} in its first line")
    for name in (*NEEDED, *SIDES):
        if names.count(name) > 1:
            raise NotAnInventory(f"the column {name!r} stands twice in the first line")
    return names


def _row(number: int, cells: Mapping[str, str], seen: dict[str, int]) -> CountRow | None:
    """Return a row with a new count, or None for one that is left alone."""
    sku = _unguarded(cells.get("SKU", ""))
    if not sku:
        raise _BadCell("SKU", "is empty")
    if sku in seen:
        raise _BadCell("SKU", f"{sku!r} stands in row {seen[sku]} already; one row for each")
    seen[sku] = number
    pairs = cells.get(NEW, "") != ""
    sides = any(cells.get(name, "") != "" for name in (LEFT_NEW, RIGHT_NEW))
    if pairs and sides:
        raise _BadCell(NEW, "give pairs, or left and right, not both")
    if pairs:
        current, new = _number(cells, CURRENT), _number(cells, NEW)
        return CountRow(number, sku, Shoes(current, current), Shoes(new, new), by_sides=False)
    if sides:
        was = Shoes(_number(cells, LEFT_CURRENT), _number(cells, RIGHT_CURRENT))
        return CountRow(
            number,
            sku,
            was,
            Shoes(
                _number(cells, LEFT_NEW) if cells.get(LEFT_NEW) else was.left,
                _number(cells, RIGHT_NEW) if cells.get(RIGHT_NEW) else was.right,
            ),
            by_sides=True,
        )
    return None


def _number(cells: Mapping[str, str], column: str) -> int:
    text = cells.get(column, "")
    if not text:
        raise _BadCell(column, "is empty; it must say what the count was")
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) or int(text.partition(".")[0]) > MOST_ON_HAND:
        shown = text if len(text) <= 40 else f"{text[:40]}…"
        raise _BadCell(column, f"{shown!r} is not a whole number from 0 to {MOST_ON_HAND:,}")
    return int(text.partition(".")[0])


def _cells(variant: Variant) -> dict[str, str]:
    product = variant.product
    options = (
        ("Color", variant.color.name),
        (product.size_label, variant.size),
        (product.width_label, variant.width),
    )
    cells = {"Handle": product.handle, "Title": product.title, "SKU": variant.sku}
    given = [option for option in options if option[1]] or [("Title", "Default Title")]
    for place, (name, value) in enumerate(given, start=1):
        cells[f"Option{place} Name"], cells[f"Option{place} Value"] = name, value
    cells["Location"] = LOCATION
    if by_sides(variant):
        cells[LEFT_CURRENT] = str(variant.on_hand_left)
        cells[RIGHT_CURRENT] = str(variant.on_hand_right)
        return cells
    return cells | {
        "Incoming (not editable)": "0",
        "Unavailable (not editable)": "0",
        "Committed (not editable)": str(variant.on_hand_left - variant.free_pairs),
        "Available (not editable)": str(variant.free_pairs),
        CURRENT: str(variant.on_hand_left),
    }


def guarded(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would take for a formula."""
    return f"'{cell}" if cell.lstrip("'").startswith(FORMULA) else cell


def _unguarded(cell: str) -> str:
    """Take that apostrophe away again."""
    is_guarded = cell.startswith("'") and cell.lstrip("'").startswith(FORMULA)
    return cell[1:] if is_guarded else cell
