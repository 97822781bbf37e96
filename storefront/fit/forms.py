"""What the fit finder asks; every question may be left open."""

from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.form import BaseForm
from wtforms.validators import Length, ValidationError

from storefront.catalogue import systems
from storefront.catalogue.systems import foot_mm
from storefront.fields import tidy
from storefront.fit import measures
from storefront.fit.measures import LengthField, WeightField
from storefront.fit.rules import Need

SYSTEMS = ("US women's", "US men's", "UK", "EU", "the length of my foot, in mm or inches")
SHORTEST, LONGEST = 150, 350  # millimeters of foot
NO_SIZE = (
    "We cannot read this size. Please write it like 9 or 9.5, or the length of your foot like"
    " 254 mm or 10 in."
)
NO_SYSTEM = "Please say what kind of size this is: a women’s 8 is a men’s 7."
NO_LENGTH = "Please tell a size too: a longer shoe is wider inside, so we compare the same length."
UNNAMED = "a brace, I do not know which"
NOT_LISTED = "This is not in our list. Please choose from it."


class ListField(SelectField):
    """A choice; one that is not there gets a sentence of ours."""

    def pre_validate(self, form: BaseForm) -> None:
        try:
            super().pre_validate(form)
        except ValidationError:
            raise ValidationError(NOT_LISTED) from None


class FitForm(FlaskForm):
    """Measures and abilities. It is sent by its address, and nothing of it is kept."""

    class Meta:
        csrf = False

    size = StringField(
        "Size of your longer foot",
        [Length(max=12, message=NO_SIZE)],
        filters=[tidy],
        description="The size that you wear now, where its length is right.",
    )
    system = SelectField(
        "This size is",
        choices=[SelectChoice("", "Please choose"), *map(SelectChoice, SYSTEMS)],
        default="",
    )
    width = ListField(
        "Width that you take without a brace",
        default="",
        description="As on the box of your shoes. For a brace or swelling we add width ourselves.",
    )
    brace = ListField("Brace that goes into the shoe", default="")
    hands = RadioField(
        "Hands you can use to close a shoe",
        choices=[SelectChoice("", "It does not matter"), SelectChoice("1", "One hand only")],
        default="",
    )
    inside = LengthField("Width of your foot across the ball, with sock and brace", 50, 200)
    depth = LengthField("Height that foot and brace need inside", 20, 200)
    swelling = BooleanField("My foot swells in the course of the day")
    opening = LengthField("Width that the opening needs", 20, 300)
    weight = WeightField("Most that one shoe may weigh", 50, 5_000)

    def __init__(self, widths: Sequence[str], braces: Sequence[str], **more: Any) -> None:
        super().__init__(**more)
        self._widths, self._braces = widths, braces
        self.width.choices = [SelectChoice("", "I do not know"), *map(SelectChoice, widths)]
        self.brace.choices = [
            SelectChoice("", "No brace"),
            *map(SelectChoice, braces),
            *([SelectChoice(UNNAMED, "A brace, I do not know which")] if braces else []),
        ]

    def validate_size(self, field: Field) -> None:
        if field.data and self.system.data and self._foot_mm() is None:
            raise ValidationError(NO_SIZE)

    def validate_system(self, field: Field) -> None:
        if self.size.data and not field.data:
            raise ValidationError(NO_SYSTEM)

    def validate_inside(self, field: Field) -> None:
        if field.data is not None and not self.size.data:
            raise ValidationError(NO_LENGTH)

    def _foot_mm(self) -> float | None:
        if self.system.data == SYSTEMS[-1]:
            typed = self.size.data or ""
            length = measures.read(typed, measures.LENGTHS, least=SHORTEST) or 0.0
        else:
            length = foot_mm(self.size.data or "", self.system.data or "") or 0.0
        return length if SHORTEST <= length <= LONGEST else None

    @property
    def told(self) -> list[str]:
        """What was answered, in words, of a form that is valid."""
        measured = (
            ("across the ball", systems.millimeters, self.inside.data),
            ("inside", systems.millimeters, self.depth.data),
            ("opening", systems.millimeters, self.opening.data),
            ("at most", systems.grams, self.weight.data),
        )
        said = [
            f"{self.size.data}, {self.system.data}" if self.size.data else "",
            self.width.data,
            self.brace.data,
            "one hand" if self.hands.data else "",
            "swelling" if self.swelling.data else "",
            *(f"{what} {words(value)}" for what, words, value in measured if value is not None),
        ]
        return [each for each in said if each]

    @property
    def need(self) -> Need:
        """What was answered, of a form that is valid."""
        is_unnamed = self.brace.data == UNNAMED
        return Need(
            foot_mm=self._foot_mm(),
            width_step=self._widths.index(self.width.data) if self.width.data else None,
            brace="" if is_unnamed else self.brace.data or "",
            any_of=frozenset(self._braces) if is_unnamed else frozenset(),
            inside_mm=self.inside.data,
            depth_mm=self.depth.data,
            opening_mm=self.opening.data,
            one_hand=self.hands.data == "1",
            swelling=bool(self.swelling.data),
            most_weight_g=self.weight.data,
        )
