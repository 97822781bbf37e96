"""Form fields that more than one room asks with."""

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from flask_wtf.file import FileField
from wtforms import Field, Form, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, Optional, StopValidation, ValidationError
from wtforms.widgets import DateInput, TextInput

from storefront import media
from storefront.money import major, to_minor
from storefront.pictures import NotTaken
from storefront.settings.shop import shop
from storefront.slugs import LONGEST, is_slug

NOT_A_PRICE = "Please write an amount such as 89.00, of at most 999,999.99."
NOT_A_SLUG = "Please use small letters a to z, digits and single hyphens, such as my-first-shoes."
NOT_A_DAY = "Please write a day from the year 2000 to 2100 as 2026-12-24."
NO_FILE = "Please choose a picture."
NO_ALT = "Please say what the picture shows, for those who do not see it."
MOST_UPLOADED = 32 * 1024 * 1024  # more than a picture may have, so that a sentence can be said
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)


def tidy(text: object) -> str:
    """Return a text as it is kept: with plain line ends, and nothing empty around it."""
    return "" if text is None else "\n".join(re.split(r"\r\n?|\n", str(text))).strip()


def line(label: str, most: int = 255, *more: Any, needed: str = "", **options: Any) -> StringField:
    """Return a field for one line; `needed` is what is said where it is empty."""
    return StringField(label, _bounds(most, needed, *more), filters=[tidy], **options)


def text(label: str, most: int, *more: Any, needed: str = "", **options: Any) -> TextAreaField:
    """Return a field for several lines; `needed` is what is said where it is empty."""
    return TextAreaField(label, _bounds(most, needed, *more), filters=[tidy], **options)


def slug(label: str, reserved: frozenset[str]) -> StringField:
    """Return a field for the words of an address; it may stay empty."""

    def check(_: Form, field: StringField) -> None:
        if not is_slug(field.data):
            raise ValidationError(NOT_A_SLUG)
        if field.data in reserved:
            raise ValidationError(f"“{field.data}” is an address of the shop itself.")

    return line(label, LONGEST, Optional(), check)


def _bounds(most: int, needed: str, *more: Any) -> Sequence[Any]:
    length = Length(max=most, message=f"Please use at most {most:,} characters.")
    return [*([DataRequired(needed)] if needed else []), *more, length]


class ReadField(Field):
    """Text that stands for something else; what was typed stays, also where it is wrong."""

    widget = TextInput()
    needed = False
    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        typed = "".join(valuelist).strip()
        self.data = None
        if typed or self.needed:
            self.data = self.read(typed)

    def read(self, typed: str) -> Any:
        """Return what was meant. Raises ValueError with the sentence."""
        raise NotImplementedError

    def shown(self) -> str:
        """Return the text for what is there."""
        return str(self.data)

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else self.shown()


class WholeField(ReadField):
    """A whole number in a range; empty is None, or refused where it is needed."""

    def __init__(
        self, label: str, least: int, most: int, *, needed: bool = False, **more: Any
    ) -> None:
        super().__init__(label, **more)
        self.least, self.most, self.needed = least, most, needed

    def read(self, typed: str) -> int:
        if not re.fullmatch(r"-?[0-9]{1,8}", typed) or not self.least <= int(typed) <= self.most:
            raise ValueError(f"Please write a whole number from {self.least} to {self.most:,}.")
        return int(typed)


class PriceField(ReadField):
    """A price of the shop's currency, in minor units; empty is None, or refused if needed."""

    def __init__(self, label: str, *, needed: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.needed = needed

    def read(self, typed: str) -> int:
        try:
            return to_minor(typed[:40] if typed.isascii() else "", shop().currency)
        except ValueError:
            raise ValueError(NOT_A_PRICE) from None

    def shown(self) -> str:
        return str(major(self.data, shop().currency))


class DayField(ReadField):
    """A day; empty is None."""

    widget = DateInput()

    def read(self, typed: str) -> date:
        try:
            day = date.fromisoformat(typed)
        except ValueError:
            raise ValueError(NOT_A_DAY) from None
        if not EARLIEST <= day <= LATEST:
            raise ValueError(NOT_A_DAY)
        return day


class PictureField(FileField):
    """A picture to upload; `copies` is what was kept of it (Copies), None where there is none.

    `kept` names the hidden field that remembers a good one while something else in the form is
    wrong: a browser sends a file once.
    """

    copies: Any = None

    def __init__(self, label: str, *, kept: str = "", needed: bool = False, **more: Any) -> None:
        super().__init__(label, **more)
        self.kept, self.needed = kept, needed

    def pre_validate(self, form: Any) -> None:
        content = self.data.read() if self.data else b""
        try:
            if content:
                self.copies = media.take_in(content)
            elif self.kept:
                self.copies = media.kept(form[self.kept].data or "")
        except NotTaken as reason:
            raise StopValidation(str(reason)) from None
        if self.kept:
            form[self.kept].data = self.copies.key if self.copies else ""
        if self.needed and not self.copies:
            raise StopValidation(NO_FILE)
