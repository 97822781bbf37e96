"""What a shopper asks for who sends shoes back, and what staff say of what came."""

from collections.abc import Collection, Sequence

from flask_wtf import FlaskForm
from wtforms import BooleanField, Form, HiddenField, SelectChoice, SelectField
from wtforms.validators import AnyOf, DataRequired, Length, Optional

from storefront import fields
from storefront.catalogue.models import Variant
from storefront.fields import WholeField
from storefront.returns.models import CONDITIONS, REASONS

MOST = 12  # of one line, as many as an order may have
MONEY = "money"
BOTH = "both"
SIDES = [
    SelectChoice(BOTH, "Both shoes"),
    SelectChoice("left", "The left shoe only"),
    SelectChoice("right", "The right shoe only"),
]
OUTCOMES = {"money": "Money back", "exchange": "The other size", "nothing": "Nothing"}


def _choice(
    label: str, choices: Collection[SelectChoice], sentence: str, default: str = ""
) -> SelectField:
    values = [str(choice.value) for choice in choices]
    return SelectField(
        label,
        [AnyOf(values, message=sentence)],
        choices=list(choices),
        default=default,
        validate_choice=False,  # its own sentence says nothing
    )


class AskForm(FlaskForm):
    """What of one line of an order is sent back; the guard refuses it from another site.

    `wish` is "money" or the sku of the new shoes, `right_wish` another sku for the right shoe.
    """

    class Meta:
        csrf = False

    quantity = WholeField("How many you send back", 0, MOST)
    side = _choice("Which shoe", SIDES, "Please choose both shoes, the left or the right.", BOTH)
    reason = _choice(
        "Why",
        [SelectChoice("", "Please choose"), *(SelectChoice(*each) for each in REASONS.items())],
        "Please choose one of the reasons.",
    )
    wish = SelectField(
        "What you would like",
        [DataRequired("Please choose your money back or another size.")],
        validate_choice=False,  # a size that is gone by now gets a sentence of its own
    )
    right_wish = SelectField(
        "The right shoe, if it should have another size", validate_choice=False
    )

    def offer(self, sizes: Sequence[Variant]) -> None:
        """Offer these sizes."""
        named = [SelectChoice(size.sku, f"Another size: {_choice_words(size)}") for size in sizes]
        self.wish.choices = [SelectChoice(MONEY, "My money back"), *named]
        same = SelectChoice("", "The same size as the left")
        self.right_wish.choices = [same, *(SelectChoice(s.sku, _choice_words(s)) for s in sizes)]

    def validate(self, extra_validators: object = None) -> bool:
        """Check a line of which something is sent back; of others nothing matters."""
        good = bool(super().validate(extra_validators))
        if not self.quantity.errors and not self.quantity.data:
            for field in self:
                field.errors = ()
            return True
        if good and not self.reason.data:
            self.reason.errors = ["Please say why, so that we can help you better."]
            return False
        return good


def _choice_words(size: Variant) -> str:
    return ", ".join(filter(None, (size.color.name, size.size, size.width)))


class CameForm(Form):
    """What arrived of one line."""

    whole = WholeField("How many came", 0, MOST)
    left = WholeField("Left shoes alone", 0, MOST)
    right = WholeField("Right shoes alone", 0, MOST)
    condition = _choice(
        "In what condition",
        [SelectChoice(*each) for each in CONDITIONS.items()],
        "Please choose a condition.",
    )
    restock = BooleanField("They can be sold again, and go back into stock")


class GivenForm(Form):
    """What is given for what arrived of one line."""

    outcome = _choice(
        "The shopper gets",
        [SelectChoice(*each) for each in OUTCOMES.items()],
        "Please choose what the shopper gets.",
    )

    def offer(self, wish: str) -> None:
        """Leave out the other size where `wish`, what was asked for, is none."""
        self.outcome.choices = [
            SelectChoice(*each)
            for each in OUTCOMES.items()
            if each[0] in {wish, "money", "nothing"}
        ]


class ReceiptForm(FlaskForm):
    """That a parcel came; its lines are forms of their own."""

    note = fields.text("Note for staff (may stay empty)", 500)


class SettlementForm(FlaskForm):
    """How a return ends that is received; its lines are forms of their own.

    `expected` is the amount that was looked at, in minor units.
    """

    delivery = BooleanField("What the delivery cost goes back too")
    keep_cost = BooleanField("Take off what sending back costs")
    carrier = fields.line("Carrier of the new shoes (may stay empty)", 80)
    tracking = fields.line("Tracking number (may stay empty)", 80)
    expected = HiddenField(validators=[Optional(), Length(max=12)])


class RefusalForm(FlaskForm):
    """Why nothing is given."""

    why = fields.text("Why, as the shopper will read it", 1000, needed="Please write down why.")
