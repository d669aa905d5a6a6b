"""PostgreSQL of one place: passwords for everybody, page checksums, Unix sockets only."""

import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import ISOLATION_LEVEL_AUTOCOMMIT, connection, cursor

from embedded import leftovers, wheels
from embedded.launch import tied
from embedded.passwords import Passwords
from embedded.place import Place
from embedded.problem import Problem
from embedded.server import ENVIRONMENT

SUPERUSER = "postgres"
OWNER = DATABASE = "second_read"  # its tables are made and changed by this role
ROLE = "second_read_application"  # the running application: may not touch what is only ever added
SOCKET = ".s.PGSQL.5432"
NOT_YET = ("the database system is ", "No such file or directory", "Connection refused")

# Nothing identifying may reach a log: no statement, no parameter, no DETAIL line that quotes a row.
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
}
THROW_AWAY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True)
class Postgres:
    """The database server of one place. `durable` is false only for data that are thrown away."""

    place: Place
    passwords: Passwords
    durable: bool = True
    name: str = "PostgreSQL"
    stop_signal: signal.Signals = signal.SIGINT  # its fast shutdown: sessions end, data are complete

    @property
    def folder(self) -> Path:
        """Its data folder, in which it also works."""
        return self.place.database

    @property
    def url(self) -> str:
        """The running application's address for it."""
        return self._address(ROLE, self.passwords.application)

    @property
    def variables(self) -> dict[str, str]:
        """Its addresses: the running application's, and the one for commands that change the tables."""
        return {"DATABASE_URL": self.url, "MIGRATION_DATABASE_URL": self._address(OWNER, self.passwords.owner)}

    def prepare(self) -> None:
        """End a server that a crash left behind, and make the data folder the first time."""
        if not self.folder.is_dir():
            self._initialise()
        elif not self.passwords.exist():
            raise Problem(
                f"There is a database in {self.folder}, but its password is gone from {self.passwords.folder}. "
                f"Put that folder back, or remove {self.folder} to begin with an empty database."
            )
        self._refuse_another_version()
        leftovers.end(self._leftovers, gently=self.stop_signal, patience=30.0)
        # After a crash the process id in these files may be anybody's, and PostgreSQL would not start.
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        (self.place.sockets / f"{SOCKET}.lock").unlink(missing_ok=True)

    def command(self) -> list[str]:
        """Its program and arguments."""
        settings = SETTINGS | ({} if self.durable else THROW_AWAY)
        settings["unix_socket_directories"] = str(self.place.sockets)
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.folder), *options]

    def answers(self) -> bool:
        """Whether it lets its superuser in."""
        try:
            self._connect().close()
        except psycopg2.OperationalError as error:
            if any(sign in str(error) for sign in NOT_YET):
                return False
            raise Problem(f"{self.name} refuses us: {error}".strip()) from None
        return True

    def furnish(self) -> None:
        """Make the tables' owner, its database, and the application's role; neither is a superuser."""
        admin = self._connect()
        try:
            admin.set_isolation_level(ISOLATION_LEVEL_AUTOCOMMIT)
            with admin.cursor() as cursor:
                _make_role(cursor, OWNER, "LOGIN CREATEDB", self.passwords.owner)
                _make_role(cursor, ROLE, "LOGIN NOCREATEDB", self.passwords.application)
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
                if cursor.fetchone() is None:
                    create = sql.SQL("CREATE DATABASE {} OWNER {}")
                    cursor.execute(create.format(sql.Identifier(DATABASE), sql.Identifier(OWNER)))
        finally:
            admin.close()

    def _address(self, role: str, password: str) -> str:
        return f"postgres://{role}:{password}@/{DATABASE}?host={self.place.sockets}"

    def _initialise(self) -> None:
        """Make the data folder under another name first, so that one made by half is never taken for a whole one."""
        new = self.folder.with_suffix(".new")
        password = self.folder.with_suffix(".password")
        shutil.rmtree(new, ignore_errors=True)
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(self.passwords.superuser, encoding="ascii")
        new.mkdir(mode=0o700)
        for path in (new, password):
            self.place.hand_over(path)
        try:
            self._initdb(new, password)
        finally:
            password.unlink()
        new.rename(self.folder)

    def _initdb(self, folder: Path, password: Path) -> None:
        # The built-in locale sorts the same on every machine and after every update of the system's C library.
        locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        secure = ["--auth=scram-sha-256", f"--pwfile={password}", f"--username={SUPERUSER}", "--data-checksums"]
        sync = [] if self.durable else ["--no-sync"]
        initdb = [self._program("initdb"), f"--pgdata={folder}", *locale, *secure, *sync]
        made = subprocess.run(  # noqa: S603  our own command line
            tied(initdb, death_signal=signal.SIGKILL, account=self.place.account),
            cwd=self.place.state,
            env=ENVIRONMENT,
            start_new_session=True,
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            raise Problem(f"The database could not be made in {self.place.state}: {made.stderr.strip()}")

    def _refuse_another_version(self) -> None:
        had = (self.folder / "PG_VERSION").read_text(encoding="ascii").strip()
        has = wheels.postgres_major()
        if had != has:
            raise Problem(
                f"The database in {self.folder} was made by PostgreSQL {had}, and this version brings {has}. "
                "Go back to the earlier version, dump the database there and load it here."
            )

    def _connect(self) -> connection:
        return psycopg2.connect(
            host=str(self.place.sockets),
            user=SUPERUSER,
            password=self.passwords.superuser,
            dbname="postgres",
            connect_timeout=5,
        )

    def _program(self, name: str) -> str:
        return str(wheels.programs(self.place) / wheels.POSTGRES / name)

    def _leftovers(self) -> list[int]:
        return leftovers.servers(program="postgres", folder=self.folder)


def _make_role(cursor: cursor, name: str, may: str, password: str) -> None:
    """Make a role if it is missing, and see to what it may and how it signs in."""
    role = sql.Identifier(name)
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name])
    if cursor.fetchone() is None:
        cursor.execute(sql.SQL("CREATE ROLE {}").format(role))
    cursor.execute(sql.SQL("ALTER ROLE {} {} PASSWORD %s").format(role, sql.SQL(may)), [password])
