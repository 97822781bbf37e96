"""Pictures: kept as files under the name of their content, served from our own origin."""

import hashlib
import re
import secrets
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, send_from_directory
from PIL import Image

from storefront.assets import YEAR
from storefront.pictures import Copies, copies_of, srcset

KEY = re.compile(r"[0-9a-f]{32}(-[0-9]{1,4})?\.(svg|webp|jpg|png)")

blueprint = Blueprint("media", __name__)


def put(content: bytes, kind: str) -> str:
    """Keep a picture and return its key. The same content has the same key, so it is kept once.

    `kind` is the file's ending. An SVG must be one of our own drawings, never an upload.
    """
    key = f"{hashlib.sha256(content).hexdigest()[:32]}.{kind}"
    _write(key, content)
    return key


def take_in(content: bytes) -> Copies:
    """Keep the copies of an upload. Raises pictures.NotTaken, having kept nothing."""
    copies = copies_of(content)
    for key, data in copies.files.items():
        _write(key, data)
    return copies


def kept(key: str) -> Copies | None:
    """Return an upload that was taken in before, by its key, or None."""
    file = Path(current_app.config["MEDIA_FOLDER"]) / key
    if not srcset(key, "jpg") or not file.is_file():
        return None
    with Image.open(file) as image:
        return Copies(key, *image.size, {})


def _write(key: str, content: bytes) -> None:
    """Write a file that is there whole or not at all."""
    folder = Path(current_app.config["MEDIA_FOLDER"])
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / f"{key}.{secrets.token_hex(4)}"
    half.write_bytes(content)
    half.replace(folder / key)


@blueprint.get("/media/<key>")
def show(key: str) -> Response:
    if not KEY.fullmatch(key):
        abort(404)
    response = send_from_directory(current_app.config["MEDIA_FOLDER"], key, max_age=YEAR)
    response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
