"""What staff may write down about an order, and what a shopper gives to find it again."""

from flask_wtf import FlaskForm
from wtforms import EmailField, StringField
from wtforms.validators import DataRequired, Email, Length, Optional, Regexp

TOO_LONG = "Please use at most 80 characters."


class DispatchForm(FlaskForm):
    """That an order was sent; both fields may stay empty."""

    carrier = StringField("Carrier", [Length(max=80, message=TOO_LONG)])
    tracking = StringField("Tracking number", [Length(max=80, message=TOO_LONG)])


class LookupForm(FlaskForm):
    """Mail address, and number if it is known; the guard refuses it from another site."""

    class Meta:
        csrf = False

    number = StringField(
        "Order number, if you know it",
        [
            Optional(),
            Regexp(r"[0-9]{1,10}\Z", message="An order number is digits alone, such as 1001."),
        ],
        filters=[lambda text: (text or "").strip().lstrip("#").strip()],
    )
    email = EmailField(
        "Email",
        [
            DataRequired("Please give the email address of your order."),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
        filters=[lambda text: (text or "").strip()],
    )
