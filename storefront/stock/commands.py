"""`flask stock`: check the counts against the ledger."""

import click
from flask.cli import AppGroup

from storefront.stock import ledger

group = AppGroup("stock", help="Counts of shoes.")


@group.command("recount")
def recount() -> None:
    """List every count and hold that is not the sum of its rows; change nothing."""
    found = ledger.differences()
    for sku, said in found:
        click.echo(f"{sku}: {said}")
    click.echo("1 difference" if len(found) == 1 else f"{len(found)} differences")
