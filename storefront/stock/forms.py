"""What staff may write down about a count."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import HiddenField, IntegerField, SelectField, StringField
from wtforms.validators import Length
from wtforms.widgets import HiddenInput, TextInput

from storefront.catalogue.models import MOST_ON_HAND, Variant
from storefront.stock.ledger import Shoes

NOT_A_COUNT = f"Please write a whole number from 0 to {MOST_ON_HAND:,}."
REASONS = [
    ("counted", "Counted"),
    ("received", "Received"),
    ("damaged", "Damaged"),
    ("corrected", "Corrected"),
]


class CountField(IntegerField):
    """A number of shoes: digits alone, in the range that the database keeps."""

    widget = TextInput()

    def process_formdata(self, valuelist: list[str]) -> None:
        text = "".join(valuelist).strip()
        self.data = None
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_ON_HAND))):
            raise ValueError(NOT_A_COUNT)
        if int(text) > MOST_ON_HAND:
            raise ValueError(NOT_A_COUNT)
        self.data = int(text)


class CountForm(FlaskForm):
    """Why a count changes; how many there are is in one of the two forms below."""

    reason = SelectField("Reason", choices=REASONS, default="counted")
    note = StringField("Note", [Length(max=500, message="Please use at most 500 characters.")])

    def counted(self) -> Shoes:
        raise NotImplementedError

    def based_on(self) -> Shoes:
        raise NotImplementedError


class PairsForm(CountForm):
    """A count of pairs, and the count that it was based on."""

    pairs = CountField("Pairs on hand")
    based_on_pairs = CountField(name="based_on", widget=HiddenInput())

    def counted(self) -> Shoes:
        return Shoes(self.pairs.data, self.pairs.data)

    def based_on(self) -> Shoes:
        return Shoes(self.based_on_pairs.data, self.based_on_pairs.data)


class SidesForm(CountForm):
    """A count of left and right shoes, and the counts that it was based on."""

    left = CountField("Left shoes on hand")
    right = CountField("Right shoes on hand")
    based_on_left = CountField(widget=HiddenInput())
    based_on_right = CountField(widget=HiddenInput())
