"""`flask mail`: send what is due now."""

import click
from flask.cli import AppGroup

from storefront.mail.jobs import send_due

group = AppGroup("mail", help="Letters to shoppers and staff.")


@group.command("send")
def send() -> None:
    """Send every letter that is due."""
    click.echo(f"{send_due()} sent")
