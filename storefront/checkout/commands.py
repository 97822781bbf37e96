"""`flask checkout`: settle what is overdue."""

import click
from flask.cli import AppGroup

from storefront.checkout import jobs

group = AppGroup("checkout", help="Payments and what became of them.")


@group.command("sweep")
def sweep() -> None:
    """Settle every overdue payment page and refund now."""
    click.echo(f"{jobs.sweep()} payment pages and refunds settled")
