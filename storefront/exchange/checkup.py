"""What can be wrong with backups: none, or an old one."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from flask import current_app

from storefront.clock import moment_words, utcnow
from storefront.doctor import Finding, ok, warning, wrong
from storefront.exchange import keeping
from storefront.settings.shop import shop

OLD = timedelta(days=2)


def backups() -> Iterator[Finding]:
    """Look how old the newest dated backup is."""
    config = current_app.config
    folder = Path(config["BACKUP_FOLDER"])
    made = keeping.last_made(folder)
    if made is None:
        yield warning("Backup", f"none in {folder}: run `flask backup`, daily.")
        return
    said = f"the newest is of {moment_words(made, shop().zone)}"
    if utcnow() - made > OLD:
        yield wrong("Backup", f"{said}: see `systemctl status shop-backup.timer`.")
    else:
        yield ok("Backup", said)
