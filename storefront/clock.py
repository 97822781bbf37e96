"""Time: the present moment, and how people see moments and days."""

from datetime import UTC, date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time


def utcnow() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """Return the shop day that a moment falls on."""
    return moment.astimezone(zone).date()


@lru_cache(4096)
def day_words(day: date) -> str:
    """Return a day as people read it: "12 December 2026"."""
    return format_date(day, "d MMMM yyyy", locale="en_US")


def time_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return a clock time with the zone's name: "3:05 PM EST"."""
    return format_time(moment, "h:mm a z", tzinfo=zone, locale="en_US")


def moment_words(moment: datetime, zone: ZoneInfo) -> str:
    """Return day and clock time: "12 December 2026, 3:05 PM EST"."""
    return f"{day_words(day_of(moment, zone))}, {time_words(moment, zone)}"
