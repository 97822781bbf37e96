"""What can be wrong with stock: counts that are not what their ledger says."""

from collections.abc import Iterator

from storefront.doctor import Finding, ok, wrong
from storefront.stock import ledger


def counts() -> Iterator[Finding]:
    """Compare every count and hold with the sum of its rows."""
    found = ledger.differences()
    if found:
        sku, said = found[0]
        yield wrong(
            "Stock",
            f"{len(found)} differ from their ledger, {sku} first ({said}): "
            "`flask stock recount` lists them all.",
        )
    else:
        yield ok("Stock", "every count is the sum of its ledger")
