"""`flask catalogue`: products in. `flask accounts`: a month out. `flask backup` and `restore`."""

from pathlib import Path
from typing import Any

import click
from flask import current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy.exc import DBAPIError, IntegrityError

from storefront.clock import utcnow
from storefront.exchange import accounts, backup, catalogue, keeping, shopify
from storefront.exchange.backup import Manifest
from storefront.settings.shop import shop

EVERY = 500  # products between two lines of progress
EVERY_ROWS = 50_000  # rows of a backup between two

group = AppGroup("catalogue", help="Products in and out of the shop.")
accountant = AppGroup("accounts", help="The books of a month.")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Write the changes; without it nothing is written.")
@click.option("--skip-bad", is_flag=True, help="Leave wrong rows out and take the others.")
def import_(file: Path, apply: bool, skip_bad: bool) -> None:
    """Read a Shopify product CSV: a dry run unless --apply is given."""
    try:
        read = shopify.read(file, shop().currency)
    except shopify.NotACatalogue as reason:
        raise click.ClickException(f"{file.name}: {reason}. Nothing was written.") from None
    catalogue.refuse_former_handles(read)
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


@accountant.command("export")
@click.argument("month")
@click.argument("file", type=click.Path(path_type=Path))
def export_accounts(month: str, file: Path) -> None:
    """Write what was paid and given back in MONTH, such as 2026-10, as a CSV for the accountant.

    An older FILE is replaced.
    """
    zone, mode = shop().zone, "test" if shop().test_mode else "live"
    unfinished = file.with_name(f"{file.name}.part")
    try:
        listed = accounts.rows(accounts.Month.read(month), mode=mode, zone=zone)
        with unfinished.open(
            "w", encoding="utf-8-sig", newline=""
        ) as text:  # the mark is for Excel
            written = accounts.write(text, listed, zone)
        unfinished.replace(file)
    except accounts.NotAMonth as problem:
        raise click.ClickException(f"{problem} Nothing was written.") from None
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"{_name(file)} cannot be written: {error.strerror}.") from None
    click.echo(f"{written} rows written to {_name(file)}")


@click.command("backup")
@click.argument("file", type=click.Path(path_type=Path), required=False)
@with_appcontext
def write_backup(file: Path | None) -> None:
    """Write the whole shop into FILE, as it is at one moment, while it goes on selling.

    It has names and addresses, so nobody but you may read it. An older FILE is replaced. Without
    FILE it is a dated one in instance/backups/, where the fourteen latest and each month's first
    are kept.
    """
    folder = Path(current_app.config["BACKUP_FOLDER"])
    how = {**_places(), "now": utcnow(), "progress": _tell_rows}
    try:
        if file is None:
            file, written = keeping.make(folder, **how)
        else:
            written = backup.write(file, **how)
    except backup.NotReady as reason:
        raise click.ClickException(f"{reason} No backup was written.") from None
    except OSError as error:
        name = _name(file or folder)
        raise click.ClickException(f"{name} cannot be written: {error.strerror}.") from None
    except DBAPIError as error:
        raise click.ClickException(
            f"No backup was written, since a database failed: {error.orig}"
        ) from None
    click.echo(f"{_sizes(written)} written to {_name(file)}")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Also where there are orders, which are then gone.")
@with_appcontext
def restore_backup(file: Path, replace: bool) -> None:
    """Put the shop in FILE, from `flask backup`, in the place of what is here; all or nothing."""
    try:
        restored = backup.restore(file, **_places(), replace=replace, progress=_tell_rows)
    except backup.CannotRestore as reason:
        raise click.ClickException(f"{_name(file)}: {reason}. Nothing was changed.") from None
    except backup.HasOrders as there:
        raise click.ClickException(
            f"Orders in this database: {there.orders}. Nothing was changed; with --replace the"
            " backup takes the place of everything."
        ) from None
    except backup.NotReady as reason:
        raise click.ClickException(f"{reason} Nothing was changed.") from None
    except OSError as error:
        raise click.ClickException(
            f"{_name(file)} cannot be restored: {error.strerror}. Nothing was changed."
        ) from None
    click.echo(f"{_sizes(restored)} restored from {_name(file)}")


def _places() -> dict[str, Any]:
    return {
        "pictures": Path(current_app.config["MEDIA_FOLDER"]),
        "migrations": current_app.extensions["migrate"].migrate.get_config(),
    }


def _tell_rows(before: int, now: int) -> None:
    if before // EVERY_ROWS != now // EVERY_ROWS:
        click.echo(f"{now} rows")


def _sizes(manifest: Manifest) -> str:
    return f"{manifest.all_rows} rows and {manifest.pictures} pictures"


def _name(file: Path) -> str:
    return click.format_filename(file.name)
