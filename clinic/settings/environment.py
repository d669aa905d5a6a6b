"""Typed readers of the environment. Every secret NAME may be given as NAME_FILE, the path of a file that holds it."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.FileAwareEnv()


def text(name: str, default: str | None = None) -> str:
    """The value of `name`; without a default a missing or empty one is an error."""
    value: str = _env.str(name, default="") or (default or "")
    if not value and default is None:
        raise ImproperlyConfigured(f"{name} is not set. Set {name}, or {name}_FILE to a file that holds it.")
    return value


def integer(name: str, default: int) -> int:
    """The value of `name` as a whole number."""
    try:
        return int(text(name, str(default)))
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number.") from None


def flag(name: str, *, default: bool) -> bool:
    """The value of `name` as true or false."""
    value = text(name, "true" if default else "false").lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        raise ImproperlyConfigured(f"{name} must be true or false.")
    return value in {"true", "1", "yes"}


def choice(name: str, allowed: Sequence[str], default: str) -> str:
    """The value of `name`, which is one of those allowed."""
    value = text(name, default)
    if value not in allowed:
        raise ImproperlyConfigured(f"{name} must be one of: {', '.join(allowed)}.")
    return value


def names(name: str, default: str | None = None) -> list[str]:
    """The comma-separated values of `name`."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def path(name: str, default: Path) -> Path:
    """The value of `name` as an absolute path."""
    return Path(text(name, str(default))).expanduser().resolve()


def database(name: str) -> dict[str, object]:
    """A Django database entry from a `postgres://` address. PostgreSQL is the only database there is."""
    address = text(name)
    if urlsplit(address).scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{name} must be a postgres:// address.")
    entry: dict[str, object] = dict(environ.Env.db_url_config(address))
    return entry


def given(name: str) -> bool:
    """Whether `name` or `name`_FILE is set at all."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
