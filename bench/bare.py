"""The yardstick: Flask that returns a constant page."""

import os

from flask import Flask


def create_app() -> Flask:
    """Return an application that answers every request with so many bytes."""
    app = Flask(__name__, static_folder=None)
    page = "x" * int(os.environ.get("BARE_BYTES", "20000"))

    @app.get("/")
    def constant() -> str:
        return page

    return app
