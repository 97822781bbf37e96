"""Where ZIP codes and towns of the United States are: looked up in a file, never on the network.

The figures are those of the package `zipcodes`, which keeps all of them in memory, some forty
megabytes a process. So another process writes them into a small SQLite file once, and this one
asks the file.
"""

import logging
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from math import asin, cos, radians, sin, sqrt
from pathlib import Path
from secrets import token_hex
from threading import Lock
from typing import Any

MOST_TYPED = 80  # characters
EARTH_MILES = 3958.8
KM = 1.609344  # kilometers in a mile
SHORT = {"st": "saint", "ft": "fort", "mt": "mount"}
STATES = {
    "alabama": "AL", "alaska": "AK", "arizona": "AZ", "arkansas": "AR", "california": "CA",
    "colorado": "CO", "connecticut": "CT", "delaware": "DE", "district of columbia": "DC",
    "florida": "FL", "georgia": "GA", "hawaii": "HI", "idaho": "ID", "illinois": "IL",
    "indiana": "IN", "iowa": "IA", "kansas": "KS", "kentucky": "KY", "louisiana": "LA",
    "maine": "ME", "maryland": "MD", "massachusetts": "MA", "michigan": "MI", "minnesota": "MN",
    "mississippi": "MS", "missouri": "MO", "montana": "MT", "nebraska": "NE", "nevada": "NV",
    "new hampshire": "NH", "new jersey": "NJ", "new mexico": "NM", "new york": "NY",
    "north carolina": "NC", "north dakota": "ND", "ohio": "OH", "oklahoma": "OK", "oregon": "OR",
    "pennsylvania": "PA", "puerto rico": "PR", "rhode island": "RI", "south carolina": "SC",
    "south dakota": "SD", "tennessee": "TN", "texas": "TX", "utah": "UT", "vermont": "VT",
    "virginia": "VA", "washington": "WA", "west virginia": "WV", "wisconsin": "WI",
    "wyoming": "WY",
}  # fmt: skip
CODES = frozenset(STATES.values())

log = logging.getLogger(__name__)
_one_at_a_time = Lock()


@dataclass(frozen=True)
class Point:
    """A place on the earth, in degrees."""

    latitude: float
    longitude: float

    def miles_to(self, other: "Point") -> float:
        """Return the distance as the crow flies, in miles (haversine formula)."""
        north, other_north = radians(self.latitude), radians(other.latitude)
        east = radians(other.longitude - self.longitude)
        half = sin((other_north - north) / 2) ** 2
        half += cos(north) * cos(other_north) * sin(east / 2) ** 2
        return 2 * EARTH_MILES * asin(min(1.0, sqrt(half)))


@dataclass(frozen=True)
class Place:
    """What was looked for; `others` are towns of the same name, as they can be looked for."""

    name: str
    point: Point
    others: tuple[str, ...] = ()


class Gazetteer:
    """Places by ZIP code and by town, in a file of this folder that is written when first asked."""

    def __init__(self, folder: str) -> None:
        self._file = Path(folder) / f"places-{version('zipcodes')}.sqlite3"

    def find(self, typed: str) -> Place | None:
        """Return the place of a ZIP code or a town, with or without its state; None if unknown."""
        text = " ".join(typed[:MOST_TYPED].split())
        if found := re.fullmatch(r"([0-9]{5})(?:-[0-9]{4})?", text):
            return self._by_zip(found[1])
        for town, state in _readings(text.lower().replace(".", "")):
            if places := self._by_town(town, state):
                others = tuple(place.name for place in places[1:])
                return Place(places[0].name, places[0].point, others)
        return None

    def points(self, zips: Iterable[str]) -> dict[str, Point]:
        """Return where these ZIP codes are, as far as they are known."""
        known = sorted({zip_code[:5] for zip_code in zips})
        marks = ",".join("?" * len(known))
        rows = self._ask(
            f"SELECT zip, latitude, longitude FROM places WHERE zip IN ({marks})",  # noqa: S608
            tuple(known),
        )
        return {zip_code: Point(*where) for zip_code, *where in rows}

    def _by_zip(self, zip_code: str) -> Place | None:
        rows = self._ask(
            "SELECT name, state, latitude, longitude FROM places WHERE zip = ?", (zip_code,)
        )
        for name, state, *where in rows[:1]:
            return Place(f"{name}, {state} {zip_code}", Point(*where))
        return None

    def _by_town(self, town: str, state: str) -> list[Place]:
        """Return the towns of this name, the one with the most ZIP codes first."""
        rows = self._ask(
            "SELECT name, state, avg(latitude), avg(longitude) FROM places WHERE town = ?"
            " GROUP BY state ORDER BY count(*) DESC, state",
            (town,),
        )
        return [
            Place(f"{name}, {code}", Point(*where))
            for name, code, *where in rows
            if state in {"", code}
        ]

    def _ask(self, statement: str, values: tuple[str, ...]) -> list[tuple[Any, ...]]:
        with _one_at_a_time:
            if not _is_there(self._file):
                return []
        with closing(sqlite3.connect(f"{self._file.as_uri()}?immutable=1", uri=True)) as file:
            return file.execute(statement, values).fetchall()


@cache
def _is_there(file: Path) -> bool:
    """Return whether there is a file of places; who asks first has it written, once a process."""
    if file.exists():
        return True
    command = [sys.executable, "-m", __name__, str(file)]
    try:
        subprocess.run(command, check=True, cwd=Path(__file__).parents[2], timeout=60)  # noqa: S603 - our own
    except (OSError, subprocess.SubprocessError):
        log.exception("the file of places could not be written, so no place is known")
        return False
    return True


def _readings(text: str) -> Iterator[tuple[str, str]]:
    """Yield what "portland, or", "portland oregon" or "portland" can mean: town and state."""
    before, comma, after = (part.strip() for part in text.partition(","))
    if comma:
        yield _town(before.split()), STATES.get(after, after.upper())
        return
    words = text.split()
    for last in range(1, min(4, len(words))):
        end = " ".join(words[-last:])
        if state := STATES.get(end) or (end.upper() if end.upper() in CODES else ""):
            yield _town(words[:-last]), state
    yield _town(words), ""


def _town(words: list[str]) -> str:
    return " ".join([SHORT.get(word, word) for word in words[:1]] + words[1:])


def write(file: Path) -> None:
    """Write the file of places, whole or not at all."""
    import zipcodes  # here alone, since it fills the memory of whoever asks it

    half = file.with_name(f"{file.name}.{token_hex(4)}")
    file.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(half)) as written:
        written.execute(
            "CREATE TABLE places (zip TEXT, town TEXT, name TEXT, state TEXT, latitude REAL,"
            " longitude REAL)"
        )
        for row in zipcodes.list_all():  # type: ignore[no-untyped-call]
            where = float(row["lat"]), float(row["long"])
            if row["state"] not in CODES or not any(where):
                continue  # the forces abroad
            for name in (row["city"], *row["acceptable_cities"]):
                town = name.lower().replace(".", "")
                written.execute(
                    "INSERT INTO places VALUES (?, ?, ?, ?, ?, ?)",
                    (row["zip_code"], town, name, row["state"], *where),
                )
        written.execute("CREATE INDEX by_zip ON places (zip)")
        written.execute("CREATE INDEX by_town ON places (town)")
        written.commit()
    half.replace(file)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
