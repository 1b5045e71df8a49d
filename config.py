"""Every setting of Ripple: its meaning, its unit, its default; read from the environment once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit


class SettingError(ValueError):
    """A setting is missing or cannot be used; the text says what to do."""


@dataclass(frozen=True)
class Setting:
    """One line of the operating guide: what a setting means and what it is when nobody sets it."""

    name: str
    meaning: str
    default: str | None = None


SETTINGS = (
    Setting("DATABASE_URL", "SQLAlchemy address: sqlite:///… or postgresql+psycopg://…"),
    Setting("SECRET_KEY", "Signs cookies and derives link tokens; 32 characters or more"),
    Setting("BASE_URL", "Public address without a slash at the end; https unless on loopback"),
    Setting("MAIL_URL", "file:FOLDER, or smtp://user:pass@host:587, or smtps://host:465"),
    Setting("PROXY_HOPS", "Number of trusted proxies in front of the service", "0"),
    Setting("MAIL_PER_MINUTE", "Most messages for the mail server in one minute; 0: any", "120"),
    Setting("MAIL_LEASE_SECONDS", "Seconds until a message a dead worker left is sent", "180"),
    Setting("WORKER_LEASE_SECONDS", "Seconds until a stand-by takes a dead worker's place", "60"),
    Setting("STAFF_IDLE_MINUTES", "Minutes after which an idle staff sign-in ends", "60"),
    Setting("SESSION_HOURS", "Hours after which any sign-in ends", "12"),
)

LOOPBACK_NAMES = ("127.0.0.1", "localhost", "[::1]")
MINIMUM_SECRET_LENGTH = 32


def load(environ: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Flask configuration from the environment; SettingError names the setting that is wrong."""
    values = _read(os.environ if environ is None else environ)
    base_url = values["BASE_URL"].rstrip("/")
    address = urlsplit(base_url)
    if address.scheme not in {"http", "https"} or not address.hostname:
        raise SettingError("BASE_URL must be an address such as https://learning.example.org")
    loopback = is_loopback(base_url)
    if address.scheme != "https" and not loopback:
        raise SettingError("BASE_URL must begin with https:// unless it is on this machine")
    if len(values["SECRET_KEY"]) < MINIMUM_SECRET_LENGTH:
        raise SettingError(f"SECRET_KEY must have {MINIMUM_SECRET_LENGTH} characters or more")
    return {
        "SQLALCHEMY_DATABASE_URI": normalised_database_url(values["DATABASE_URL"]),
        "SECRET_KEY": values["SECRET_KEY"],
        "BASE_URL": base_url,
        "MAIL_URL": values["MAIL_URL"],
        "PROXY_HOPS": _whole_number(values, "PROXY_HOPS"),
        "MAIL_PER_MINUTE": _whole_number(values, "MAIL_PER_MINUTE"),
        "MAIL_LEASE_SECONDS": _whole_number(values, "MAIL_LEASE_SECONDS"),
        "WORKER_LEASE_SECONDS": _whole_number(values, "WORKER_LEASE_SECONDS"),
        "STAFF_IDLE_MINUTES": _whole_number(values, "STAFF_IDLE_MINUTES"),
        "SESSION_HOURS": _whole_number(values, "SESSION_HOURS"),
        "TRUSTED_HOSTS": list(LOOPBACK_NAMES) if loopback else [address.hostname],
        "SESSION_COOKIE_SECURE": not loopback,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_NAME": "ripple" if loopback else "__Host-ripple",
        "MAX_CONTENT_LENGTH": 10 * 1024 * 1024,
        # Survey pages send no referrer; the token, tied to a __Host- cookie, says what it would.
        "WTF_CSRF_SSL_STRICT": False,
        "WTF_CSRF_TIME_LIMIT": None,  # a long form must not fail; the token ends with the sign-in
    }


def is_loopback(base_url: str) -> bool:
    """Whether the address can only be reached from this machine."""
    host = urlsplit(base_url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def normalised_database_url(url: str) -> str:
    """The address with psycopg 3 named as PostgreSQL's driver."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _read(environ: Mapping[str, str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for setting in SETTINGS:
        value = environ.get(setting.name) or setting.default
        if value is None:
            raise SettingError(f"Set {setting.name}: {setting.meaning}")
        values[setting.name] = value
    return values


def _whole_number(values: Mapping[str, str], name: str) -> int:
    if not values[name].isdecimal():
        raise SettingError(f"{name} must be a whole number, such as 5")
    return int(values[name])
