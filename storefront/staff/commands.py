"""`flask staff`: let somebody in, or give them a new password."""

from uuid import uuid4

import click
from email_validator import EmailNotValidError, validate_email
from flask import current_app
from flask.cli import AppGroup
from flask_security.recoverable import generate_reset_password_token
from sqlalchemy import select

from storefront.clock import utcnow
from storefront.db import db
from storefront.staff.models import ROLES, Member, Role

group = AppGroup("staff", help="People who work here.")


@group.command("add")
@click.argument("email")
@click.option("--role", type=click.Choice(ROLES), required=True, help="What they may do.")
def add(email: str, role: str) -> None:
    """Add a member of staff and print the link to set their password."""
    address = _address(email)
    with db.writing():
        if _member(address):
            raise click.ClickException(
                f"{address} is a member of staff already. For a new link: flask staff reset {email}"
            )
        member = Member(
            email=address,
            fs_uniquifier=uuid4().hex,
            created_at=utcnow(),
            roles=[_role(role)],
        )
        db.session.add(member)
    click.echo(_link(member))


@group.command("reset")
@click.argument("email")
def reset(email: str) -> None:
    """Print a link to set a new password; the old one works until then."""
    member = _member(_address(email))
    if member is None:
        raise click.ClickException(f"There is no member of staff with the address {email}.")
    click.echo(_link(member))


def _address(email: str) -> str:
    try:
        return validate_email(email, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        raise click.ClickException(
            f"{email!r} is not an email address such as name@example.com."
        ) from None


def _member(address: str) -> Member | None:
    return db.session.scalar(select(Member).where(Member.email == address))


def _role(name: str) -> Role:
    return db.session.scalar(select(Role).where(Role.name == name)) or Role(name=name)


def _link(member: Member) -> str:
    token = generate_reset_password_token(member)  # type: ignore[no-untyped-call]
    return (
        "This link sets the password, works once, and ends in 24 hours:\n"
        f"{current_app.config['SHOP_URL']}/staff/password/{token}"
    )
