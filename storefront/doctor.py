"""`flask doctor`: asks each room what an owner can have wrong, and says what to do about it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import click
from flask.cli import with_appcontext
from sqlalchemy.exc import DBAPIError

from storefront.db import db


@dataclass(frozen=True)
class Finding:
    """What was looked at, and what is to be said of it, with what to do where it is not well.

    `state` is ok, warning (the shop works, but not as it should) or wrong.
    """

    state: str
    what: str
    said: str


Check = Callable[[], Iterable[Finding]]
checks: list[tuple[str, Check]] = []  # what it looks at, and the looking


def ok(what: str, said: str) -> Finding:
    return Finding("ok", what, said)


def warning(what: str, said: str) -> Finding:
    return Finding("warning", what, said)


def wrong(what: str, said: str) -> Finding:
    return Finding("wrong", what, said)


@click.command("doctor")
@click.pass_context
@with_appcontext
def examine(context: click.Context) -> None:
    """Look at all that can be wrong with this shop, a line each; ends with 1 if something is.

    It changes nothing, charges nothing and sends no mail.
    """
    found = [finding for what, check in checks for finding in _look(what, check)]
    for finding in found:
        click.echo(f"  {finding.state:7}  {finding.what}: {finding.said}")
    bad = sum(finding.state == "wrong" for finding in found)
    if bad:
        click.echo("1 thing is wrong" if bad == 1 else f"{bad} things are wrong")
        context.exit(1)


def _look(what: str, check: Check) -> list[Finding]:
    """Return what a check found; one that cannot be made is a finding too."""
    try:
        return list(check())
    except DBAPIError as error:
        line = (str(error.orig).splitlines() or [type(error).__name__])[0]
        return [wrong(what, f"could not be looked at, since the database does not answer: {line}")]
    except Exception as error:  # whatever it is, the other checks are worth having
        return [wrong(what, f"could not be looked at: {type(error).__name__}: {error}")]
    finally:
        db.session.remove()
