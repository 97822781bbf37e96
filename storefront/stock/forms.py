"""What staff may write down about a count."""

from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import AnyOf, Length

from storefront.catalogue.models import MOST_ON_HAND
from storefront.stock.ledger import Shoes

NOT_A_COUNT = f"Please write a whole number from 0 to {MOST_ON_HAND:,}."
NOT_A_REASON = "Please choose one of the reasons."
REASONS = ("counted", "received", "damaged", "corrected")


class CountField(Field):
    """A number of shoes: digits alone, in the range that the database keeps."""

    def process_formdata(self, valuelist: list[str]) -> None:
        text = "".join(valuelist).strip()
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
        if not 0 <= self.data <= MOST_ON_HAND:
            raise ValueError(NOT_A_COUNT)


class CountForm(FlaskForm):
    """Why a count changes; how many there are is in one of the two forms below."""

    reason = StringField(default="counted", validators=[AnyOf(REASONS, NOT_A_REASON)])
    note = StringField(validators=[Length(max=500, message="Please use at most 500 characters.")])

    def new_count(self) -> Shoes:
        """Return what was counted."""
        raise NotImplementedError

    def old_count(self) -> Shoes:
        """Return what was there when the page was opened."""
        raise NotImplementedError


class PairsForm(CountForm):
    """A count of pairs."""

    pairs = CountField()
    based_on = CountField()

    def new_count(self) -> Shoes:
        return Shoes(self.pairs.data, self.pairs.data)

    def old_count(self) -> Shoes:
        return Shoes(self.based_on.data, self.based_on.data)


class SidesForm(CountForm):
    """A count of left and of right shoes."""

    left = CountField()
    right = CountField()
    based_on_left = CountField()
    based_on_right = CountField()

    def new_count(self) -> Shoes:
        return Shoes(self.left.data, self.right.data)

    def old_count(self) -> Shoes:
        return Shoes(self.based_on_left.data, self.based_on_right.data)
