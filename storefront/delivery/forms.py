"""What staff may write down of a delivery zone."""

from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, FieldList, Form, FormField
from wtforms.validators import ValidationError

from storefront.delivery.zones import MOST_METHODS, MethodTerms, read_countries
from storefront.fields import PriceField, WholeField, line, text

MOST_DAYS = 90
NO_PRICE = "Please give a price, or 0 where it costs nothing."
NO_NAME = "Please give this way of sending a name."
TWICE = "The larger number of days comes second."


class MethodForm(Form):
    """One way to send; without a name it is not there."""

    name = line("Name", 80)
    price = PriceField("Price")
    free_from = PriceField("Free from (may stay empty)")
    least_days = WholeField("Working days, from", 1, MOST_DAYS)
    most_days = WholeField("Working days, to", 1, MOST_DAYS)

    @property
    def is_empty(self) -> bool:
        return not (self.name.data or (self.price.raw_data and self.price.raw_data[0].strip()))

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for name and price where either was written."""
        is_good: bool = super().validate(extra_validators)
        wrong = []
        if not self.is_empty and not self.name.data:
            wrong.append((self.name, NO_NAME))
        if not self.is_empty and self.price.data is None and not self.price.errors:
            wrong.append((self.price, NO_PRICE))
        least, most = self.least_days.data, self.most_days.data
        if least and (most is None or least > most):
            wrong.append((self.most_days, TWICE))
        for field, sentence in wrong:
            field.errors = [*field.errors, sentence]
        return is_good and not wrong


class ZoneForm(FlaskForm):
    """Countries that are served by the same ways of sending."""

    name = line("Name of the zone", 80, needed="Please give the zone a name, such as Canada.")
    countries = text("Countries, one a line", 8000, needed="Please write at least one country.")
    methods = FieldList(FormField(MethodForm), min_entries=MOST_METHODS, max_entries=MOST_METHODS)

    def validate_countries(self, field: Field) -> None:
        unknown = read_countries(field.data)[1]
        if unknown:
            raise ValidationError(f"No country that payment pages know: {', '.join(unknown[:5])}.")

    def terms(self) -> list[MethodTerms]:
        """Return the ways of sending that were written down."""
        return [
            MethodTerms(
                name=entry.form.name.data,
                price_minor=entry.form.price.data,
                free_from_minor=entry.form.free_from.data,
                least_days=entry.form.least_days.data,
                most_days=entry.form.most_days.data,
            )
            for entry in self.methods
            if not entry.form.is_empty
        ]
