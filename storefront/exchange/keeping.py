"""Dated backups: made into a folder of their own, where only some are kept."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from storefront.exchange import backup
from storefront.exchange.backup import Manifest
from storefront.person import Term

LATEST = 14
NAME = re.compile(r"shop-(\d{8}-\d{6})\.zip")
STAMP = "%Y%m%d-%H%M%S"  # in UTC


def make(folder: Path, *, now: datetime, **how: Any) -> tuple[Path, Manifest]:
    """Write a backup that is dated now, as backup.write does, and remove those that are not kept.

    Raises backup.NotReady, OSError or DBAPIError; then there is no new backup.
    """
    file = place(folder, now)
    written = backup.write(file, now=now, **how)
    thin_out(folder)
    return file, written


def place(folder: Path, now: datetime) -> Path:
    """Return the file for a backup that is made now; its folder is made, for its owner alone."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"shop-{now.astimezone(UTC).strftime(STAMP)}.zip"


def last_made(folder: Path) -> datetime | None:
    """Return when the newest dated backup was made, None where there is none."""
    made = _dated(folder)
    return max(made.values()) if made else None


def thin_out(folder: Path) -> int:
    """Remove all dated backups but the fourteen latest and each month's first; return how many."""
    made = _dated(folder)
    oldest_first = sorted(made, key=lambda file: made[file])
    firsts = {made[file].strftime("%Y%m"): file for file in reversed(oldest_first)}
    kept = {*oldest_first[-LATEST:], *firsts.values()}
    for file in made.keys() - kept:
        file.unlink(missing_ok=True)
    return len(made.keys() - kept)


def terms() -> Iterator[Term]:
    """Say how long backups are kept, which have what was erased or forgotten since."""
    yield Term(
        "Backups, which hold all of this as it was",
        f"the {LATEST} latest; the first of each month until we delete it",
    )


def _dated(folder: Path) -> dict[Path, datetime]:
    """Return the backups whose names are of our making, and when each was made."""
    made = {}
    for file in folder.glob("shop-*.zip"):
        with suppress(ValueError):  # digits that are no date
            if match := NAME.fullmatch(file.name):
                made[file] = datetime.strptime(match[1], STAMP).replace(tzinfo=UTC)
    return made
