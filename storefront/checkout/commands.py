"""`flask checkout`: settle what is overdue. `flask payments`: the payment company tried, joined."""

import click
from flask import current_app
from flask.cli import AppGroup

from storefront.checkout import connection, jobs, rehearsal
from storefront.checkout.payments import Refused, Unclear
from storefront.checkout.setting import payments, terms
from storefront.clock import utcnow
from storefront.settings.shop import shop

CHARGES_NOTHING = (
    "Nothing is charged and nothing is kept: two payment pages are opened, looked at and closed."
)

group = AppGroup("checkout", help="Payments and what became of them.")
company = AppGroup("payments", help="The payment company: rehearse with it, be told of payments.")


@group.command("sweep")
def sweep() -> None:
    """Settle every overdue payment page and refund now."""
    click.echo(f"{jobs.sweep()} payment pages and refunds settled")


@company.command("rehearse")
@click.pass_context
def rehearse(context: click.Context) -> None:
    """Do all that a purchase asks of the payment company, unpaid; ends with 1 if a step failed."""
    _need_key()
    config = current_app.config
    where = config["STRIPE_API_BASE"] or "Stripe"
    click.echo(f"With {where}, by a {payments().mode} key. {CHARGES_NOTHING}")
    failed = rehearsal.rehearse(
        payments=payments(), terms=terms(), email=shop().email, now=utcnow(), tell=_tell
    )
    if failed:
        click.echo("1 step failed" if failed == 1 else f"{failed} steps failed")
        context.exit(1)
    try:
        _note(connection.problem(payments(), config["SHOP_URL"]))
    except (Refused, Unclear) as error:  # a key may be forbidden to read this, and still sell
        _note(f"Where events are sent could not be read: {error}")
    if not payments().hears_events:
        _note("STRIPE_WEBHOOK_SECRET is empty, so payments are looked up each minute instead.")
    click.echo("Every step passed")


@company.command("connect")
@click.option("--replace", is_flag=True, help="Take the place of the endpoint that is there.")
def connect(replace: bool) -> None:
    """Have the company tell this shop of payments; prints the secret that it signs them with."""
    _need_key()
    config = current_app.config
    shop_url = config["SHOP_URL"]
    try:
        secret, old = connection.connect(
            payments(), shop_url, replace=replace, anywhere=bool(config["STRIPE_API_BASE"])
        )
    except connection.CannotReach as error:
        raise click.ClickException(f"{error} Nothing was made.") from None
    except connection.IsThere:
        raise click.ClickException(
            f"Events are sent to {shop_url}{connection.PATH} already. Their secret was told once"
            " and cannot be read again; with --replace a new endpoint, with a new secret, takes"
            " its place."
        ) from None
    except Refused as error:
        raise click.ClickException(f"Refused: {error} Nothing was made.") from None
    except Unclear as error:
        raise click.ClickException(
            f"No clear answer came ({error}). Run this again: it says if an endpoint was made."
        ) from None
    click.echo(f"Events are sent to {shop_url}{connection.PATH}. Put this line into the settings")
    click.echo("now, since it cannot be read again, and start the shop anew:")
    click.echo(f"STRIPE_WEBHOOK_SECRET={secret}")
    for endpoint in old:
        try:
            payments().disconnect(endpoint.endpoint_id)
        except (Refused, Unclear) as error:
            _note(f"The old endpoint {endpoint.endpoint_id} is still there ({error}): remove it.")


def _need_key() -> None:
    if not current_app.config["STRIPE_SECRET_KEY"]:
        raise click.ClickException(
            "STRIPE_SECRET_KEY is empty: put in the secret key of your Stripe account, sk_test_…"
            " to begin with."
        )


def _tell(words: str, wrong: str) -> None:
    click.echo(f"  failed  {words}: {wrong}" if wrong else f"  passed  {words}")


def _note(sentence: str) -> None:
    if sentence:
        click.echo(f"  note    {sentence}")
