"""`flask stock`: counts in and out as a file, and checked against the ledger."""

from pathlib import Path

import click
from flask.cli import AppGroup

from storefront.clock import utcnow
from storefront.stock import inventory, inventory_file, ledger
from storefront.stock.words import count_words

EVERY = 5000  # rows between two lines of progress

group = AppGroup("stock", help="Counts of shoes.")


@group.command("export")
@click.argument("file", type=click.Path(path_type=Path))
def export(file: Path) -> None:
    """Write all counts as a Shopify inventory CSV; an older FILE is replaced."""
    unfinished = file.with_name(f"{file.name}.part")
    try:
        written = inventory_file.write(
            unfinished, inventory.counted(), sides=inventory.some_by_sides()
        )
        unfinished.replace(file)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise click.ClickException(f"{_name(file)} cannot be written: {error.strerror}.") from None
    click.echo(f"{written} rows written to {_name(file)}")


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--apply", is_flag=True, help="Write the counts; without it nothing is written.")
def import_(file: Path, apply: bool) -> None:
    """Set counts from a Shopify inventory CSV: a dry run unless --apply is given.

    "On hand (new)" is set where "On hand (current)" still is the shop's count; an empty new one
    leaves the row alone. One wrong row, and nothing is written.
    """
    try:
        read = inventory_file.read(file)
    except inventory_file.NotAnInventory as reason:
        raise click.ClickException(f"{_name(file)}: {reason}. Nothing was written.") from None
    click.echo(f"{read.read} rows read, {len(read.rows)} with a new count")

    def progress(done: int) -> None:
        if done % EVERY == 0:
            click.echo(f"{done} of {len(read.rows)} rows")

    # The first look names all wrong rows at once, also where some cannot even be read.
    changes: list[inventory.Change] = []
    wrong = list(read.wrong)
    for really in (False, True) if apply else (False,):
        try:
            changes = inventory.take(
                read.rows,
                file=_name(file),
                now=utcnow(),
                apply=really,
                progress=progress if really else lambda done: None,
            )
        except inventory.WrongRows as refused:
            wrong += refused.rows
        if wrong:
            _refuse(wrong)
    for change in changes:
        click.echo(f"{change.sku}: {count_words(change.old)} → {count_words(change.new)}")
    if changes and not apply:
        click.echo("Dry run: nothing was written. Give --apply to write.")
    click.echo("1 change" if len(changes) == 1 else f"{len(changes)} changes")


@group.command("recount")
@click.pass_context
def recount(context: click.Context) -> None:
    """List every count and hold that is not the sum of its rows; change nothing.

    Ends with 1 where there are any, so that a schedule can tell.
    """
    found = ledger.differences()
    for sku, said in found:
        click.echo(f"{sku}: {said}")
    click.echo("1 difference" if len(found) == 1 else f"{len(found)} differences")
    if found:
        context.exit(1)


def _refuse(wrong: list[inventory_file.Wrong]) -> None:
    for bad in sorted(wrong, key=lambda bad: bad.row):
        click.echo(f"Wrong, row {bad.row}, {bad.column}: {bad.reason}", err=True)
    rows = "1 wrong row" if len(wrong) == 1 else f"{len(wrong)} wrong rows"
    raise click.ClickException(f"{rows}. Nothing was written.")


def _name(file: Path) -> str:
    return click.format_filename(file.name)
