"""On what terms shoes come back, as the owner has set them."""

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from storefront.money import money_words
from storefront.settings.shop import shop


@dataclass(frozen=True)
class Terms:
    """The settings of returns; `days` count from sending, money is minor units of `currency`."""

    days: int
    cost_minor: int
    address: str
    condition: str
    currency: str
    zone: ZoneInfo
    shop_url: str

    def cost_words(self, *, we_pay: bool = False) -> list[str]:
        """Return what sending back costs, in sentences; `we_pay` where shoes arrived damaged."""
        if not self.cost_minor:
            return ["Sending back costs nothing: we pay for it."]
        if we_pay:
            return ["Shoes arrived damaged or wrong, so we pay: nothing is taken off your money."]
        cost = money_words(self.cost_minor, self.currency)
        return [
            f"Sending back costs {cost}, which is taken off the money that you get back.",
            "For another size it costs nothing.",
            "If your shoes arrived damaged or wrong, we pay, and nothing is taken off.",
        ]


def current() -> Terms:
    """Return the terms as they are now."""
    ours = shop()
    return Terms(
        days=ours.return_days,
        cost_minor=ours.return_cost_minor,
        address=ours.return_address or ours.address,
        condition=ours.return_condition,
        currency=ours.currency,
        zone=ours.zone,
        shop_url=ours.url,
    )
