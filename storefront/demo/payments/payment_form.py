"""The form on the payment page: its fields for a Session, what was typed, what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .charging import DECLINED, PAYS, Buyer
from .session_rules import EMAIL
from .state import Body

LONGEST = 200
CARDS = "Use 4242 4242 4242 4242, which pays, or 4000 0000 0000 0002, which is declined."
NEEDED = {
    "email": "Enter your email address.",
    "name": "Enter your name.",
    "line1": "Enter the street and number.",
    "city": "Enter the town or city.",
    "postal_code": "Enter the ZIP or postal code.",
    "country": "Choose a country.",
    "card": f"Enter a test card number. {CARDS}",
}
ADDRESS = ("line1", "line2", "city", "state", "postal_code", "country")


@dataclass
class Form:
    """What is typed into the page of a Session, and a sentence for each field that is wrong."""

    session: Body
    typed: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def countries(self) -> list[str]:
        """The countries that the shop sends to; none if it asks for no address."""
        asked = self.session["shipping_address_collection"]
        return list(asked["allowed_countries"]) if asked else []

    @property
    def fields(self) -> list[str]:
        """The names of the fields that this Session's page has."""
        address = list(ADDRESS) if self.countries else []
        return ["email", "name", *address, "phone", "card"]

    @property
    def delivery(self) -> Body | None:
        """The delivery chosen, at first the first; None where there is none or it is unknown."""
        options: list[Body] = self.session["shipping_options"]
        chosen = (o for o in options if o["shipping_rate"] == self.typed.get("shipping_rate"))
        return next(chosen, None)

    @property
    def card(self) -> str:
        """The card number without spaces."""
        return self.typed["card"].replace(" ", "")

    def check(self) -> bool:
        """Find what is wrong with what was typed; return whether nothing is."""
        for name in self.fields:
            value = self.typed[name]
            if name in NEEDED and not value and (name != "card" or self.session["amount_total"]):
                self.errors[name] = NEEDED[name]
            elif len(value) > LONGEST:
                self.errors[name] = f"Use at most {LONGEST} characters."
        if self.session["shipping_options"] and self.delivery is None:
            self.errors["shipping_rate"] = "Choose a delivery."
        if not EMAIL.fullmatch(self.typed["email"]):
            self.errors.setdefault("email", "Enter an email address like name@example.com.")
        if self.countries and self.typed["country"] not in self.countries:
            self.errors.setdefault("country", NEEDED["country"])
        if self.card and self.card not in (PAYS, DECLINED):
            # It may be a real card's number: it is not sent back into the page.
            self.typed["card"] = ""
            self.errors["card"] = f"This page takes test cards only. {CARDS}"
        return not self.errors

    def buyer(self) -> Buyer:
        """Return who pays, as typed."""
        typed = {name: self.typed[name] or None for name in self.fields}
        return Buyer(
            email=self.typed["email"],
            name=self.typed["name"],
            phone=typed.get("phone"),
            address={name: typed[name] for name in ADDRESS} if self.countries else None,
        )


def blank(session: Body) -> Form:
    """Return the form of a Session as it is first seen."""
    options = session["shipping_options"]
    form = Form(session, {"shipping_rate": options[0]["shipping_rate"] if options else ""})
    form.typed |= dict.fromkeys(form.fields, "") | {"email": session["customer_email"] or ""}
    if len(form.countries) == 1:
        form.typed["country"] = form.countries[0]
    return form


def filled(session: Body, typed: Mapping[str, str]) -> Form:
    """Return the form of a Session with what was typed, spaces around it left out."""
    form = Form(session, {})
    form.typed = {name: typed.get(name, "").strip() for name in [*form.fields, "shipping_rate"]}
    return form
