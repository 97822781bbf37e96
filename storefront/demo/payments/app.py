"""Puts a company together: its state, its interface, its pages, its controls, its courier."""

from collections.abc import Sequence
from pathlib import Path

from flask import Flask

from .api import api
from .clock import Clock
from .company import Company
from .control import control
from .events import Events
from .faults import Faults, faulty
from .pages import pages
from .state import State
from .webhooks import PAUSES, Courier

LARGEST_REQUEST = 4 * 1024 * 1024


def create_company(
    state_path: str | Path,
    key: str,
    webhook_url: str | None,
    webhook_secret: str,
    public_url: str,
    *,
    pauses: Sequence[float] = PAUSES,
) -> Flask:
    """Return the company as an application, its courier at work.

    It answers to the key, keeps everything in the file at state_path, and sends events to
    webhook_url, or nowhere. Its payment pages are under public_url. Pauses are the seconds to wait
    after each failed try to deliver. `app.extensions["company"].close()` ends it.
    """
    state = State(state_path)
    clock, faults = Clock(), Faults()
    events = Events(state, delivered=webhook_url is not None)
    courier = Courier(state, clock, events, url=webhook_url, secret=webhook_secret, pauses=pauses)
    company = Company(state, clock, events, faults, courier, key, public_url.rstrip("/"))
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = LARGEST_REQUEST
    app.extensions["company"] = company
    app.register_blueprint(api(company))
    app.register_blueprint(pages(company))
    app.register_blueprint(control(company))
    app.wsgi_app = faulty(app.wsgi_app, faults)  # type: ignore[method-assign, assignment]
    courier.start()
    return app
