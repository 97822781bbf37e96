"""What staff may write down of a coach."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, StringField
from wtforms.validators import DataRequired, Length, Regexp, ValidationError

from storefront import fields
from storefront.coaches.models import Coach
from storefront.fields import DayField
from storefront.slugs import slug_of

RESERVED = frozenset({"new"})
NO_SLUG = "Please give an address: the shop cannot make one of that name."
NOT_A_PHONE = "Please give a phone number: digits, with spaces, hyphens or brackets."


class CoachForm(FlaskForm):
    """A place with a coach. Once it is there, its address on the site stays as it is."""

    name = fields.line("Name", needed="Please write the name of the place.")
    slug = fields.slug("Address, at the end of /coaches/", RESERVED)
    street = fields.line("Street", needed="Please write the street and number.")
    city = fields.line("City", needed="Please write the city.")
    state = fields.line("State", 80, needed="Please write the state.")
    postal_code = fields.line("Postal code", 20, needed="Please write the postal code.")
    phone = StringField(
        "Phone",
        [
            DataRequired("Please write the phone number."),
            Length(max=40, message="Please use at most 40 characters."),
            Regexp(r"\+?[0-9(][0-9 ().-]{4,38}\Z", message=NOT_A_PHONE),
        ],
        filters=[fields.tidy],
    )
    hours = fields.line("Hours", needed="Please write when somebody is there.")
    access = fields.text("Getting in", 2_000, needed="Please write how people get in.")
    about = fields.text("About the place", 4_000, needed="Please say a little about the place.")
    interest = fields.line("Interest", needed="Please write who pays the coach.")
    last_checked = DayField("Last checked on", [DataRequired(fields.NOT_A_DAY)])

    def __init__(self, *, is_new: bool, today: date, **more: Any) -> None:
        super().__init__(**more)
        self._today = today
        if not is_new:
            del self.slug

    def validate(self, extra_validators: Mapping[str, Sequence[Any]] | None = None) -> bool:
        good = super().validate(extra_validators)
        if good and "slug" in self and not self.slug.data:
            self.slug.data = slug_of(f"{self.name.data} {self.city.data}")
            if not self.slug.data:
                self.slug.errors = [NO_SLUG]
                return False
        return bool(good)

    def values(self) -> dict[str, Any]:
        """Return what is kept of it."""
        kept = {field.name: field.data for field in self if hasattr(Coach, field.name)}
        facts = (fact.strip() for fact in self.access.data.splitlines())
        return {**kept, "access": "\n".join(fact for fact in facts if fact)}

    def validate_last_checked(self, field: Field) -> None:
        if field.data > self._today:
            raise ValidationError("It cannot have been checked on a day that is still to come.")
