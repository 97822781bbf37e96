"""Members of staff for tests, and the browsers they sit at."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from flask import Flask
from flask.testing import FlaskClient
from flask_security import hash_password
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import limiter
from storefront.staff.models import Member, Role
from wsgi import create_app

PASSWORD = "four words stand here"


class Browser(FlaskClient):
    """A browser at the desk. Each request has a context of its own, as when it is served."""

    def __init__(self, app: Flask) -> None:
        super().__init__(app, app.response_class, use_cookies=True)
        self.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
        with self.session_transaction("/staff") as session:
            session["csrf_token"] = "0" * 40
        serializer = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="wtf-csrf-token")
        self.token = serializer.dumps("0" * 40)

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)

    def send(self, address: str, **fields: Any) -> TestResponse:
        """Send a form of our own pages, with its token."""
        return self.post(address, data={"csrf_token": self.token, **fields})


def member(*roles: str, email: str = "ann@example.com", password: str = "") -> Member:
    """Add a member of staff with these roles."""
    with db.writing():
        person = Member(
            email=email,
            name="Ann",
            password=hash_password(password) if password else None,
            fs_uniquifier=uuid4().hex,
            created_at=utcnow(),
            roles=[_role(name) for name in roles],
        )
        db.session.add(person)
    return person


def signed_in(app: Flask, *roles: str, since: float | None = None) -> Browser:
    """Return the browser of a member with these roles, who is signed in."""
    person = member(*roles, email=f"{uuid4().hex}@example.com")
    browser = Browser(app)
    with browser.session_transaction("/staff") as session:
        session["_user_id"] = person.fs_uniquifier
        session["_fresh"] = True
        session["fs_paa"] = time.time() if since is None else since
    return browser


def fresh() -> None:
    """Forget what was read, so that the next look is at the database."""
    db.session.expire_all()
    db.session.rollback()


@contextmanager
def with_limits(app: Flask) -> Iterator[Flask]:
    """Give the same shop with its limits switched on."""
    same = ("TESTING", "SECRET_KEY", "DATABASE_URL", "SHOP_URL", "MEDIA_FOLDER", "MAIL_FOLDER")
    shop = create_app({**{name: app.config[name] for name in same}, "RATELIMIT_ENABLED": True})
    try:
        yield shop
    finally:
        limiter.enabled = False
        with shop.app_context():
            db.engine.dispose()


def _role(name: str) -> Role:
    return db.session.scalar(select(Role).where(Role.name == name)) or Role(name=name)
