"""`flask demo`: fill an empty shop with the demonstration, or take it out again."""

from collections.abc import Callable

import click
from flask.cli import AppGroup
from sqlalchemy import exists, select

from storefront.catalogue.models import Product
from storefront.db import Base, db
from storefront.search import index

group = AppGroup("demo", help="The demonstration shop.")
loaders: list[Callable[[], None]] = []


@group.command("load")
def load() -> None:
    """Fill an empty shop with demonstration products, articles, coaches and staff."""
    if db.session.scalar(select(exists().select_from(Product))):
        click.echo("There are products already, so nothing was loaded.")
        return
    with db.writing():
        for loader in loaders:
            loader()
        index.rebuild()
    click.echo("The demonstration shop is loaded.")


@group.command("remove")
@click.confirmation_option(prompt="This empties every table of the shop. Go on?")
def remove() -> None:
    """Empty the shop: every product, article, order and member of staff."""
    with db.writing():
        for table in reversed(Base.metadata.sorted_tables):
            db.session.execute(table.delete())
    click.echo("The shop is empty.")
