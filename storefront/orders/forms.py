"""What staff may write down about an order."""

from flask_wtf import FlaskForm
from wtforms import StringField
from wtforms.validators import Length

TOO_LONG = "Please use at most 80 characters."


class DispatchForm(FlaskForm):
    """That an order was sent; both fields may stay empty."""

    carrier = StringField("Carrier", [Length(max=80, message=TOO_LONG)])
    tracking = StringField("Tracking number", [Length(max=80, message=TOO_LONG)])
