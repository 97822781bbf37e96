"""Reading and keeping what the owner chose."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select

from storefront.db import db
from storefront.settings.models import Setting

_CHOSEN = select(Setting.name, Setting.value)


def chosen() -> dict[str, str]:
    """Return every setting that was chosen by form, by its name."""
    return {row.name: row.value for row in db.session.execute(_CHOSEN)}


def keep(values: Mapping[str, str], *, by: str, now: datetime) -> None:
    """Keep these choices; one that is as it was stays untouched. Inside `db.writing()`."""
    there = {row.name: row for row in db.session.scalars(select(Setting)).all()}
    for name, value in values.items():
        row = there.get(name)
        if row is None:
            row = Setting(name=name, value="", changed_at=now, changed_by=by)
            db.session.add(row)
        if row.value != value:
            row.value, row.changed_at, row.changed_by = value, now, by
