"""Errors as pages: every refusal in a clear sentence, as JSON where the client asked for it."""

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import InterfaceError, InternalError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

TITLES = {
    400: "That could not be read",
    401: "Please sign in",
    403: "That is not allowed",
    404: "This page is not here",
    405: "That cannot be done here",
    409: "Something changed meanwhile",
    411: "That could not be read",
    413: "That is too much at once",
    415: "That could not be read",
    422: "Please look at this again",
    429: "Too many tries",
    500: "Something went wrong on our side",
    503: "Not just now",
}
BUSY = "The shop is very busy. Nothing was changed by this; please try again in a minute."
SENTENCES = {
    400: "The request was not complete. Please go back and try again.",
    403: "You may not see or do this.",
    404: "The address may be old or mistyped.",
    405: "The address is right, but it does not take that kind of request.",
    413: "What was sent is larger than the shop takes. Nothing was changed.",
    429: "Please wait a few minutes, then try again.",
    500: "Nothing was charged or changed by this. Please try again in a minute.",
}


def init_app(app: Flask) -> None:
    """Show every error as a page of the shop."""
    app.register_error_handler(HTTPException, show)
    for kind in (OperationalError, InterfaceError, InternalError, NoConnection):
        app.register_error_handler(kind, show_busy)


def show_busy(error: SQLAlchemyError) -> ResponseReturnValue:
    """Answer for a database that is locked, full, away or read-only: nothing was written."""
    # The error itself would bring the statement's values with it, which may be about a person.
    reason = getattr(error, "orig", None) or type(error).__name__
    current_app.logger.error("the database does not answer: %s", reason)
    return show(ServiceUnavailable(BUSY))


def show(error: HTTPException) -> ResponseReturnValue:
    """Answer with the error's sentence; our own words where the library's stand."""
    if error.response is not None:
        return error.response
    code = error.code or 500
    if isinstance(error, InternalServerError):
        code = 500
    ours = error.description if error.description != type(error).description else None
    sentence = SENTENCES[500] if code == 500 else ours or SENTENCES.get(code, "")
    headers = {k: v for k, v in error.get_headers() if k.lower() in {"allow", "retry-after"}}
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"], "text/html")
    if wanted == "application/json":
        return jsonify(error=sentence), code, headers
    page = render_template(
        "error.html", code=code, title=TITLES.get(code, "That did not work"), sentence=sentence
    )
    return page, code, headers
