"""The connection back: where the payment company sends its events, and making it do so."""

from ipaddress import ip_address
from urllib.parse import urlsplit

from storefront.checkout.payments import Endpoint, Payments

PATH = "/webhooks/stripe"
NONE = "Nobody is told of payments: run `flask payments connect`."
STALE = (
    "The company's webhook endpoint for this shop is switched off, of another API version, or"
    " lacks some of our events: run `flask payments connect --replace`."
)


class CannotReach(Exception):
    """The payment company could not send anything to this address; the sentence says why."""


class IsThere(Exception):
    """Events are sent to this address already, and their secret is told only once."""


def problem(payments: Payments, shop_url: str) -> str:
    """Return what is wrong with where events are sent, '' if nothing. Raises Refused, Unclear."""
    ours = _ours(payments, shop_url)
    if not ours:
        return NONE
    return "" if any(endpoint.hears_all for endpoint in ours) else STALE


def connect(
    payments: Payments, shop_url: str, *, replace: bool, anywhere: bool = False
) -> tuple[str, list[Endpoint]]:
    """Have events sent to this shop; return their secret, and the endpoints it takes the place of.

    The old ones are still there: to be disconnected once the secret is safe. `anywhere`: also to
    an address that is not on the internet. Raises CannotReach, IsThere, Refused or Unclear.
    """
    if not anywhere:
        _check_public(shop_url)
    old = _ours(payments, shop_url)
    if old and not replace:
        raise IsThere
    return payments.connect(shop_url + PATH), old


def _ours(payments: Payments, shop_url: str) -> list[Endpoint]:
    return [each for each in payments.endpoints() if each.address == shop_url + PATH]


def _check_public(shop_url: str) -> None:
    parts = urlsplit(shop_url)
    host = parts.hostname or ""
    if parts.scheme != "https":
        raise CannotReach(f"SHOP_URL is {shop_url}, and events are sent to https:// only.")
    try:
        is_public = ip_address(host).is_global
    except ValueError:  # a name
        is_public = "." in host and not host.endswith((".localhost", ".local"))
    if not is_public:
        raise CannotReach(f"SHOP_URL is {shop_url}, which cannot be reached from the internet.")
