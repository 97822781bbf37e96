"""Limits: how often something may be tried from one network address."""

import logging
from collections.abc import Iterator

from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from limits.storage import RedisStorage

from storefront.person import Term

log = logging.getLogger(__name__)

limiter = Limiter(get_remote_address, in_memory_fallback_enabled=True)


def init_app(app: Flask) -> None:
    """Count tries in Redis where REDIS_URL names one, else in each process for itself."""
    app.config.setdefault("RATELIMIT_ENABLED", True)
    app.config["RATELIMIT_STORAGE_URI"] = app.config["REDIS_URL"] or "memory://"
    limiter.init_app(app)
    if app.config["REDIS_URL"]:
        log.info("rate limits are shared through Redis")
    else:
        level = logging.WARNING if app.config["PRODUCTION"] else logging.INFO
        log.log(level, "rate limits are kept in each process; REDIS_URL would share them")


def where() -> str:
    """Return where tries are counted, for /readyz."""
    return "shared through Redis" if is_shared() else "each process for itself"


def is_shared() -> bool:
    """Return whether tries are counted in Redis, and it answers."""
    return isinstance(limiter.storage, RedisStorage) and limiter.storage.check()


def address_and_email() -> str:
    """Return who tries to sign in as whom: a stranger elsewhere cannot lock anyone out."""
    return f"{get_remote_address()} {email()}"


def email() -> str:
    """Return the mail address that a form names: no stranger may have it written to often.

    Where it names none, '', by which nothing is counted.
    """
    return request.form.get("email", "").strip().lower()[:254]


def terms() -> Iterator[Term]:
    """Say how long tries are remembered: no limit here counts over more than an hour."""
    yield Term(
        "How often a network address, or an email address, has tried a form, against misuse",
        "an hour at most",
    )
