"""`flask search`: build the index anew."""

import click
from flask.cli import AppGroup

from storefront.db import db
from storefront.jobs import Job
from storefront.search import index

group = AppGroup("search", help="What is found by words.")


@group.command("rebuild")
def rebuild() -> None:
    """Build the index anew from what the shop has."""
    with db.writing():
        pages = index.rebuild()
    click.echo(f"{pages} pages can be found.")


def build_if_empty() -> int:
    """Build the index where there is none yet, as after an update from a version without it."""
    if not index.is_empty():
        return 0
    with db.writing():
        return index.rebuild()


job = Job("search", every=60, run=build_if_empty)
