"""What the fit finder asks; every question may be left open."""

import re
from collections.abc import Sequence
from typing import Any

from flask_wtf import FlaskForm
from wtforms import BooleanField, Field, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import Length, ValidationError

from storefront.catalogue.systems import foot_mm
from storefront.fields import WholeField, tidy
from storefront.fit.rules import Need

SYSTEMS = ("US women's", "US men's", "UK", "EU", "mm, the length of my foot")
SHORTEST, LONGEST = 150, 350  # millimeters of foot
NO_SIZE = "We cannot read this size. Please write it like 9 or 9.5, or measure your foot in mm."


class FitForm(FlaskForm):
    """Measures and abilities. It is sent by its address, and nothing of it is kept."""

    class Meta:
        csrf = False

    size = StringField(
        "Size of your longer foot",
        [Length(max=10, message=NO_SIZE)],
        filters=[tidy],
        description="The size that you wear now, where its length is right.",
    )
    system = SelectField("Kind of size", choices=[*map(SelectChoice, SYSTEMS)], default=SYSTEMS[0])
    width = SelectField("Width that you take now, without a brace", default="")
    brace = SelectField("Brace that goes into the shoe", default="")
    hands = RadioField(
        "Hands to close the shoe with",
        choices=[SelectChoice("", "One or two"), SelectChoice("1", "One hand")],
        default="",
    )
    depth = WholeField("Height that foot and brace need inside, in mm", 20, 200)
    swelling = BooleanField("My foot swells in the course of the day")
    opening = WholeField("Width that the opening needs, in mm", 20, 300)
    weight = WholeField("Most that one shoe may weigh, in grams", 50, 5_000)

    def __init__(self, widths: Sequence[str], braces: Sequence[str], **more: Any) -> None:
        super().__init__(**more)
        self._widths = widths
        self.width.choices = [SelectChoice("", "I do not know"), *map(SelectChoice, widths)]
        self.brace.choices = [SelectChoice("", "None"), *map(SelectChoice, braces)]

    def validate_size(self, field: Field) -> None:
        if field.data and self._foot_mm() is None:
            raise ValidationError(NO_SIZE)

    def _foot_mm(self) -> float | None:
        if self.system.data == SYSTEMS[-1]:
            typed = self.size.data or ""
            length = float(typed) if re.fullmatch(r"[0-9]{3}(\.[0-9])?", typed) else 0.0
        else:
            length = foot_mm(self.size.data or "", self.system.data or "") or 0.0
        return length if SHORTEST <= length <= LONGEST else None

    @property
    def need(self) -> Need:
        """What was answered, of a form that is valid."""
        return Need(
            foot_mm=self._foot_mm(),
            width_step=self._widths.index(self.width.data) if self.width.data else None,
            brace=self.brace.data or "",
            depth_mm=self.depth.data,
            opening_mm=self.opening.data,
            one_hand=self.hands.data == "1",
            swelling=bool(self.swelling.data),
            most_weight_g=self.weight.data,
        )
