"""Our own styles and scripts: addresses that change with the content, and integrity digests."""

import base64
import hashlib
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from markupsafe import Markup

YEAR = 31_536_000  # seconds
# In this order, and as one file: a page waits for each, which on a phone takes longest.
FRAME = ("reset", "tokens", "base", "layout", "components")


def init_app(app: Flask) -> None:
    """Offer `stylesheet()` and `script()` to templates; let versioned files be kept for a year."""
    folder = Path(app.static_folder or "")

    @cache
    def digest(name: str) -> bytes:
        return hashlib.sha384((folder / name).read_bytes()).digest()

    @cache
    def address(name: str) -> str:
        return f"{app.static_url_path}/{name}?v={_version(digest(name))}"

    @cache
    def stylesheet(name: str) -> Markup:
        return Markup('<link rel="stylesheet" href="{}">').format(address(name))

    @cache
    def script(name: str) -> Markup:
        integrity = "sha384-" + base64.b64encode(digest(name)).decode()
        return Markup('<script type="module" src="{}" integrity="{}"></script>').format(
            address(name), integrity
        )

    @cache
    def frame_styles() -> bytes:
        return b"".join((folder / f"css/{name}.css").read_bytes() for name in FRAME)

    @cache
    def frame_link() -> Markup:
        version = _version(hashlib.sha384(frame_styles()).digest())
        return Markup('<link rel="stylesheet" href="/frame.css?v={}">').format(version)

    @app.get("/frame.css")
    def frame() -> Response:
        return Response(frame_styles(), mimetype="text/css")

    helpers: dict[str, Any] = {
        "stylesheet": stylesheet,
        "frame_link": frame_link,
        "script": script,
        "asset": address,
    }
    app.jinja_env.globals.update(helpers)

    @app.after_request
    def keep_versioned(response: Response) -> Response:
        if (
            request.endpoint in {"static", "frame"}
            and "v" in request.args
            and response.status_code == 200
        ):
            response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
        return response


def _version(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest[:9]).decode()
