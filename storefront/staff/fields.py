"""Fields that staff fill in at several desks: tidy text, the words of an address, a day."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from wtforms import DateField, Form, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, ValidationError

from storefront.slugs import LONGEST, is_slug

NOT_A_DAY = "Please give a day, such as 2026-11-30."
NOT_A_SLUG = "Please use small letters a to z, digits and single hyphens, such as my-first-shoes."
FIRST_YEAR, LAST_YEAR = 2000, 2100


def tidy(text: object) -> str:
    """Return a text as it is kept: with plain line ends, and nothing empty around it."""
    return "" if text is None else "\n".join(re.split(r"\r\n?|\n", str(text))).strip()


def line(label: str, most: int = 255, *, needed: str = "", **more: Any) -> StringField:
    """Return a field for one line; `needed` is what is said where it is empty."""
    return StringField(label, _bounds(most, needed), filters=[tidy], **more)


def text(label: str, most: int, *, needed: str = "", **more: Any) -> TextAreaField:
    """Return a field for several lines; `needed` is what is said where it is empty."""
    return TextAreaField(label, _bounds(most, needed), filters=[tidy], **more)


def slug(label: str, reserved: frozenset[str]) -> StringField:
    """Return a field for the words of an address; it may stay empty."""

    def check(_: Form, field: StringField) -> None:
        if not is_slug(field.data):
            raise ValidationError(NOT_A_SLUG)
        if field.data in reserved:
            raise ValidationError(f"“{field.data}” is an address of the shop itself.")

    return StringField(
        label,
        [Optional(), Length(max=LONGEST, message=f"At most {LONGEST} characters, please."), check],
        filters=[tidy],
    )


class DayField(DateField):
    """A day of our time, refused in our own words."""

    data: date | None

    def process_formdata(self, valuelist: list[str]) -> None:
        try:
            super().process_formdata([value.strip() for value in valuelist])
        except ValueError:
            raise ValueError(NOT_A_DAY) from None
        if self.data is not None and not FIRST_YEAR <= self.data.year <= LAST_YEAR:
            self.data = None
            raise ValueError(NOT_A_DAY)


def _bounds(most: int, needed: str) -> Sequence[Any]:
    length = Length(max=most, message=f"Please use at most {most:,} characters.")
    return [DataRequired(needed), length] if needed else [length]
