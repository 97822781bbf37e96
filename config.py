"""Settings: read once from the environment, checked, and handed to the application."""

import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from click import ClickException
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

INSTANCE = Path(__file__).parent / "instance"

DEFAULTS = {
    "SHOP_URL": "http://localhost:8000",
    "DATABASE_URL": "sqlite:///shop.sqlite3",
    "REDIS_URL": "",
    "STRIPE_SECRET_KEY": "",
    "STRIPE_WEBHOOK_SECRET": "",
    "STRIPE_API_BASE": "",
    "STRIPE_LIVE": "",
    "SHOP_NAME": "Steady Step",
    "SHOP_EMAIL": "shop@example.com",
    "SHOP_PHONE": "",
    "SHOP_HOURS": "",
    "SHOP_ADDRESS": "",
    "SHOP_TIMEZONE": "America/New_York",
    "CURRENCY": "USD",
    "HOLD_MINUTES": "60",
    "LOW_STOCK": "3",
    "NOTICE_HOURS": "24",
    "ORDER_YEARS": "10",
    "SMTP_URL": "",
    "TRUSTED_PROXIES": "0",
    "DEMO": "",
    "PRODUCTION": "",
}
MAKE_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class SettingError(ClickException):
    """A setting has a value that the shop cannot work with; the message names it.

    A command of `flask` ends with the message alone.
    """


def load(environ: Mapping[str, str]) -> dict[str, Any]:
    """Turn environment variables into the application's configuration.

    Raises SettingError with one line that names the setting.
    """
    given = {name: environ.get(name, "").strip() or value for name, value in DEFAULTS.items()}
    production = _flag(given, "PRODUCTION")
    shop_url = _web_address(given, "SHOP_URL").rstrip("/")
    secure = shop_url.startswith("https:")
    if production and not secure and urlsplit(shop_url).hostname not in LOOPBACK:
        raise SettingError("SHOP_URL must start with https:// on a public server.")
    payment_key = given["STRIPE_SECRET_KEY"]
    if payment_key.startswith(("sk_live_", "rk_live_")) and not _flag(given, "STRIPE_LIVE"):
        raise SettingError("STRIPE_SECRET_KEY is a live key: set STRIPE_LIVE=1 to take real money.")
    if payment_key and not re.fullmatch(r"[sr]k_(test|live)_\w+", payment_key):
        raise SettingError("STRIPE_SECRET_KEY must look like sk_test_… or sk_live_….")
    return {
        **given,
        "SECRET_KEY": _secret_key(environ.get("SECRET_KEY", ""), production=production),
        "SHOP_URL": shop_url,
        "SECURE": secure,
        "PRODUCTION": production,
        "DEMO": _flag(given, "DEMO"),
        "STRIPE_LIVE": _flag(given, "STRIPE_LIVE"),
        "STRIPE_API_BASE": given["STRIPE_API_BASE"] and _web_address(given, "STRIPE_API_BASE"),
        "DATABASE_URL": _database_url(given["DATABASE_URL"]),
        "SHOP_TIMEZONE": str(_time_zone(given["SHOP_TIMEZONE"])),
        "GIVEN": frozenset(name for name in DEFAULTS if environ.get(name, "").strip()),
        "SMTP_URL": given["SMTP_URL"] and _mail_server(given["SMTP_URL"]),
        "CURRENCY": _currency(given["CURRENCY"]),
        "HOLD_MINUTES": _whole(given, "HOLD_MINUTES", 35, 1440),
        "LOW_STOCK": _whole(given, "LOW_STOCK", 0, 1000),
        "NOTICE_HOURS": _whole(given, "NOTICE_HOURS", 1, 720),
        "ORDER_YEARS": _whole(given, "ORDER_YEARS", 1, 100),
        "TRUSTED_PROXIES": _whole(given, "TRUSTED_PROXIES", 0, 10),
    }


def _flag(given: Mapping[str, str], name: str) -> bool:
    value = given[name].lower()
    if value in {"", "0", "no", "false"}:
        return False
    if value in {"1", "yes", "true"}:
        return True
    raise SettingError(f"{name} must be 1 or 0, not {given[name]!r}.")


def _whole(given: Mapping[str, str], name: str, low: int, high: int) -> int:
    text = given[name]
    if not re.fullmatch(r"\d{1,6}", text) or not low <= int(text) <= high:
        raise SettingError(f"{name} must be a whole number from {low} to {high}, not {text!r}.")
    return int(text)


def _web_address(given: Mapping[str, str], name: str) -> str:
    parts = urlsplit(given[name])
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingError(f"{name} must be an address that starts with https:// or http://.")
    return given[name]


def _mail_server(url: str) -> str:
    try:
        parts = urlsplit(url)
        well = parts.scheme in {"smtp", "smtps"} and parts.hostname and parts.port != 0
    except ValueError:  # the port is no number: most often a / or # in the password
        well = False
    if not well:
        raise SettingError(
            "SMTP_URL must look like smtp://user:password@host:587, with %40 for an @ in the"
            " password, %2F for a / and %23 for a #."
        )
    return url


def _database_url(url: str) -> str:
    if url.startswith(("postgres://", "postgresql://")):
        url = "postgresql+psycopg://" + url.partition("://")[2]
    if url.startswith(("postgresql+psycopg://", "sqlite:///")):
        try:
            make_url(url)
        except (ArgumentError, ValueError):
            raise SettingError(
                "DATABASE_URL must look like postgresql://user:password@host/name, with %40 for an"
                " @ in the password and the like."
            ) from None
        return url
    raise SettingError("DATABASE_URL must start with sqlite:/// or postgresql://.")


def _time_zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise SettingError(
            f"SHOP_TIMEZONE must be a zone such as America/New_York, not {name!r}."
        ) from None


def _currency(code: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{3}", code):
        raise SettingError(f"CURRENCY must be three letters such as USD, not {code!r}.")
    return code.upper()


def _secret_key(given: str, *, production: bool) -> str:
    """Return the given key; outside production one is made once and kept under instance/."""
    if given:
        if production and len(given) < 32:
            raise SettingError("SECRET_KEY must have at least 32 characters.")
        return given
    if production:
        raise SettingError(f"SECRET_KEY must be set on a public server. This makes one: {MAKE_KEY}")
    kept = INSTANCE / "secret_key"
    if not kept.exists():
        INSTANCE.mkdir(mode=0o700, exist_ok=True)
        fresh = kept.with_name(f"secret_key.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # two processes may start at once: the first one's stays
            kept.hardlink_to(fresh)
        fresh.unlink()
    return kept.read_text()
