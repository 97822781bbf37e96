"""Signing in: Flask-Security with our pages, our words, our limits and our outbox."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from flask import Flask, Response, current_app, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from flask_login.utils import _user_context_processor
from flask_security import (
    ForgotPasswordForm,
    LoginForm,
    MailUtil,
    PasswordUtil,
    Security,
    SQLAlchemyUserDatastore,
    hash_password,
)
from flask_security import views as library
from flask_wtf.csrf import CSRFError
from sqlalchemy import inspect
from werkzeug.exceptions import BadRequest

from storefront import errors
from storefront.clock import utcnow
from storefront.db import db
from storefront.limits import address_and_email, limiter
from storefront.mail import outbox
from storefront.staff.desk import csrf
from storefront.staff.models import Member, Role

LONGEST_PASSWORD = 200
TOO_OFTEN = "That was tried too often. Please wait a few minutes, then try again."
STALE = "This page was open for a long time. Please go back, load it again, and try once more."
SETTINGS = {
    "URL_PREFIX": "/staff",
    "LOGIN_URL": "/sign-in",
    "LOGOUT_URL": "/sign-out",
    "LOGOUT_CSRF": True,
    "RESET_URL": "/password",
    "POST_LOGIN_VIEW": "/staff",
    "POST_LOGOUT_VIEW": "/staff/sign-in",
    "POST_RESET_VIEW": "/staff/sign-in",
    "LOGIN_USER_TEMPLATE": "storefront/staff/sign_in.html",
    "LOGOUT_USER_TEMPLATE": "storefront/staff/sign_out.html",
    "FORGOT_PASSWORD_TEMPLATE": "storefront/staff/forgotten.html",
    "RESET_PASSWORD_TEMPLATE": "storefront/staff/password.html",
    "STATIC_FOLDER": None,
    "CLI_USERS_NAME": None,
    "CLI_ROLES_NAME": None,
    "RECOVERABLE": True,
    "RESET_PASSWORD_WITHIN": timedelta(days=1),
    "RETURN_GENERIC_RESPONSES": True,
    # What is hashed for a link is a hash already, so it is done at once: a slow one would tell
    # by its time which addresses are known. Links made with the slow one stay good.
    "HASHING_SCHEMES": ["hex_sha512", "sha256_crypt"],
    "FRESHNESS": timedelta(minutes=-1),  # no page that asks for the password again
    "API_ENABLED_METHODS": ["session"],
    "EMAIL_HTML": False,
    "EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},  # it would ask the network
    "PASSWORD_HASH": "argon2",
    "PASSWORD_SCHEMES": ["argon2"],
    "PASSWORD_SINGLE_HASH": {"argon2"},  # else a new SECRET_KEY would end every password
    "PASSWORD_LENGTH_MIN": 12,
    "MSG_GENERIC_AUTHN_FAILED": (
        "This email address and this password do not belong together.",
        "error",
    ),
    "MSG_EMAIL_NOT_PROVIDED": ("Please write your email address.", "error"),
    "MSG_INVALID_EMAIL_ADDRESS": ("That does not look like an email address.", "error"),
    "MSG_PASSWORD_NOT_PROVIDED": ("Please write the password.", "error"),
    "MSG_PASSWORD_INVALID_LENGTH": ("Please use at least %(length)s characters.", "error"),
    "MSG_RETYPE_PASSWORD_MISMATCH": ("The two passwords are not the same.", "error"),
    "MSG_PASSWORD_RESET_REQUEST": (
        "If that address belongs to a member of staff, a link is on its way to it.",
        "info",
    ),
    "MSG_PASSWORD_RESET_EXPIRED": (
        "This link was made more than %(within)s ago. Please ask for a new one.",
        "error",
    ),
    "MSG_INVALID_RESET_PASSWORD_TOKEN": (
        "This link has been used, or is not whole. Please ask for a new one.",
        "error",
    ),
    "MSG_PASSWORD_RESET_NO_LOGIN": ("Your password is set. Please sign in with it.", "info"),
}

sign_in = limiter.limit("60 per hour", methods=["POST"], error_message=TOO_OFTEN)(
    limiter.limit(
        "5 per minute; 30 per hour",
        key_func=address_and_email,
        methods=["POST"],
        error_message=TOO_OFTEN,
    )(library.login)
)
forgotten = limiter.limit("10 per hour", methods=["POST"], error_message=TOO_OFTEN)(
    library.forgot_password
)


class SignInForm(LoginForm):
    """Email and password; a session ends, so there is nothing to be remembered."""

    remember = None


class ForgottenForm(ForgotPasswordForm):
    """An email address; a known one takes as long to answer as an unknown one."""

    def validate(self, **more: Any) -> bool:
        known: bool = super().validate(**more)
        if known:
            hash_password("not-a-password")  # as the library does for an unknown one
        return known


class Members(SQLAlchemyUserDatastore):
    """The library's way to our tables: what it changes is written in a transaction of its own."""

    def put(self, model: Any) -> Any:
        changed = {a.key: a.value for a in inspect(model).attrs if a.history.has_changes()}
        with db.writing():
            for name, value in changed.items():
                setattr(model, name, value)
        return model


class Passwords(PasswordUtil):
    """Passwords of a length that argon2 can take without much work."""

    def normalize(self, password: str) -> str:
        return super().normalize(password[: LONGEST_PASSWORD + 1])  # a longer one fits nobody

    def validate(
        self, password: str, is_register: bool, **context: Any
    ) -> tuple[list[str] | None, str]:
        if len(password) > LONGEST_PASSWORD:
            return [f"Please use at most {LONGEST_PASSWORD} characters."], password
        return super().validate(password, is_register, **context)


class Letters(MailUtil):
    """Puts the library's mails into our outbox, in our words."""

    def send_mail(
        self,
        template: str,
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],
        body: str | None,
        html: str | None,
        **context: Any,
    ) -> None:
        token = context.get("reset_token", "")
        once = hashlib.sha256((token or context["user"].fs_uniquifier).encode()).hexdigest()
        with db.writing():
            outbox.queue(
                cause=f"staff-password:{once}",
                recipient=str(recipient),
                template="staff_password_link" if token else "staff_password_set",
                facts={"link": f"{current_app.config['SHOP_URL']}/staff/password/{token}"},
                now=utcnow(),
            )


def init_app(app: Flask) -> None:
    """Set up signing in, and Flask-WTF's token for staff forms alone."""
    app.config.update({f"SECURITY_{name}": value for name, value in SETTINGS.items()})
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # desk_blueprint() asks for it
    csrf.init_app(app)
    security = Security(
        app,
        Members(db, Member, Role),
        login_form=SignInForm,
        forgot_password_form=ForgottenForm,
        mail_util_cls=Letters,
        password_util_cls=Passwords,
    )
    security.want_json(lambda request: False)
    # Who is signed in stands in the session alone: no page looks for a token in the request, and
    # only a page that names its reader looks at all.
    security.login_manager.request_loader(lambda request: None)
    app.template_context_processors[None].remove(_user_context_processor)
    app.jinja_env.globals["current_user"] = current_user
    principal = security.principal
    principal.identity_loaders = [_only_for_staff(load) for load in principal.identity_loaders]
    app.view_functions["security.login"] = sign_in
    app.view_functions["security.forgot_password"] = forgotten
    app.register_error_handler(CSRFError, lambda error: errors.show(BadRequest(STALE)))
    app.after_request(_answer)


def _only_for_staff(load: Callable[[], Any]) -> Callable[[], Any]:
    """Ask who is signed in under /staff alone: nobody else's page needs to wait for that."""
    return lambda: load() if request.path.startswith("/staff") else None


def _answer(response: Response) -> ResponseReturnValue:
    """Answer the library's forms as all ours: 303 after a good POST, 422 after a bad one."""
    if request.blueprint != "security" or request.method != "POST":
        return response
    if request.endpoint == "security.forgot_password" and response.status_code == 200:
        return redirect(url_for("security.login"), 303)
    response.status_code = {302: 303, 200: 422}.get(response.status_code, response.status_code)
    return response
