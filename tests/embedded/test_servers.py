"""The two servers: who gets in, what they write, and as whom they run."""

import stat
from collections.abc import Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from embedded import place
from embedded.kept import Kept
from embedded.passwords import Passwords
from embedded.place import Place
from embedded.postgres import Postgres
from embedded.valkey import Valkey


@pytest.fixture(scope="module")
def somewhere() -> Iterator[Place]:
    """A temporary place."""
    with place.temporary() as where:
        yield where


@pytest.fixture(scope="module")
def postgres(somewhere: Place) -> Iterator[Postgres]:
    """A running PostgreSQL for lasting data."""
    server = Postgres(somewhere, Passwords(somewhere.var / "secrets"))
    kept = Kept(server, somewhere.account, somewhere.logs / "postgresql.log")
    kept.start()
    yield server
    kept.stop()


@pytest.fixture(scope="module")
def valkey(somewhere: Place) -> Iterator[Valkey]:
    """A running Valkey."""
    server = Valkey(somewhere)
    kept = Kept(server, somewhere.account, somewhere.logs / "valkey.log")
    kept.start()
    yield server
    kept.stop()


def answer(server: Postgres, query: str) -> object:
    """What PostgreSQL answers the application."""
    connection = psycopg2.connect(server.url)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query)
            row = cursor.fetchone()
            return row[0] if row else None
    finally:
        connection.close()


@pytest.mark.parametrize("role", ["second_read", "second_read_application", "postgres"])
@pytest.mark.parametrize("password", ["", "wrong"])
def test_postgres_refuses_a_wrong_password(postgres: Postgres, role: str, password: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(host=str(postgres.place.sockets), user=role, password=password, dbname="postgres")


@pytest.mark.parametrize(("role", "may_make_databases"), [("second_read", True), ("second_read_application", False)])
def test_neither_role_is_a_superuser_and_the_owner_may_make_databases_for_tests(
    postgres: Postgres, role: str, *, may_make_databases: bool
) -> None:
    row = f"FROM pg_roles WHERE rolname = '{role}'"
    assert answer(postgres, f"SELECT rolsuper OR rolcreaterole OR rolreplication OR rolbypassrls {row}") is False
    assert answer(postgres, f"SELECT rolcreatedb {row}") is may_make_databases


def test_the_application_does_not_own_what_it_works_with(postgres: Postgres) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()"
    assert answer(postgres, owner) == "second_read"
    assert answer(postgres, "SELECT current_user") == "second_read_application"
    assert answer(postgres, "SELECT pg_has_role('second_read', 'MEMBER')") is False


def test_a_database_from_before_gets_the_application_its_role(postgres: Postgres) -> None:
    """Once there was one role for everything, which owns the tables of such a database."""
    admin = postgres._connect()
    admin.autocommit = True
    with admin.cursor() as cursor:
        cursor.execute("DROP ROLE second_read_application")
    admin.close()
    postgres.furnish()
    assert answer(postgres, "SELECT current_user") == "second_read_application"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("server_version_num", "18"),
        ("data_checksums", "on"),
        ("fsync", "on"),
        ("full_page_writes", "on"),
        ("password_encryption", "scram-sha-256"),
        ("server_encoding", "UTF8"),
        ("listen_addresses", ""),
    ],
)
def test_postgres_is_set_up_for_data_that_matter(postgres: Postgres, setting: str, value: str) -> None:
    found = str(answer(postgres, f"SELECT current_setting('{setting}')"))
    assert found[:2] == value if setting == "server_version_num" else found == value


def test_what_an_error_quotes_from_a_row_is_not_logged(postgres: Postgres) -> None:
    with pytest.raises(psycopg2.errors.UniqueViolation, match="Jane Doe"):
        answer(postgres, "CREATE TEMP TABLE t (n text UNIQUE); INSERT INTO t VALUES ('Jane Doe'), ('Jane Doe')")
    log = (postgres.place.logs / "postgresql.log").read_text(encoding="utf-8")
    assert "duplicate key value" in log
    assert "Jane Doe" not in log


def test_the_broker_keeps_nothing_on_disk_and_refuses_what_does_not_fit(valkey: Valkey) -> None:
    with redis.Redis(unix_socket_path=str(valkey.socket), decode_responses=True) as client:
        client.set("a", "b")
        assert client.config_get("save") == {"save": ""}
        assert client.config_get("appendonly") == {"appendonly": "no"}
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert int(client.config_get("maxmemory")["maxmemory"]) == 256 * 1024 * 1024


def test_neither_listens_on_a_port(postgres: Postgres, valkey: Valkey) -> None:
    ours = {process for process in _processes() if _works_in(process, postgres.place.state)}
    assert len(ours) > 2
    assert not {inode for process in ours for inode in _sockets(process)} & _listening_on_ports()


def test_only_we_can_reach_the_sockets(postgres: Postgres, valkey: Valkey) -> None:
    folder = postgres.place.sockets
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name for path in folder.iterdir() if path.is_socket()} == {".s.PGSQL.5432", "valkey.sock"}


def test_neither_runs_as_root(postgres: Postgres, valkey: Valkey) -> None:
    ours = [process for process in _processes() if _works_in(process, postgres.place.state)]
    assert ours
    assert all(process.stat().st_uid != 0 for process in ours)


def test_neither_sees_our_environment(postgres: Postgres, valkey: Valkey) -> None:
    ours = [process for process in _processes() if _works_in(process, postgres.place.state)]
    assert ours
    assert all(b"PYTEST" not in (process / "environ").read_bytes() for process in ours)


def _processes() -> list[Path]:
    return [entry for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _works_in(process: Path, folder: Path) -> bool:
    try:
        return (process / "cwd").readlink().is_relative_to(folder)
    except OSError:
        return False


def _sockets(process: Path) -> set[str]:
    names = [str(entry.readlink()) for entry in (process / "fd").iterdir()]
    return {name.removeprefix("socket:[").rstrip("]") for name in names if name.startswith("socket:")}


def _listening_on_ports() -> set[str]:
    """Inodes of the listening TCP sockets of this machine."""
    lines = [
        line.split() for kind in ("tcp", "tcp6") for line in Path(f"/proc/net/{kind}").read_text().splitlines()[1:]
    ]
    return {fields[9] for fields in lines if fields[3] == "0A"}
