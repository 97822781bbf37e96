"""What staff may write down about a count."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import Field, SelectField, StringField
from wtforms.validators import AnyOf, Length
from wtforms.widgets import TextInput

from storefront.catalogue.models import MOST_ON_HAND
from storefront.stock.ledger import BY_STAFF, Shoes
from storefront.stock.words import count_words

NOT_A_COUNT = f"Please write a whole number from 0 to {MOST_ON_HAND:,}."
NOT_AN_AMOUNT = f"Please write how many, from 1 to {MOST_ON_HAND:,}."
NOT_A_REASON = "Please choose one of the reasons."
NO_NOTE = "Please say in a few words what happened."
NOT_MORE = "What was received makes the count larger. Please look at reason and number."
NOT_LESS = "What is damaged makes the count smaller. Please look at reason and number."
TOO_MANY = f"That would be more than {MOST_ON_HAND:,} on hand."
OF_A_COUNT = ("counted", "corrected")
OF_AN_AMOUNT = ("received", "damaged")
NEED_NOTE = ("damaged", "corrected")
FEW_WORDS = 3  # characters
NUMBERS = {  # whether it is an amount, whether sides are typed: the fields
    (False, False): ("pairs",),
    (False, True): ("left", "right"),
    (True, False): ("amount",),
    (True, True): ("amount_left", "amount_right"),
}


class CountField(Field):
    """A number of shoes: digits alone, in the range that the database keeps."""

    widget = TextInput()
    data: Any

    def __init__(self, *args: Any, empty: str = "", **more: Any) -> None:
        super().__init__(*args, **more)
        self._empty = empty  # what an empty field stands for

    def process_formdata(self, valuelist: list[str]) -> None:
        text = "".join(valuelist).strip() or self._empty
        self.data = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else -1
        if not 0 <= self.data <= MOST_ON_HAND:
            raise ValueError(NOT_A_COUNT)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(self.data)


class CountForm(FlaskForm):
    """A new count and why, of pairs or of sides; or only how many were received or are damaged."""

    pairs = CountField("Pairs")
    left = CountField("Left")
    right = CountField("Right")
    amount = CountField("Pairs")
    amount_left = CountField("Left", empty="0")
    amount_right = CountField("Right", empty="0")
    reason = SelectField(
        default="counted", validate_choice=False, validators=[AnyOf(BY_STAFF, NOT_A_REASON)]
    )
    note = StringField(
        filters=[lambda text: (text or "").strip()],
        validators=[Length(max=500, message="Please use at most 500 characters.")],
    )
    based_on = CountField()
    based_on_left = CountField()
    based_on_right = CountField()

    def __init__(self, *, amount: bool, sides: bool, **more: Any) -> None:
        super().__init__(**more)
        self.of_amount, self.of_sides = amount, sides
        self.names = NUMBERS[amount, sides]
        self._bases = ("based_on_left", "based_on_right") if sides else ("based_on",)
        for field in list(self):
            if isinstance(field, CountField) and field.name not in self.names + self._bases:
                del self[field.name]
        usual = OF_AN_AMOUNT if amount else OF_A_COUNT
        given = [self.reason.data] if self.reason.data in BY_STAFF else []
        self.reason.choices = [(why, why.capitalize()) for why in dict.fromkeys([*usual, *given])]
        for field in self:  # several of these forms stand on one page
            field.id = f"{self.reason.data if amount else 'count'}-{field.name}"

    @classmethod
    def sent(cls) -> "CountForm":
        """Return the form that was sent, known by its fields."""
        amount = any(name.startswith("amount") for name in request.form)
        sides = "amount" not in request.form if amount else "pairs" not in request.form
        return cls(amount=amount, sides=sides)

    @classmethod
    def blank(
        cls, *, sides: bool, reason: str = "counted", shoes: Shoes | None = None
    ) -> "CountForm":
        """Return a form for somebody to fill in, with numbers in it where some are known."""
        form = cls(
            amount=reason in OF_AN_AMOUNT, sides=sides, formdata=None, data={"reason": reason}
        )
        if shoes is not None:
            form[form.names[0]].data, form[form.names[-1]].data = shoes.left, shoes.right
        return form

    def reshaped(self, *, sides: bool) -> "CountForm":
        """Return the same for sides in place of pairs, or for pairs in place of sides."""
        good = not any(self[name].errors for name in self.names)
        form = CountForm.blank(
            sides=sides, reason=self.reason.data, shoes=self.typed if good else None
        )
        form.note.data = self.note.data
        return form

    @property
    def typed(self) -> Shoes:
        """What was typed: a count or an amount."""
        return Shoes(self[self.names[0]].data, self[self.names[-1]].data)

    def old_count(self) -> Shoes:
        """Return what was there when the page was opened."""
        return Shoes(self[self._bases[0]].data, self[self._bases[-1]].data)

    def new_count(self) -> Shoes:
        """Return what there shall be."""
        if not self.of_amount:
            return self.typed
        old = self.old_count()
        return old - self.typed if self.reason.data == "damaged" else old + self.typed

    def validate(self, extra_validators: Any = None) -> bool:
        good: bool = super().validate(extra_validators)
        if self.reason.data in NEED_NOTE and len(self.note.data) < FEW_WORDS:
            self.note.errors = [*self.note.errors, NO_NOTE]
            return False
        if not good:
            return False
        name, wrong = self._contradiction()
        if wrong:
            self[name].errors = [wrong]
        return not wrong

    def _contradiction(self) -> tuple[str, str]:
        """Return the field and the sentence where reason and numbers cannot both be true."""
        first, reason = self.names[0], self.reason.data
        if self.of_amount and reason not in OF_AN_AMOUNT:
            return "reason", NOT_A_REASON
        if self.of_amount and self.typed == Shoes(0, 0):
            return first, NOT_AN_AMOUNT
        old, new = self.old_count(), self.new_count()
        if not new.countable:
            there = f"There were {count_words(old)} on hand; no more can be damaged."
            return first, there if reason == "damaged" else TOO_MANY
        change = new - old
        if reason == "received" and min(change.left, change.right) < 0:
            return first, NOT_MORE
        if reason == "damaged" and max(change.left, change.right) > 0:
            return first, NOT_LESS
        return "", ""


class UndoForm(FlaskForm):
    """The count that was there when the page with the line was opened."""

    based_on_left = CountField()
    based_on_right = CountField()

    def old_count(self) -> Shoes:
        """Return that count."""
        return Shoes(self.based_on_left.data, self.based_on_right.data)
