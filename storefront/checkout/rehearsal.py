"""A rehearsal of the purchase at the payment company: all that the shop asks of it, unpaid.

Nothing is charged, nothing is written down here, and each page it opens is closed again.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from storefront.checkout.payments import (
    PageFacts,
    PageLine,
    PageRequest,
    Payments,
    Refused,
    Unclear,
)
from storefront.checkout.purchase import Terms, end_of_page, page_request, with_more_time
from storefront.db import new_secret
from storefront.delivery.queries import Quote, countries, quotes

PAIR, SINGLE = 10_000, 6_000  # minor units: beyond the least that any currency is charged in
LINES = [
    PageLine("Rehearsal, Moss, US 9 M, left and right", PAIR, 1),
    PageLine("Rehearsal, Moss, US 10 W, left shoe only", SINGLE, 2),
]
SUBTOTAL = sum(line.unit_minor * line.quantity for line in LINES)
INVENTED = ("US", [Quote("Standard", 800, 2, 5), Quote("Express", 2_000, None, 1)])
NUMBER = 1000  # before the first order's

LEFT = "A page may still be open. Nobody has its address, and it ends by itself."

Tell = Callable[[str, str], None]  # the step in words, and what went wrong or ''


class Differs(Exception):
    """The company did something, but not what the shop counts on."""


def rehearse(*, payments: Payments, terms: Terms, email: str, now: datetime, tell: Tell) -> int:
    """Go through each step at the company and tell of each; return how many failed.

    Where no page opens, or no clear answer comes, the other steps are left out. Whatever happens,
    the pages are closed at the end, which is told where a step had not done so.
    """
    steps = _Steps(payments, terms, email, now)
    failed = 0
    try:
        for words, step in steps.all():
            wrong, goes_on = _try(step)
            tell(words, wrong)
            failed += bool(wrong)
            if wrong and not (goes_on and steps.has_page):
                break
    finally:
        if steps.open_pages:
            left = steps.close_all()
            failed += bool(left)
            tell("Close what is still open", LEFT if left else "")
    return failed


def _try(step: Callable[[], None]) -> tuple[str, bool]:
    """Do a step; return what went wrong, '' for nothing, and whether another may go well."""
    try:
        step()
    except Unclear as error:
        return f"No clear answer came: {error}", False
    except (Refused, Differs) as error:
        return str(error) or "It was refused without a reason.", True
    except Exception as error:  # an answer of a shape that nobody foresaw is what we look for
        return f"The shop cannot read the answer: {type(error).__name__}: {error}", True
    return "", True


class _Steps:
    """The steps in their order, and the pages that they asked for."""

    def __init__(self, payments: Payments, terms: Terms, email: str, now: datetime) -> None:
        self._payments, self._terms, self._now = payments, terms, now
        country, deliveries = _where_to()
        self._first = page_request(
            number=NUMBER,
            reference=new_secret(),
            lines=LINES,
            country=country,
            deliveries=deliveries,
            email=email,
            ends=end_of_page(terms, now),
            terms=terms,
        )
        self._second = with_more_time(self._first, end_of_page(terms, now), terms)
        self.open_pages: list[PageRequest] = []  # asked for, so that they may be open
        self._ids: dict[str, str] = {}  # of the pages, by their keys

    def all(self) -> list[tuple[str, Callable[[], None]]]:
        return [
            ("Open a payment page", self._open),
            ("Ask for it once more, and get the same page", self._repeat),
            ("Read the page", self._read),
            ("Read its lines", self._read_lines),
            ("Give more time: close it, and open another", self._extend),
            ("Close that page too", self._close),
            ("Hear that a page is not known", self._miss),
            ("Read what was paid and given back in the last hour", self._read_books),
        ]

    @property
    def has_page(self) -> bool:
        return self._first.key in self._ids

    def close_all(self) -> bool:
        """Close each page that may be open; return whether one still may."""
        return sum(not self._is_closed(request) for request in list(self.open_pages)) > 0

    def _open(self) -> None:
        self._open_page(self._first)

    def _open_page(self, request: PageRequest) -> None:
        self.open_pages.append(request)
        try:
            opened = self._payments.open_page(request)
        except Refused:
            self.open_pages.remove(request)
            raise
        self._ids[request.key] = opened.session_id
        if not opened.address.startswith(("https://", "http://")):
            raise Differs("It came without an address.")

    def _repeat(self) -> None:
        again = self._payments.open_page(self._first)
        if again.session_id != self._ids[self._first.key]:
            self._payments.close_page(again.session_id)
            raise Differs("It is another page.")

    def _read(self) -> None:
        facts = self._facts(self._first)
        told = (facts.key, facts.status, facts.payment_status, facts.currency, facts.subtotal_minor)
        ours = (self._first.key, "open", "unpaid", self._terms.currency, SUBTOTAL)
        if told != ours:
            raise Differs(f"It says {told}, and should say {ours}.")

    def _read_lines(self) -> None:
        lines = self._payments.lines_of(self._ids[self._first.key])
        if lines != LINES:
            raise Differs(f"They are {lines}.")

    def _extend(self) -> None:
        self._end(self._first)
        self._open_page(self._second)
        if self._ids[self._first.key] == self._ids[self._second.key]:
            raise Differs("It is the same page, though it has another key.")

    def _close(self) -> None:
        if self._second.key not in self._ids:
            raise Differs("It was not opened.")
        self._end(self._second)

    def _miss(self) -> None:
        unknown = self._ids[self._first.key][:-12] + "x" * 12
        if self._payments.look_up(unknown) is not None:
            raise Differs("It knows a page that nobody opened.")

    def _read_books(self) -> None:
        since = self._now - timedelta(hours=1)
        self._payments.paid_pages(since)
        self._payments.refunded_since(since)

    def _end(self, request: PageRequest) -> None:
        self._payments.close_page(self._ids[request.key])
        status = self._facts(request).status
        if status != "expired":
            raise Differs(f"It is closed, and yet {status}.")
        self.open_pages.remove(request)

    def _facts(self, request: PageRequest) -> PageFacts:
        facts = self._payments.look_up(self._ids[request.key])
        if facts is None:
            raise Differs("It is not known any more.")
        return facts

    def _is_closed(self, request: PageRequest) -> bool:
        """Close a page; one whose answer was lost is asked for again, since it may be there."""
        try:
            if request.key not in self._ids:
                self._ids[request.key] = self._payments.open_page(request).session_id
            self._end(request)
        except Refused:
            return request.key not in self._ids  # it was never opened
        except Exception:  # the other page is to be closed nevertheless
            return False
        return True


def _where_to() -> tuple[str, list[Quote]]:
    """Return a country that the shop sends to, and how; invented where it sends nowhere yet."""
    for country in countries():
        return country, list(quotes(country, SUBTOTAL))
    return INVENTED
