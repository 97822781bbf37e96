"""What a shopper may ask of the cart."""

from flask_wtf import FlaskForm
from wtforms import EmailField, IntegerField, SelectField, StringField
from wtforms.validators import Email, InputRequired, Length, NumberRange, Optional

from storefront.cart.models import MOST_OF_ONE

NOT_A_NUMBER = "Please give the number of pairs as a whole number."
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


class ShopperForm(FlaskForm):
    """A form that anybody may send; storefront/guard.py refuses it from another site."""

    class Meta:
        csrf = False


class AddForm(ShopperForm):
    sku = StringField(
        "Size",
        [InputRequired("Please choose a size first."), Length(max=64, message="No such size.")],
    )
    quantity = PairsField(
        "Pairs",
        [
            InputRequired(NOT_A_NUMBER),
            NumberRange(1, MOST_OF_ONE, f"You can buy 1 to {MOST_OF_ONE} pairs of one size."),
        ],
        default=1,
    )


class ChangeForm(ShopperForm):
    quantity = PairsField(
        "Pairs",
        [
            InputRequired(NOT_A_NUMBER),
            NumberRange(
                0, MOST_OF_ONE, f"You can buy up to {MOST_OF_ONE} pairs of one size; 0 removes it."
            ),
        ],
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
