"""The guard: what a request must be to pass, and the headers every answer carries."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, request
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    LengthRequired,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

View = TypeVar("View", bound=Callable[..., Any])

SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
MAX_FIELDS = 200
FORMS = {"", "application/x-www-form-urlencoded", "multipart/form-data"}
NOT_A_FORM = "The shop takes forms without files only. Nothing was changed."
CROSS_SITE = "This was sent from another site, so nothing was changed."
CUT_SHORT = "The form did not arrive whole. Nothing was changed; please send it again."
NO_LENGTH = "The form came without its length. Please send it again."
TOO_LARGE = "The form and its file are larger than {} MB. Please choose a smaller file."
TOO_MANY = "The form has too many fields. Nothing was changed."
ODD_CHARACTER = "The text holds a character that cannot be kept. Please leave it out."


def init_app(app: Flask) -> None:
    """Put the guard before every view, and its headers on every answer."""
    app.before_request(_check)
    app.after_request(_add_headers)


def exempt(view: View) -> View:
    """Let unsafe requests of other programs reach this view, which must check them itself."""
    view.guard_exempt = True  # type: ignore[attr-defined]
    return view


def takes_files(most_bytes: int) -> Callable[[View], View]:
    """Let a desk's view take files, in a form of so many bytes.

    Its form is read by `open_form`, which the desk's lock calls: no stranger may send so much.
    """

    def mark(view: View) -> View:
        view.most_bytes = most_bytes  # type: ignore[attr-defined]
        return view

    return mark


def open_form() -> None:
    """Check a form that may bring files: called once it is known who sends it."""
    most_bytes = _most_bytes()
    if most_bytes and request.method not in SAFE_METHODS:
        if (request.content_length or 0) > most_bytes:
            raise RequestEntityTooLarge(TOO_LARGE.format(most_bytes // 1024 // 1024))
        request.max_content_length = most_bytes
        _check_form()


def _most_bytes() -> int | None:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "most_bytes", None)


def _check() -> None:
    if "\0" in request.path or any("\0" in value for value in _flat(request.args)):
        raise BadRequest(ODD_CHARACTER)
    if request.method in SAFE_METHODS:
        return
    view = current_app.view_functions.get(request.endpoint or "")
    exempt = getattr(view, "guard_exempt", False)
    if not exempt and not _is_ours():
        raise Forbidden(CROSS_SITE)
    if request.content_length is None and "Transfer-Encoding" in request.headers:
        raise LengthRequired(NO_LENGTH)
    if not exempt and request.mimetype not in FORMS:
        raise UnsupportedMediaType(NOT_A_FORM)
    if not _most_bytes():
        _check_form()


def _check_form() -> None:
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(cache=True, parse_form_data=False)
        if len(body) < (request.content_length or 0):  # some servers hand on what is cut short
            raise BadRequest(CUT_SHORT)
        if body.count(b"&") >= MAX_FIELDS:  # Werkzeug's own limit is for multipart forms only
            raise RequestEntityTooLarge(TOO_MANY)
    if request.files and not _most_bytes():
        raise UnsupportedMediaType(NOT_A_FORM)
    for name, values in request.form.lists():
        # A digit of another script in a row's name would be no number to WTForms.
        if not name.isascii() or any("\0" in text for text in (name, *values)):
            raise BadRequest(ODD_CHARACTER)


def _flat(values: object) -> list[str]:
    return [text for name, text in values.items(multi=True)]  # type: ignore[attr-defined]


def _is_ours() -> bool:
    """Return whether the browser says that one of our own pages sent this.

    Fetch metadata is asked first, then Origin, then Referer; a request with none is refused
    (OWASP Cross-Site Request Forgery Prevention Cheat Sheet).
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    source = request.headers.get("Origin") or request.headers.get("Referer")
    if not source:
        return False
    own = (request.host_url.rstrip("/"), str(current_app.config["SHOP_URL"]))
    return source in own or source.startswith(tuple(f"{place}/" for place in own))


def _add_headers(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", content_security_policy())
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Embedder-Policy"] = "require-corp"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
    if current_app.config["SECURE"]:
        headers["Strict-Transport-Security"] = "max-age=63072000; includeSubDomains; preload"
    return response


def content_security_policy() -> str:
    """Return the policy for our pages: our own files only, forms to us and the payment page.

    Chromium applies form-action to redirects too, so the payment page's origin is listed.
    """
    pay = current_app.config["PAYMENT_PAGE_ORIGIN"]
    return (
        "default-src 'none'; base-uri 'none'; connect-src 'self'; font-src 'self'; "
        f"form-action 'self' {pay}; frame-ancestors 'none'; img-src 'self'; "
        "script-src 'self'; style-src 'self'"
    )
