"""Form fields that more than one room asks with."""

from wtforms import StringField

from storefront.money import major, to_minor
from storefront.settings.shop import shop

NOT_A_PRICE = "Please write an amount such as {}, or 0 where it costs nothing."
EXAMPLE = 695


class MoneyField(StringField):
    """An amount in the shop's currency, typed as people write it; `data` is minor units or None."""

    data: int | None

    def process_formdata(self, valuelist: list[str]) -> None:
        """Read what was typed; an empty field is None. Raises ValueError with a sentence."""
        text = valuelist[0].strip() if valuelist else ""
        self.data = None
        if text:
            currency = shop().currency
            try:
                self.data = to_minor(text, currency)
            except ValueError:
                raise ValueError(NOT_A_PRICE.format(major(EXAMPLE, currency))) from None

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else str(major(self.data, shop().currency))
