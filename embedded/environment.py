"""What the application is told, in the variables that it reads on any server.

Whatever the person has set already stays as it is: with DATABASE_URL or BROKER_URL in the environment their server is
used, and none of ours is started.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from embedded import leftovers
from embedded.passwords import Passwords
from embedded.place import Place
from embedded.postgres import Postgres
from embedded.server import Server
from embedded.valkey import Valkey


def servers(place: Place, *, durable: bool) -> list[Server]:
    """The servers that are to be started: those that the environment does not name."""
    ours: list[Server] = []
    if not _given("DATABASE_URL"):
        ours.append(Postgres(place, Passwords(place.var / "secrets"), durable=durable))
    if not _given("BROKER_URL"):
        ours.append(Valkey(place))
    return ours


def application(place: Place, ours: Sequence[Server]) -> dict[str, str]:
    """The environment of the application's commands."""
    defaults = {
        "DJANGO_SETTINGS_MODULE": "clinic.settings.embedded",
        "MEDIA_ROOT": str(place.var / "media"),
        "MODEL_CACHE": str(place.var / "model-cache"),
        "STATIC_ROOT": str(place.var / "static"),
        "MAIL_FOLDER": str(place.var / "mail"),
        "AUDIT_HEADS_DIR": str(place.var / "audit-heads"),
        "PORT": "8000",
    }
    environment = {
        **os.environ,
        **{name: os.environ.get(name) or value for name, value in defaults.items()},
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONUNBUFFERED": "1",
    }
    # Without the bytecode of an earlier start, every command of this start would compile Django again.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    passwords = Passwords(place.var / "secrets")
    if not _given("SECRET_KEY"):
        environment["SECRET_KEY"] = passwords.secret_key
    if not _given("AUDIT_SIGNING_KEY"):
        environment["AUDIT_SIGNING_KEY"] = passwords.audit_signing_key
    for server in ours:
        environment |= server.variables
    return environment


def for_processes(variables: Mapping[str, str]) -> dict[str, str]:
    """The environment of what runs on and on: without the address that commands need to change the tables."""
    return {name: value for name, value in variables.items() if not name.startswith("MIGRATION_DATABASE_URL")}


def mark(place: Place) -> dict[str, str]:
    """For processes that must not outlive the run in `place`: what tells them, should a crash leave them behind."""
    return {leftovers.MARK: str(place.var)}


def _given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))
