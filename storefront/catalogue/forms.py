"""What staff may write down about products, their colors, pictures and sizes, and collections."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    HiddenField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
)
from wtforms.validators import Length, Regexp
from wtforms.widgets import CheckboxInput, ListWidget, TextArea

from storefront.catalogue.collections import RULES
from storefront.catalogue.models import Variant
from storefront.fields import (
    NO_ALT,
    DayField,
    PictureField,
    PriceField,
    ReadField,
    WholeField,
    line,
    text,
)

NOT_A_HANDLE = "A handle has 1 to 80 of a to z, 0 to 9 and hyphen."
NOT_A_SWATCH = "Please write a color as # and six digits, such as #4a5d3a."
# A sku is a part of addresses, of which browsers take dots between slashes away.
SKU = r"(?!.*(//|(^|/)\.{1,2}(/|$)))[^/?#\s][^?#\n\r]*\Z"
NOT_A_SKU = "A sku is one line without ? and #, and does not begin with a slash or a dot alone."
POSITIONS = 1_000_000
MOST_LINES = 200
MOST_INSIDE = 300  # millimeters

SizeAndWidth = tuple[str, str]


def handle_field() -> Any:
    """Return the field of a handle, which may be empty."""
    return line("Handle", 80, Regexp(r"([a-z0-9-]{1,80})?\Z", message=NOT_A_HANDLE))


def swatch_field(label: str) -> Any:
    """Return the field of a color such as #4a5d3a, which may be empty."""
    return line(label, 7, Regexp(r"(#[0-9A-Fa-f]{6})?\Z", message=NOT_A_SWATCH))


class LinesField(ReadField):
    """Several short texts, one a line; empty lines and repeated ones are left out."""

    widget = TextArea()
    needed = True  # none at all is an empty list

    def read(self, typed: str) -> list[str]:
        lines = list(dict.fromkeys(filter(None, map(str.strip, typed.splitlines()))))
        if any(len(line) > 80 for line in lines):
            raise ValueError("Please use at most 80 characters a line.")
        if len(lines) > MOST_LINES:
            raise ValueError(f"Please write at most {MOST_LINES} lines.")
        return lines

    def shown(self) -> str:
        return "\n".join(self.data)


class MaybeField(SelectField):
    """A choice of which "" is None: not known."""

    def __init__(self, label: str, choices: Mapping[str, str], **more: Any) -> None:
        choices = {"": "Not measured", **choices}
        super().__init__(label, choices=choices_of(choices), coerce=_plain, **more)


def choices_of(words: Mapping[str, str]) -> list[SelectChoice]:
    """Return the choices of a field by their values."""
    return [SelectChoice(value, said) for value, said in words.items()]


def _plain(value: object) -> str:
    """Return a choice's text: a fact of the database may be a number, a yes or nothing."""
    return "" if value is None else str(int(value) if isinstance(value, bool) else value)


class BasedForm(FlaskForm):
    """A form about something that others may change meanwhile: it carries when that last was."""

    based_on = HiddenField(validators=[Length(max=40)])

    def facts(self, *names: str) -> dict[str, Any]:
        """Return what was typed into these fields."""
        return {name: self[name].data for name in names}


class ProductForm(BasedForm):
    """What is said and measured of a product."""

    title = line("Title", 255, needed="Please write a title.")
    handle = handle_field()
    summary = text("Summary", 500)
    description = text("Description", 50_000)
    vendor = line("Vendor", 255)
    product_type = line("Type", 255)
    tags = line("Tags", 2000)
    published = BooleanField("Published: shown as soon as a size is on sale")
    position = WholeField("Place in lists", 0, POSITIONS, needed=True, default=0)
    size_label = line("Name of the sizes", 80, needed="Please write a name.", default="Size")
    size_system = line("Size system", 20)
    width_label = line("Name of the widths", 80, needed="Please write a name.", default="Width")
    weight_g = WholeField("Weight of one shoe, in grams", 1, 5000)
    drop_mm = WholeField("Heel-to-toe drop, in millimeters", -50, 100)
    depth_mm = WholeField("Depth inside with the insole out, in millimeters", 1, 500)
    opening_mm = WholeField("Width of the opening, in millimeters", 1, 500)
    closure = line("Closure", 40)
    hands = MaybeField("Hands needed to close", {"1": "One hand", "2": "Two hands"})
    removable_insole = MaybeField("The insole comes out", {"1": "Yes", "0": "No"})
    heel_counter = line("Heel counter", 40)
    sole = line("Sole", 255)
    fits = LinesField("Braces that it fits, one a line")

    @property
    def product(self) -> dict[str, Any]:
        """What was typed, by the names of the product's own facts."""
        whole = {
            "closure": self.closure.data or None,
            "heel_counter": self.heel_counter.data or None,
            "sole": self.sole.data or None,
            "hands": int(self.hands.data) if self.hands.data else None,
            "removable_insole": {"1": True, "0": False}.get(self.removable_insole.data),
        }
        plain = set(self.data) - {*whole, "based_on", "csrf_token", "fits"}
        return {**self.facts(*plain), **whole}


class ColorForm(BasedForm):
    """A color: its name and the one or two colors of its swatch."""

    name = line("Name", 80)
    swatch = swatch_field("Swatch")
    second_swatch = swatch_field("Second half of the swatch")
    place = WholeField("Place among the colors", 1, 1000, needed=True)


class PictureForm(BasedForm):
    """A picture to upload. `kept` is one that was taken in while its words were missing."""

    file = PictureField("Picture", kept="kept", needed=True)
    alt = line("What it shows", 500, needed=NO_ALT)
    kept = HiddenField(validators=[Length(max=60)])


class PictureWordsForm(BasedForm):
    """The words of a picture, and what to do with it."""

    alt = line("What it shows", 500, needed=NO_ALT)


class SizesForm(BasedForm):
    """Sizes and widths to make in some colors."""

    sizes = LinesField("Sizes, one a line")
    widths = LinesField("Widths, one a line")
    colors = SelectMultipleField(
        "Colors", option_widget=CheckboxInput(), widget=ListWidget(prefix_label=False)
    )
    price_minor = PriceField("Price of a pair", needed=True)
    single_minor = PriceField("Price of one shoe")


class VariantForm(BasedForm):
    """One size of one color."""

    sku = line("Sku", 64, Regexp(SKU, message=NOT_A_SKU), needed="Please write a sku.")
    size = line("Size", 80)
    width = line("Width", 80)
    price_minor = PriceField("Price of a pair", needed=True)
    single_minor = PriceField("Price of one shoe")
    compare_at_minor = PriceField("Earlier price of a pair")
    barcode = line("Barcode", 64)
    weight_g = WholeField("Weight of the parcel, in grams", 0, 1_000_000, needed=True)
    restock_on = DayField("Back on")
    counted = BooleanField("Counted: the shop sells what is on hand and no more")
    published = BooleanField("On sale")


class InsideForm(BasedForm):
    """How wide a product is inside, in millimeters; `inside_form` gives it its fields."""

    fields: ClassVar[dict[SizeAndWidth, str]] = {}

    @property
    def measured(self) -> dict[SizeAndWidth, int | None]:
        """What was typed of each size and width that the page had; None: not measured."""
        return {at: self[name].data for at, name in self.fields.items() if self[name].raw_data}


def inside_form(variants: Iterable[Variant]) -> type[InsideForm]:
    """Return the form for a product, with a field for each of its sizes and widths, in order.

    A field is named by the first variant of all colors, which a new size or color never changes.
    """
    first: dict[SizeAndWidth, int] = {}
    for variant in variants:
        at = variant.size, variant.width
        first[at] = min(variant.id, first.get(at, variant.id))
    named = {at: f"inside_{number}" for at, number in first.items()}
    fields = {
        name: WholeField(", ".join(filter(None, at)) or "One size", 1, MOST_INSIDE)
        for at, name in named.items()
    }
    return type("InsideForm", (InsideForm,), {"fields": named, **fields})


class CollectionForm(BasedForm):
    """A collection, and how products come into it."""

    title = line("Title", 255, needed="Please write a title.")
    handle = handle_field()
    description = text("Description", 20_000)
    published = BooleanField("Published")
    position = WholeField("Place among the collections", 0, POSITIONS, needed=True, default=0)
    rule = SelectField("Which products", choices=choices_of(RULES))
    rule_value = line("Which tag, type or brace, or how many hands", 255)
    products = LinesField("Handles of the products, one a line")

    @property
    def collection(self) -> dict[str, Any]:
        """What was typed, by the names of the collection's own facts."""
        return self.facts(*set(self.data) - {"based_on", "csrf_token", "products"})
