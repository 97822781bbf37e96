"""What can be wrong with the settings and with the machine that the shop runs on."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app
from sqlalchemy import text

from storefront import limits
from storefront.clock import utcnow
from storefront.db import db, engine_words
from storefront.doctor import Finding, ok, warning, wrong
from storefront.settings.shop import shop

SHORTEST_KEY = 32  # characters
LITTLE, TOO_LITTLE = 1024**3, 200 * 1024**2  # bytes free
SLOW, OFF = 5, 60  # seconds between two clocks
NOBODYS_EMAIL = "shop@example.com"


def settings() -> Iterator[Finding]:
    """Look at the settings that the shop can start with and still not be open for business."""
    config = current_app.config
    length = len(config["SECRET_KEY"])
    if length < SHORTEST_KEY:
        yield wrong("SECRET_KEY", f"has {length} characters; it needs {SHORTEST_KEY} or more.")
    else:
        yield ok("SECRET_KEY", f"{length} characters")
    yield _address(config["SHOP_URL"], secure=config["SECURE"])
    if config["SECURE"] and not config["TRUSTED_PROXIES"]:
        yield warning(
            "TRUSTED_PROXIES",
            "is 0. If a web server such as Caddy stands in front of the shop, set it to 1, or all"
            " shoppers are counted as one.",
        )
    if config["SECURE"] and config["DEMO"]:
        yield warning("DEMO", "is on, so every page says that this is a demonstration.")
    if shop().email == NOBODYS_EMAIL:
        yield warning("SHOP_EMAIL", f"is {NOBODYS_EMAIL}, which nobody reads: set your own.")


def _address(shop_url: str, *, secure: bool) -> Finding:
    if secure:
        return ok("SHOP_URL", shop_url)
    if urlsplit(shop_url).hostname in {"localhost", "127.0.0.1", "::1"}:
        return warning("SHOP_URL", f"is {shop_url}: nobody but this machine can come.")
    return wrong("SHOP_URL", f"is {shop_url}; it must start with https://.")


def database() -> Iterator[Finding]:
    """Look whether the database answers, is of this version, and has the right time."""
    db.session.execute(text("SELECT 1"))
    words = engine_words()
    migrations = current_app.extensions["migrate"].migrate.get_config()
    head = ScriptDirectory.from_config(migrations).get_current_head()
    current = MigrationContext.configure(db.session.connection()).get_current_revision()
    if current == head:
        yield ok("Database", f"{words}, at the newest schema")
    else:
        yield wrong(
            "Database",
            f"{words}, at schema {current}, not {head}: run `flask db upgrade`.",
        )
    if db.engine.dialect.name == "postgresql":
        theirs = db.session.execute(text("SELECT clock_timestamp()")).scalar_one()
        yield _clock((utcnow() - theirs).total_seconds())


def _clock(apart: float) -> Finding:
    if abs(apart) < SLOW:
        return ok("Clock", "the same as the database's")
    said = f"{abs(apart):.0f} seconds {'ahead of' if apart > 0 else 'behind'} the database's"
    repair = f"{said}: set both by the network (`timedatectl set-ntp true`)."
    return (wrong if abs(apart) >= OFF else warning)("Clock", repair)


def folders() -> Iterator[Finding]:
    """Look whether what the shop keeps can be written, is for its eyes only, and has room."""
    kept = Path(current_app.instance_path)
    places = [kept, *(Path(current_app.config[name]) for name in ("MEDIA_FOLDER", "MAIL_FOLDER"))]
    closed = [str(place) for place in places if not os.access(_standing(place), os.W_OK | os.X_OK)]
    if closed:
        yield wrong("Folders", f"cannot be written: {', '.join(closed)}. Give them to its user.")
    elif kept.is_dir() and kept.stat().st_uid != os.geteuid():
        yield warning("Folders", f"{kept} belongs to {kept.owner()}: run this as that user.")
    elif kept.is_dir() and stat.S_IMODE(kept.stat().st_mode) & (stat.S_IROTH | stat.S_IXOTH):
        yield warning("Folders", f"others on this machine can read them: run `chmod 700 {kept}`.")
    else:
        yield ok("Folders", "can be written, and by nobody else")
    free = shutil.disk_usage(_standing(kept)).free
    said = f"{free / 1024**3:.1f} GB free"
    if free < LITTLE:
        yield (wrong if free < TOO_LITTLE else warning)("Disk", f"only {said}: make room.")
    else:
        yield ok("Disk", said)


def _standing(place: Path) -> Path:
    """Return a folder, or the one in which it will be made."""
    return next(folder for folder in (place, *place.parents) if folder.exists())


def redis() -> Iterator[Finding]:
    """Look whether Redis answers, where the settings name one."""
    if not current_app.config["REDIS_URL"]:
        yield ok("Redis", "none set: each process counts tries for itself")
    elif limits.is_shared():
        yield ok("Redis", "answers")
    else:
        yield wrong("Redis", "does not answer at REDIS_URL; each process counts for itself.")
