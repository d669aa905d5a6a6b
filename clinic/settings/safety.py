"""What a server with patients' data must not be started with. One sentence for each thing that is wrong."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

EXIT_STATUS = 3  # gunicorn's own for a worker that cannot boot: it gives up instead of starting the next one

KEY_LENGTH = 50  # what Django's own deployment check asks for
KEY_CHARACTERS = 10  # a random key of hexadecimal digits has 16
KEY_SAMPLES = ("django-insecure", "changeme", "change-me", "only-for-tests", "secret-key", "example")
PASSWORD_LENGTH = 12
PASSWORD_SAMPLES = ("password", "postgres", "changeme", "change-me", "example", "second_read", "second-read", "secret")

CHECKED = (
    "ALLOWED_HOSTS",
    "APPLICATION_DATABASE",
    "AUDIT_SIGNING_KEY",
    "CSRF_COOKIE_NAME",
    "CSRF_COOKIE_SECURE",
    "DATABASES",
    "DEBUG",
    "MIGRATION_DATABASE",
    "SECRET_KEY",
    "SECURE_SSL_REDIRECT",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_SECURE",
)


def problems_of(settings: Mapping[str, Any]) -> list[str]:
    """Everything that is weak in `settings`, which hold the names in CHECKED. What is empty was reported as missing."""
    checks = (_of_keys, _of_debugging, _of_hosts, _of_databases, _of_cookies)
    return [sentence for check in checks for sentence in check(settings)]


def refuse(problems: Sequence[str]) -> None:
    """End this process, whichever it is, with a line for each problem; or do nothing when there is none."""
    if problems:
        sys.stderr.write("".join(f"Not started: {sentence}\n" for sentence in problems))
        raise SystemExit(EXIT_STATUS)


def refuse_unsafe(settings: object) -> None:
    """Check the settings as they are in the end: a site's own may build on production's, and are to be no weaker."""
    if getattr(settings, "REFUSE_UNSAFE", False):
        refuse(problems_of({name: getattr(settings, name) for name in CHECKED}))


def _of_keys(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in ("SECRET_KEY", "AUDIT_SIGNING_KEY"):
        if settings[name] and _is_weak(settings[name]):
            yield f"{name} is too weak. Use at least 50 random characters; deploy/make_secrets.py makes such a key."
    if settings["SECRET_KEY"] and settings["SECRET_KEY"] == settings["AUDIT_SIGNING_KEY"]:
        yield "AUDIT_SIGNING_KEY must not be the SECRET_KEY: who has the one could forge what the other signs."


def _is_weak(key: str) -> bool:
    repeated = key in (key + key)[1:-1]
    sample = any(sample in key.lower() for sample in KEY_SAMPLES)
    return len(key) < KEY_LENGTH or len(set(key)) < KEY_CHARACTERS or repeated or sample


def _of_debugging(settings: Mapping[str, Any]) -> Iterator[str]:
    if settings["DEBUG"]:
        yield "DEBUG must not be set in production: it shows patients' data in error pages."


def _of_hosts(settings: Mapping[str, Any]) -> Iterator[str]:
    hosts = settings["ALLOWED_HOSTS"]
    if any("*" in host or host.startswith(".") for host in hosts):
        yield "ALLOWED_HOSTS must name the hosts. A * or a leading dot lets others forge links."


def _of_databases(settings: Mapping[str, Any]) -> Iterator[str]:
    yield from _of_a_database("DATABASE_URL", settings["DATABASES"]["default"])
    if settings["MIGRATION_DATABASE"] != settings["APPLICATION_DATABASE"]:
        yield from _of_a_database("MIGRATION_DATABASE_URL", settings["MIGRATION_DATABASE"])


def _of_a_database(name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    password, user = str(entry.get("PASSWORD") or ""), str(entry.get("USER") or "")
    if not entry.get("NAME"):
        return
    if not password and not _is_on_this_machine(entry):
        yield f"{name} has no password. Give the database's role a random one."
    elif password and (len(password) < PASSWORD_LENGTH or password == user or _is_a_sample(password)):
        yield f"{name} has a weak or well-known password. Give the database's role a random one."


def _is_on_this_machine(entry: Mapping[str, Any]) -> bool:
    """Through a socket, where the server knows the system's user who asks, and needs no password."""
    host = entry.get("HOST") or entry.get("OPTIONS", {}).get("host")
    return str(host or "").startswith("/")


def _is_a_sample(password: str) -> bool:
    bare = password.lower().rstrip("0123456789!")
    return bare in PASSWORD_SAMPLES


def _of_cookies(settings: Mapping[str, Any]) -> Iterator[str]:
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT"):
        if not settings[name]:
            yield f"{name} must be true: cookies must never travel over plain HTTP."
    for name in ("SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME"):
        if not settings[name].startswith("__Host-"):
            yield f"{name} must begin with __Host-, so that no other host can set the cookie."
