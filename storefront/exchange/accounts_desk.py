"""What the owner hands to the accountant: a month's sums, and its rows as a file."""

import io
import tempfile
from collections.abc import Iterator
from typing import IO

from flask import Response, abort, request
from flask import render_template as render

from storefront.clock import utcnow
from storefront.exchange import accounts
from storefront.exchange.accounts import Month, NotAMonth
from storefront.settings.shop import shop
from storefront.staff.desk import desk_blueprint

ROLES = ()  # the owner alone
MOST_MONTHS = 120  # to choose from
PIECE = 64 * 1024  # bytes

blueprint = desk_blueprint("accounts_desk", __name__, roles=ROLES)


@blueprint.get("/accounts")
def show() -> str:
    """Show the sums of a month: the one that is asked for, else this one."""
    zone = shop().zone
    today = Month.of(utcnow(), zone)
    month = _month(request.args.get("month") or str(today))
    return render(
        "storefront/exchange/desk_accounts.html",
        month=month,
        months=_months(today),
        sums=accounts.sums(month, mode=_mode(), zone=zone),
        disputes=accounts.disputes(month, mode=_mode(), zone=zone),
        parked=accounts.parked(mode=_mode()),
    )


@blueprint.get("/accounts/<month>.csv")
def download(month: str) -> Response:
    """Send the rows of a month as CSV.

    They are written to disk first, so that however slow the line is, no transaction waits for it.
    """
    zone, chosen = shop().zone, _month(month)
    file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed once it is sent
    # Excel takes UTF-8 for something else unless the file begins with the mark for it.
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    accounts.write(text, accounts.rows(chosen, mode=_mode(), zone=zone), zone)
    text.detach().seek(0)
    response = Response(_pieces(file), mimetype="text/csv")
    response.headers.set("Content-Disposition", "attachment", filename=f"accounts-{chosen}.csv")
    return response


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while piece := file.read(PIECE):
            yield piece


def _month(text: str) -> Month:
    try:
        return Month.read(text)
    except NotAMonth:
        abort(404)


def _months(last: Month) -> list[Month]:
    """Return the months since the first order was paid, newest first."""
    first = accounts.first_month(shop().zone) or last
    months = [last]
    while months[-1] > first and len(months) < MOST_MONTHS:
        months.append(months[-1].before)
    return months


def _mode() -> str:
    return "test" if shop().test_mode else "live"
