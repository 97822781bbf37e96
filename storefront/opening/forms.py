"""What the owner may set of the shop. A field's name is the setting's, in small letters."""

import zoneinfo
from collections.abc import Mapping
from typing import Any

from babel.numbers import get_currency_name, list_currencies
from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DecimalField,
    EmailField,
    Field,
    RadioField,
    SelectChoice,
    SelectField,
    ValidationError,
)
from wtforms.validators import DataRequired, Email, InputRequired, Length, NumberRange, Optional

from storefront.fields import PictureField, PriceField, WholeField, line, text
from storefront.settings import colors
from storefront.settings.shop import Shop

ZONES = sorted(name for name in zoneinfo.available_timezones() if "/" in name)
CURRENCIES = sorted(list_currencies())
NO_RATE = "Please give the rate that the prices include."
NO_COST = "Please write what it costs, or 0 where it costs nothing."


class SettingsForm(FlaskForm):
    """A page of settings. What the environment sets is not asked for."""

    def set_by_environment(self, given: frozenset[str]) -> list[str]:
        """Take the fields that the environment sets out of the form; return their labels."""
        taken = [name for name in self._fields if name.upper() in given]
        labels = [str(self[name].label.text) for name in taken]
        for name in taken:
            del self[name]
        return labels

    def chosen(self) -> dict[str, str]:
        """Return what was typed, as text under the names of the settings."""
        return {
            name.upper(): _as_text(field) for name, field in self._fields.items() if _counts(field)
        }

    @classmethod
    def told(cls, shop: Shop) -> Mapping[str, Any]:
        """Return what stands in the fields of a shop that is set like this."""
        raise NotImplementedError


class ShopForm(SettingsForm):
    """Who the shop is, and how it looks."""

    shop_name = line("Name of the shop", 80, needed="Please give the shop a name.")
    shop_legal_name = line(
        "Legal name of the seller", 200, description="Who sells, as on your registration."
    )
    shop_address = text(
        "Postal address of the seller", 500, description="Stands on every page and receipt."
    )
    shop_tax_number = line(
        "Tax number", 50, description="Stands on receipts. Empty: it is left out."
    )
    shop_email = EmailField(
        "Mail address that shoppers write to",
        [
            DataRequired("Please give the address that shoppers' mails go to."),
            Length(max=254, message="That address is too long."),
            Email("That does not look like a mail address, such as name@example.com."),
        ],
    )
    shop_phone = line("Phone number", 40)
    shop_hours = line(
        "When somebody answers the phone", 120, description="Such as: Monday to Friday, 9 to 5."
    )
    shop_accent = line(
        "Accent color",
        7,
        description="Of links and buttons, as # and six signs, such as #1c5541. Empty: green.",
    )
    shop_timezone = SelectField(
        "Time zone", choices=ZONES, description="Every day and time of the shop is told in it."
    )
    currency = SelectField(
        "Currency",
        choices=[
            SelectChoice(code, f"{code}: {get_currency_name(code, locale='en_US')}")
            for code in CURRENCIES
        ],
    )

    def validate_shop_accent(self, field: Field) -> None:
        field.data = (field.data or "").strip().lower()
        if not field.data:
            return
        if not colors.HEX.fullmatch(field.data):
            raise ValidationError("Please write a color as # and six signs, such as #1c5541.")
        if not colors.is_readable(field.data):
            near = colors.nearest_readable(field.data)
            raise ValidationError(
                f"{field.data} is too light to be read on the shop's paper. The nearest color that"
                f" people can read is {near}."
            )

    def validate_shop_phone(self, field: Field) -> None:
        digits = sum(sign.isdigit() for sign in field.data or "")
        if field.data and (digits < 5 or set(field.data) - set("+0123456789 ()-./")):
            raise ValidationError("Please write the number as one dials it: +1 805 555 0100.")

    @classmethod
    def told(cls, shop: Shop) -> Mapping[str, Any]:
        return {
            "shop_name": shop.name,
            "shop_legal_name": shop.legal_name,
            "shop_address": shop.address,
            "shop_tax_number": shop.tax_number,
            "shop_email": shop.email,
            "shop_phone": shop.phone,
            "shop_hours": shop.hours,
            "shop_accent": shop.accent,
            "shop_timezone": shop.zone.key,
            "currency": shop.currency,
        }


class LogoForm(FlaskForm):
    """The logo to show in place of the shop's name."""

    logo = PictureField("Logo", needed=True)


class TaxForm(SettingsForm):
    """How tax is told and taken."""

    tax = RadioField(
        "Tax",
        [InputRequired("Please choose one of the three.")],
        choices=[
            SelectChoice("none", "No tax is charged"),
            SelectChoice("included", "Prices include one rate, which receipts split out"),
            SelectChoice("stripe", "Stripe Tax works it out and adds it on the payment page"),
        ],
    )
    tax_name = line("What the tax is called", 40, description="Such as VAT or Sales tax.")
    tax_rate = DecimalField(
        "Rate in percent, where prices include it",
        description="Such as 19 or 7.25. Empty where no tax is included.",
        validators=[Optional(), NumberRange(0, 99, "Please give a rate from 0 to 99 percent.")],
    )
    promotion_codes = BooleanField("Shoppers may use promotion codes made at Stripe")

    def validate(self, extra_validators: Any = None) -> bool:
        """Ask for a rate where prices include it: an empty field stops its own checks."""
        is_good: bool = super().validate(extra_validators)
        if "tax_rate" in self and self.tax.data == "included" and not self.tax_rate.data:
            self.tax_rate.errors = [*self.tax_rate.errors, NO_RATE]
            return False
        return is_good

    def validate_tax_rate(self, field: Field) -> None:
        if field.data != round(field.data, 3):
            raise ValidationError("Please give at most three decimals.")

    @classmethod
    def told(cls, shop: Shop) -> Mapping[str, Any]:
        return {
            "tax": shop.tax,
            "tax_name": shop.tax_name,
            "tax_rate": shop.tax_rate or None,
            "promotion_codes": shop.promotion_codes,
        }


class ReturnsForm(SettingsForm):
    """What a shopper may expect who sends shoes back."""

    return_days = WholeField(
        "Days in which shoes may be sent back",
        0,
        365,
        needed=True,
        description="From the day you send them. 0: nothing is taken back.",
    )
    return_cost = PriceField(
        "What the shopper pays for sending back", needed=True, description="0 where you pay."
    )
    return_address = text("Address that shoes are sent back to", 500)
    return_condition = text("In what condition shoes are taken back", 1000)

    @classmethod
    def told(cls, shop: Shop) -> Mapping[str, Any]:
        return {
            "return_days": shop.return_days,
            "return_cost": shop.return_cost_minor,
            "return_address": shop.return_address,
            "return_condition": shop.return_condition,
        }


def _counts(field: Field) -> bool:
    return field.type not in {"CSRFTokenField", "SubmitField"}


def _as_text(field: Field) -> str:
    if isinstance(field, BooleanField):
        return "1" if field.data else ""
    return "" if field.data is None else str(field.data).strip()
