"""What staff may ask of payments: money back, an order ended."""

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    EmailField,
    Field,
    FieldList,
    Form,
    FormField,
    HiddenField,
    IntegerField,
    SelectChoice,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import (
    DataRequired,
    Email,
    Length,
    NumberRange,
    Optional,
    ValidationError,
)

from storefront.cart.forms import DeliveryForm

MOST = 12  # of one line, as many as an order may have
NOT_A_NUMBER = "Please give a whole number."
LARGEST = 10**9  # NumberRange fails on a number of some hundred digits
REASONS = [
    SelectChoice("returned", "Sent back"),
    SelectChoice("damaged", "Arrived damaged or wrong"),
    SelectChoice("missing", "Did not arrive"),
    SelectChoice("kindness", "Out of kindness"),
    SelectChoice("other", "Something else"),
]


class ShoesField(IntegerField):
    """A number of shoes or pairs; empty is none; refused in our own words."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([text.strip() or "0" for text in valuelist])
        except ValueError:
            raise ValueError(NOT_A_NUMBER) from None
        if self.data is not None and abs(self.data) > LARGEST:
            self.data = None
            raise ValueError(NOT_A_NUMBER)


def _shoes(label: str) -> ShoesField:
    return ShoesField(
        label, [Optional(), NumberRange(0, MOST, f"Please give 0 to {MOST}.")], default=0
    )


class LineForm(Form):
    """What goes back of one line of an order."""

    line_id = HiddenField()
    pairs = _shoes("Pairs to give back")
    left = _shoes("Left shoes alone")
    right = _shoes("Right shoes alone")
    restock = BooleanField("These shoes are here and can be sold again")


class RefundForm(FlaskForm):
    """Money back by line and delivery. `expected` is the amount that was looked at."""

    lines = FieldList(FormField(LineForm))
    delivery = BooleanField("The delivery")
    reason = SelectField("Reason", choices=REASONS)
    note = TextAreaField(
        "Note for the books (may stay empty)",
        [Length(max=500, message="Please use at most 500 characters.")],
    )
    key = HiddenField(validators=[Length(max=64)])
    expected = HiddenField(validators=[Optional(), Length(max=12)])


class EndForm(FlaskForm):
    """Why an order is ended that the shop cannot settle by itself."""

    reason = StringField(
        "Reason",
        [
            DataRequired("Please write down why."),
            Length(max=200, message="Please use at most 200 characters."),
        ],
    )


class CallForm(DeliveryForm):
    """Where the shoes of a shopper on the phone go; a desk sends it, so it has a token."""

    class Meta:
        csrf = True

    def validate_country(self, field: Field) -> None:
        if not field.data or field.data not in dict(self.country.choices or ()):
            raise ValidationError("Please choose a country that we send to.")


class LinkForm(FlaskForm):
    """To whom the link to pay is mailed."""

    email = EmailField(
        "Email",
        [
            DataRequired("Please give the address that the link goes to."),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
        filters=[lambda text: (text or "").strip()],
    )
