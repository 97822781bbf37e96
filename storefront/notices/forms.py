"""What a shopper gives to be told that a size is back."""

from collections.abc import Sequence
from typing import Self

from flask_wtf import FlaskForm
from wtforms import EmailField, SelectField, StringField
from wtforms.validators import DataRequired, Email, Length

from storefront import fields

NO_SIZE = "Please choose the size that you wait for."


class AskForm(FlaskForm):
    """A size and an address. `website` is a trap: a person does not see it, so it stays empty.

    The ids are its own, since the cart, with an email field too, may open on the same page.
    """

    class Meta:
        csrf = False  # storefront/guard.py refuses what another site sends

    sku = SelectField("Size", [DataRequired(NO_SIZE)], id="notice-sku", validate_choice=False)
    email = EmailField(
        "Email",
        [
            DataRequired("Please write your email address."),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
        id="notice-email",
        filters=[fields.tidy],
    )
    website = StringField("Leave this empty", id="notice-website")

    def offer(self, sizes: Sequence[tuple[str, str]]) -> Self:
        """Offer these sizes, as sku and words; of one alone nothing needs to be chosen."""
        first = [("", "Choose a size")] if len(sizes) > 1 else []
        self.sku.choices = [*first, *sizes]
        return self
