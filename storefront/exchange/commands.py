"""`flask catalogue`: product files in."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup
from sqlalchemy.exc import IntegrityError

from storefront.clock import utcnow
from storefront.exchange import catalogue, shopify

EVERY = 500  # products between two lines of progress

group = AppGroup("catalogue", help="Products in and out of the shop.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Write the changes; without it nothing is written.")
@click.option("--skip-bad", is_flag=True, help="Leave wrong rows out and take the others.")
def import_(file: Path, apply: bool, skip_bad: bool) -> None:
    """Read a Shopify product CSV: a dry run unless --apply is given."""
    try:
        read = shopify.read(file, current_app.config["CURRENCY"])
    except shopify.NotACatalogue as reason:
        raise click.ClickException(f"{file.name}: {reason}. Nothing was written.") from None
    catalogue.refuse_taken_skus(read)
    for row, what in read.warnings:
        click.echo(f"Note, row {row}: {what}" if row else f"Note: {what}")
    for row, what in read.errors:
        click.echo(f"Wrong, row {row}, {what}", err=True)
    if read.errors and not skip_bad:
        raise click.ClickException(
            f"{len(read.errors)} wrong rows. Nothing was written."
            " Mend them, or give --skip-bad to take the others."
        )
    variants = sum(len(product.variants) for product in read.products.values())
    click.echo(f"{len(read.products)} products, {variants} variants read.")

    def progress(done: int) -> None:
        if done % EVERY == 0:
            click.echo(f"{done} of {len(read.products)} products")

    try:
        changes = catalogue.take(
            read, by=f"Import of {file.name}", now=utcnow(), apply=apply, progress=progress
        )
    except IntegrityError as error:
        raise click.ClickException(
            f"Somebody else changed the catalogue during the import: {error.orig}."
            " It was broken off between two products; please run it again."
        ) from None
    click.echo(
        f"{changes.products_new} products new, {changes.variants_new} variants new,"
        f" {changes.fields_changed} facts changed"
    )
    if changes.total and not apply:
        click.echo("Dry run: nothing was written. Give --apply to write.")
    click.echo(f"{changes.total} changes")
