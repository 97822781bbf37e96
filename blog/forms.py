"""What a reader may send: a comment."""

from flask_wtf import FlaskForm
from wtforms import EmailField, HiddenField, StringField, TextAreaField
from wtforms.validators import DataRequired, Email, InputRequired, Length, Regexp

NOTHING_LEFT = "Please write your comment, or delete it instead."


class CommentForm(FlaskForm):
    """A comment or a reply. `website` is a trap: a person does not see it, so it stays empty."""

    class Meta:
        csrf = False  # storefront/guard.py refuses what another site sends

    name = StringField(
        "Your name, as it will be shown",
        [
            DataRequired("Please write a name. It need not be your real one."),
            Length(max=80, message="Please use at most 80 characters for the name."),
        ],
    )
    email = EmailField(
        "Email, never shown",
        [
            DataRequired("Please write your email address. It is never shown."),
            Length(max=254, message="That email address is too long."),
            Email("That does not look like an email address, such as name@example.com."),
        ],
    )
    body = TextAreaField(
        "Your comment",
        [
            DataRequired("Please write your comment."),
            Length(max=4000, message="Please use at most 4,000 characters."),
        ],
    )
    parent = HiddenField("In reply to", [Regexp(r"\d{0,18}\Z", message="That reply is not known.")])
    website = StringField("Leave this empty")


class OwnCommentForm(FlaskForm):
    """The writer's change of a comment that still waits."""

    class Meta:
        csrf = False

    body = TextAreaField(
        "Your comment",
        [
            InputRequired(NOTHING_LEFT),
            DataRequired(NOTHING_LEFT),
            Length(max=4000, message="Please use at most 4,000 characters."),
        ],
    )
