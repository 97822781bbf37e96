"""A person's data: how long what is kept, and `flask person`, which exports and erases it.

Rooms lend what they know (`wsgi.py`). How long something is kept is said by the very object that
ends it, so that the page of privacy cannot say what is not so.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

import click
from flask.cli import AppGroup
from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import InstrumentedAttribute

from storefront.clock import utcnow
from storefront.db import db
from storefront.jobs import Job


class Term(NamedTuple):
    """What is kept, and how long, in words; and what ends it, where no browser or clock does.

    `forget` opens its own transactions and returns how many rows it has changed.
    """

    what: str
    how_long: str
    forget: Callable[[datetime], int] | None = None


@dataclass
class Erasing:
    """An erasure as it goes on: of whom, when, and what came of it so far.

    `orders` are the numbers of orders that stay as they are, and so do the mails about them.
    """

    email: str
    now: datetime
    changes: Counter[str] = field(default_factory=Counter)
    stays: list[str] = field(default_factory=list)
    orders: set[int] = field(default_factory=set)


exports: list[tuple[str, Callable[[str], Any]]] = []  # under which name, and what is kept
erasers: list[Callable[[Erasing], None]] = []  # in this order, all in one transaction
afterwards: list[Callable[[], object]] = []  # once that is committed
terms: list[Callable[[], Iterable[Term]]] = []

group = AppGroup("person", help="What the shop keeps of somebody.")


class DryRun(Exception):
    """Nothing shall be written."""


def is_of(column: InstrumentedAttribute[str], email: str) -> ColumnElement[bool]:
    """Return whether a column has this address, in large or small letters."""
    return or_(column == email, func.lower(column) == email.lower())


def kept() -> Sequence[Term]:
    """Return what is kept and how long, as the page of privacy says it."""
    return [term for ask in terms for term in ask()]


def forget() -> int:
    """Forget whatever was kept long enough; return how many rows were changed."""
    now = utcnow()
    changed = sum(term.forget(now) for term in kept() if term.forget)
    for act in afterwards:
        act()
    return changed


job = Job("forgetting", every=3600, run=forget, first=60)


@group.command("export")
@click.argument("email")
def export(email: str) -> None:
    """Write all that is kept of an email address, as JSON."""
    address = _address(email)
    found = {name: look(address) for name, look in exports}
    if not any(found.values()):
        click.echo(f"Nothing is kept of {address}.", err=True)
    click.echo(json.dumps({"email": address, **found}, indent=2, ensure_ascii=False, default=_text))


@group.command("erase")
@click.argument("email")
@click.option("--apply", is_flag=True, help="Write the changes; without it nothing is written.")
def erase(email: str, apply: bool) -> None:
    """Erase what is kept of an email address: a dry run unless --apply is given.

    Of a paid order the number, lines, sums and tax stay; one that is not over yet stays whole.
    """
    asked = Erasing(_address(email), utcnow())
    try:
        with db.writing():
            for act in erasers:
                act(asked)
            if not apply:
                raise DryRun
    except DryRun:
        pass
    else:
        for finish in afterwards:
            finish()
    for what, count in asked.changes.items():
        click.echo(f"{what}: {count}")
    for sentence in asked.stays:
        click.echo(f"Stays: {sentence}")
    total = asked.changes.total()
    if total and not apply:
        click.echo("Dry run: nothing was written. Give --apply to write.")
    click.echo(f"{total} changes")


def _address(email: str) -> str:
    if "@" not in email:
        raise click.ClickException(f"{email!r} is not an email address such as name@example.com.")
    return email.strip()


def _text(value: object) -> str:
    """Write days and moments for JSON."""
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{value!r} cannot be exported")
