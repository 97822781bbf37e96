"""What staff may write into a page of words."""

from flask_wtf import FlaskForm
from wtforms import HiddenField
from wtforms.validators import Length

from storefront import fields


class PageForm(FlaskForm):
    """What a page says. `based_on` is the stamp of the page that was read."""

    title = fields.line("Title", 80, needed="Please write a title.")
    body = fields.text("Text", 60_000, needed="Please write the text.")
    based_on = HiddenField(validators=[Length(max=40)])
