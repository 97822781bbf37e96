"""Shopify's product CSV: rows into products, with every wrong row named.

Columns: https://help.shopify.com/en/manual/products/import-export/using-csv
"""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from storefront.catalogue.models import MOST_ON_HAND
from storefront.catalogue.naming import HANDLE, LONGEST_SKU, sku_of, unlike
from storefront.money import to_minor

NEEDED = ("Handle", "Title", "Option1 Name", "Option1 Value", "Variant SKU", "Variant Price")
COLOR_NAMES = {"color", "colour"}
NO_OPTION = ("Title", "Default Title")


class NotACatalogue(Exception):
    """The file is not a Shopify product CSV; the message says why."""


class BadRow(Exception):
    """A row cannot be taken: the column and the reason."""

    def __init__(self, column: str, reason: str) -> None:
        super().__init__(f"{column}: {reason}")


@dataclass
class VariantRow:
    """One variant as the file has it; `pairs` is its stock where it is counted."""

    row: int
    color: str
    size: str
    width: str
    sku: str
    price_minor: int
    compare_at_minor: int | None
    weight_g: int
    barcode: str
    counted: bool
    pairs: int


@dataclass
class ProductRows:
    """One product as the file has it."""

    handle: str
    title: str
    description: str
    vendor: str
    product_type: str
    tags: str
    published: bool
    size_label: str = "Size"
    width_label: str = "Width"
    variants: list[VariantRow] = field(default_factory=list)


@dataclass
class Catalogue:
    """What a file holds: products, wrong rows as (row, what), and what should be known."""

    products: dict[str, ProductRows] = field(default_factory=dict)
    errors: list[tuple[int, str]] = field(default_factory=list)
    warnings: list[tuple[int, str]] = field(default_factory=list)


def read(path: Path, currency: str) -> Catalogue:
    """Read a product CSV. Raises NotACatalogue where it is none at all."""
    catalogue = Catalogue()
    options: dict[str, dict[str, int]] = {}
    broken: set[str] = set()
    pictures = 0
    for number, row in _rows(path):
        handle = row["Handle"]
        try:
            if row["Title"]:
                _start(catalogue, options, handle, row)
            if handle in broken:
                raise BadRow("Handle", f"the first row of {handle!r} is wrong")
            if handle not in catalogue.products:
                raise BadRow("Handle", f"{handle!r} has no row with a title above this one")
            if row.get("Image Src"):
                pictures += 1
            if not (row["Option1 Value"] or row["Variant Price"]):
                continue  # a row that only brings a further picture
            variant = _variant(number, row, options[handle], currency)
            _refuse_repeated(catalogue.products[handle], variant)
            catalogue.products[handle].variants.append(variant)
        except BadRow as bad:
            catalogue.errors.append((number, str(bad)))
            if row["Title"]:
                broken.add(handle)
                catalogue.products.pop(handle, None)
    if pictures:
        catalogue.warnings.append(
            (0, f"{pictures} pictures lie on other servers; none was fetched")
        )
    _complete_skus(catalogue)
    return catalogue


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield each row with its line number as a spreadsheet shows it, values stripped."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file, strict=True)
            names = [name.strip() for name in reader.fieldnames or []]
            missing = [name for name in NEEDED if name not in names]
            if missing:
                raise NotACatalogue(f"the file has no column {missing[0]!r} in its first line")
            reader.fieldnames = names
            for number, row in enumerate(reader, start=2):
                if "\0" in "".join(str(value) for value in row.values()):
                    raise NotACatalogue(f"row {number} holds a NUL character")
                yield number, {k: (v or "").strip() for k, v in row.items() if isinstance(k, str)}
    except UnicodeDecodeError:
        raise NotACatalogue("the file is not written in UTF-8") from None
    except csv.Error as error:
        raise NotACatalogue(f"the file is not a proper CSV: {error}") from None
    except OSError as error:
        raise NotACatalogue(f"the file cannot be read: {error.strerror}") from None


def _start(
    catalogue: Catalogue, options: dict[str, dict[str, int]], handle: str, row: Mapping[str, str]
) -> None:
    """Begin a product with its first row."""
    if not HANDLE.fullmatch(handle):
        raise BadRow("Handle", f"{handle!r} must be 1 to 80 of a-z, 0-9 and hyphen")
    if handle in catalogue.products:
        raise BadRow("Handle", f"{handle!r} stands twice in the file")
    if len(row["Title"]) > 255:
        raise BadRow("Title", "longer than 255 characters")
    product = ProductRows(
        handle=handle,
        title=row["Title"],
        description=row.get("Body (HTML)", ""),
        vendor=row.get("Vendor", "")[:255],
        product_type=row.get("Type", "")[:255],
        tags=row.get("Tags", ""),
        published=_yes(row, "Published") and row.get("Status", "active").lower() in {"", "active"},
    )
    options[handle] = _axes(product, row)
    catalogue.products[handle] = product


def _axes(product: ProductRows, row: Mapping[str, str]) -> dict[str, int]:
    """Say which option column holds color, size and width.

    Color and Width are known by name; of the others the first fills size and the second width,
    under their own labels.
    """
    axes: dict[str, int] = {}
    others = []
    for place in (1, 2, 3):
        name = row.get(f"Option{place} Name", "")
        if not name or (name, row.get(f"Option{place} Value")) == NO_OPTION:
            continue
        if name.lower() in COLOR_NAMES:
            axes["color"] = place
        elif name.lower() == "width":
            axes["width"] = place
            product.width_label = name
        else:
            others.append((place, name))
    for place, name in others:
        if "size" not in axes:
            axes["size"], product.size_label = place, name[:80]
        elif "width" not in axes:
            axes["width"], product.width_label = place, name[:80]
        else:
            raise BadRow(f"Option{place} Name", "a third option besides color cannot be kept")
    return axes


def _variant(
    number: int, row: Mapping[str, str], axes: Mapping[str, int], currency: str
) -> VariantRow:
    def option(axis: str) -> str:
        value = row.get(f"Option{axes[axis]} Value", "") if axis in axes else ""
        if axis in axes and not value:
            raise BadRow(f"Option{axes[axis]} Value", "is empty")
        return _short(f"Option{axes.get(axis, 1)} Value", value, 80)

    compare_at = row.get("Variant Compare At Price", "")
    return VariantRow(
        row=number,
        color=option("color"),
        size=option("size"),
        width=option("width"),
        sku=_short("Variant SKU", row["Variant SKU"], 64),
        price_minor=_money(row, "Variant Price", currency),
        compare_at_minor=_money(row, "Variant Compare At Price", currency) if compare_at else None,
        weight_g=_whole(row, "Variant Grams", 10_000_000),
        barcode=_short("Variant Barcode", row.get("Variant Barcode", ""), 64),
        counted=bool(row.get("Variant Inventory Tracker", "")),
        pairs=_whole(row, "Variant Inventory Qty", MOST_ON_HAND),
    )


def _refuse_repeated(product: ProductRows, variant: VariantRow) -> None:
    same = (variant.color, variant.size, variant.width)
    for other in product.variants:
        if (other.color, other.size, other.width) == same:
            raise BadRow("Option1 Value", f"the same options as row {other.row}")


def _complete_skus(catalogue: Catalogue) -> None:
    """Make blank skus from handle and options and number repeated ones, the same on each run."""
    taken: set[str] = set()
    for product in catalogue.products.values():
        for variant in product.variants:
            given = variant.sku
            if not given:
                variant.sku = sku_of(product.handle, variant.color, variant.size, variant.width)
            variant.sku = unlike(variant.sku, taken, LONGEST_SKU)
            taken.add(variant.sku)
            if variant.sku != given:
                was = f"Variant SKU {given!r} stands twice" if given else "Variant SKU is empty"
                catalogue.warnings.append((variant.row, f"{was}; {variant.sku!r} is used"))


def _short(column: str, value: str, most: int) -> str:
    if len(value) > most:
        raise BadRow(column, f"longer than {most} characters")
    return value


def _money(row: Mapping[str, str], column: str, currency: str) -> int:
    try:
        return to_minor(row.get(column, ""), currency)
    except ValueError:
        raise BadRow(column, f"{row.get(column, '')!r} is not a price") from None


def _whole(row: Mapping[str, str], column: str, most: int) -> int:
    text = row.get(column, "") or "0"
    if not re.fullmatch(r"[0-9]{1,9}(\.0+)?", text) or int(text.partition(".")[0]) > most:
        raise BadRow(column, f"{text!r} is not a whole number from 0 to {most:,}")
    return int(text.partition(".")[0])


def _yes(row: Mapping[str, str], column: str) -> bool:
    text = row.get(column, "").lower()
    if text not in {"", "true", "false"}:
        raise BadRow(column, f"{text!r} is neither true nor false")
    return text != "false"
