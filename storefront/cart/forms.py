"""What a shopper may ask of the cart."""

from typing import Any

from flask import request
from flask_wtf import FlaskForm
from wtforms import EmailField, Field, IntegerField, SelectField, StringField
from wtforms.validators import (
    Email,
    InputRequired,
    Length,
    NumberRange,
    Optional,
    StopValidation,
)

NOT_A_NUMBER = "Please write a number such as 1, 2 or 6."
LARGEST = 10**9  # NumberRange fails on a number of some hundred digits


class PairsField(IntegerField):
    """A number of pairs, refused in our own words."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata(valuelist)
        except ValueError:
            raise ValueError(NOT_A_NUMBER) from None
        if self.data is not None and abs(self.data) > LARGEST:
            self.data = None
            raise ValueError(NOT_A_NUMBER)


def _readable(_form: object, field: Field) -> None:
    """Leave a number that could not be read at the one sentence it has."""
    if field.process_errors:
        raise StopValidation


def _sku(label: str) -> StringField:
    return StringField(label, [Length(max=64, message="No such size.")])


class ShopperForm(FlaskForm):
    """A form that anybody may send; storefront/guard.py refuses it from another site."""

    class Meta:
        csrf = False


class AddForm(ShopperForm):
    """A pair by `sku`, or the shoe of each foot by `left_sku` and `right_sku`."""

    sku = _sku("Size")
    left_sku = _sku("Left shoe")
    right_sku = _sku("Right shoe")
    quantity = PairsField(
        "How many",
        [
            _readable,
            NumberRange(1, message="Please choose at least 1."),
        ],
        default=1,
    )

    def skus(self) -> tuple[str, str]:
        """Return the sku of the left and of the right shoe, '' for a foot without one."""
        pair = self.sku.data or ""
        return self.left_sku.data or pair, self.right_sku.data or pair

    def validate(self, extra_validators: Any = None) -> bool:
        good: bool = super().validate(extra_validators)
        singly = "left_sku" in request.form or "right_sku" in request.form
        if self.sku.data and singly:
            self.sku.errors = ["Please choose either a pair, or the shoe of each foot."]
        elif not any(self.skus()):
            self.sku.errors = [
                "Please choose a left shoe, a right shoe, or both."
                if singly
                else "Please choose a size first."
            ]
        return good and not self.sku.errors


class ChangeForm(ShopperForm):
    quantity = PairsField(
        "Pairs", [InputRequired(NOT_A_NUMBER), NumberRange(0, message=NOT_A_NUMBER)]
    )


class DeliveryForm(ShopperForm):
    country = SelectField("Deliver to", validate_choice=False)
    email = EmailField(
        "Email (you may leave this empty)",
        [
            Optional(),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
    )
