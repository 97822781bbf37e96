"""Sessions: opened only where a page is somebody's own; everywhere else there is none."""

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

PERSONAL = ("/staff", "/cart", "/checkout", "/orders", "/p")


class NoSession(SecureCookieSession):
    """The session of a public page: empty, and what libraries put into it is not kept."""


class ShopSessions(SecureCookieSessionInterface):
    """Opens the real session under the personal addresses alone.

    Extensions read the session on every request; without this each public page would carry
    `Vary: Cookie` and could not be cached for everyone.
    """

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        if is_personal(request.path):
            return super().open_session(app, request)
        return NoSession()

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, NoSession):
            super().save_session(app, session, response)


def is_personal(path: str) -> bool:
    """Return whether this address shows something that belongs to one person."""
    return path.startswith(tuple(f"{place}/" for place in PERSONAL)) or path in PERSONAL


def cookie_name(name: str, *, secure: bool) -> str:
    """Return a cookie's name, bound to host and https where the shop is served by https."""
    return f"__Host-{name}" if secure else name


def init_app(app: Flask) -> None:
    """Use these sessions, in cookies that only this site's own requests carry."""
    secure = bool(app.config["SECURE"])
    app.session_interface = ShopSessions()
    app.config.update(
        SESSION_COOKIE_NAME=cookie_name("session", secure=secure),
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
    )

    @app.after_request
    def keep_private(response: Response) -> Response:
        if is_personal(request.path):
            response.headers["Cache-Control"] = "no-store"
        return response
