"""Typed readers of the environment. Every secret NAME may be given as NAME_FILE, the path of a file that holds it.

What is wrong is raised at once, or, after `collect_problems`, kept for a list of all that is wrong.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

_env = environ.FileAwareEnv()
_problems: list[str] | None = None

T = TypeVar("T")


class Origin(StrEnum):
    """Whence a setting comes."""

    ENVIRONMENT = "environment"
    FILE = "file"
    DEFAULT = "default"
    UNREAD = "unread"  # this process had no use for it


@dataclass(frozen=True)
class Found:
    """What a name stood for when it was read."""

    value: str
    origin: Origin


READ: dict[str, Found] = {}


def collect_problems() -> list[str]:
    """From now on keep what is wrong in the list that is returned, and go on with something harmless in its place."""
    global _problems  # noqa: PLW0603  settings are read once, by one thread, before anything else runs
    _problems = []
    return _problems


def _wrong(sentence: str, instead: T) -> T:
    if _problems is None:
        raise ImproperlyConfigured(sentence)
    if sentence not in _problems:
        _problems.append(sentence)
    return instead


def text(name: str, default: str | None = None) -> str:
    """The value of `name`; without a default a missing or empty one is an error."""
    try:
        value: str = _env.str(name, default="").rstrip("\r\n") or (default or "")
    except OSError:
        return _wrong(f"{name}_FILE names a file that cannot be read.", "")
    READ[name] = Found(value, _origin(name))
    if not value and default is None:
        return _wrong(f"{name} is not set. Set {name}, or {name}_FILE to a file that holds it.", "")
    return value


def _origin(name: str) -> Origin:
    if os.environ.get(f"{name}_FILE"):
        return Origin.FILE
    return Origin.ENVIRONMENT if os.environ.get(name) else Origin.DEFAULT


def integer(name: str, default: int) -> int:
    """The value of `name` as a whole number."""
    try:
        return int(text(name, str(default)))
    except ValueError:
        return _wrong(f"{name} must be a whole number.", default)


def flag(name: str, *, default: bool) -> bool:
    """The value of `name` as true or false."""
    value = text(name, "true" if default else "false").lower()
    if value not in {"true", "false", "1", "0", "yes", "no"}:
        return _wrong(f"{name} must be true or false.", default)
    return value in {"true", "1", "yes"}


def choice(name: str, allowed: Sequence[str], default: str) -> str:
    """The value of `name`, which is one of those allowed."""
    value = text(name, default)
    if value not in allowed:
        return _wrong(f"{name} must be one of: {', '.join(allowed)}.", default)
    return value


def names(name: str, default: str | None = None) -> list[str]:
    """The comma-separated values of `name`."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def chosen(name: str, default: str, *, among: frozenset[str]) -> frozenset[str]:
    """The comma-separated values of `name`, each of them one that there is; `none` for nothing."""
    values = frozenset(names(name, default)) - {"none"}
    if unknown := values - among:
        return _wrong(f"{name} holds what there is not: {', '.join(sorted(unknown))}.", among)
    return values


def networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """The comma-separated networks of `name`; an address alone is one too."""
    try:
        return [ip_network(one) for one in names(name, default)]
    except ValueError:
        return _wrong(f"{name} must be addresses or networks, such as 10.0.0.5 or 10.0.0.0/24.", [])


def path(name: str, default: Path) -> Path:
    """The value of `name` as an absolute path."""
    return Path(text(name, str(default))).expanduser().resolve()


def database(name: str) -> dict[str, object]:
    """A Django database entry from a `postgres://` address. PostgreSQL is the only database there is."""
    address = text(name)
    if not address:
        return {}
    if urlsplit(address).scheme not in {"postgres", "postgresql"}:
        return _wrong(f"{name} must be a postgres:// address.", {})
    entry: dict[str, object] = dict(environ.Env.db_url_config(address))
    return entry


def given(name: str) -> bool:
    """Whether `name` or `name`_FILE is set at all."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
