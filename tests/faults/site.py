"""A whole site of its own, to be hurt from outside: PostgreSQL, broker, web, worker and scheduler, as shipped."""

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from honcho.environ import parse_procfile

from embedded import environment, place
from embedded.kept import Kept
from embedded.passwords import Passwords
from embedded.place import CHECKOUT, Place
from embedded.postgres import Postgres
from embedded.valkey import Valkey
from tests.waiting import answers, free_port, wait_until

DOOM_PATH = Path(__file__).resolve().parent / "doom"
LARGEST = "size=8g"  # of a disk that can be made full; it takes only what is stored on it
LEASE, SWEEP, PROGRESS = 8, 2, 8  # seconds, so that recovery is seen within seconds


def haste(pace: float = 1.0) -> dict[str, str]:
    """Quicker than in a hospital, so that a fault and its end fit into seconds. Nothing else differs from `make run`.

    On a busy machine a `pace` above 1 gives everything more time.
    """
    return {
        "ANALYSIS_LEASE_SECONDS": str(round(LEASE * pace)),
        "ANALYSIS_SWEEP_SECONDS": str(round(SWEEP * pace)),
        "WORKER_PROGRESS_SECONDS": str(round(PROGRESS * pace)),
    }


HASTE = haste()

# As in a hospital, and without what dies of certain words in an image (tests/faults/doom): noise has words, too.
UNHURRIED = {"PYTHONPATH": ""}

# Their servers are not to be hurt.
OF_WHOEVER_STARTED_US = (
    "DATABASE_URL",
    "MIGRATION_DATABASE_URL",
    "BROKER_URL",
    "SECRET_KEY",
    "AUDIT_SIGNING_KEY",
    "MEDIA_ROOT",
    "DJANGO_SETTINGS_MODULE",
)


@dataclass
class Running:
    """A program of the Procfile: its process leads a session of its own, so that all of it can be ended."""

    name: str
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """Pull the plug on the program and all its children."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> bool:
        """Ask the program to end, as a deployment does, and wait for it. Whether it did by itself."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            return False
        self.kill()  # children that it left behind
        return True

    def children(self) -> list[int]:
        """The process ids of the program's children."""
        told = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text(encoding="ascii")
        return [int(one) for one in told.split()]

    def signal_all(self, number: int) -> None:
        """Send a signal to the program and its children."""
        os.killpg(self.process.pid, number)


@dataclass
class Site:
    """The servers, the programs, and what the programs are told."""

    place: Place
    database: Kept
    broker: Kept
    variables: dict[str, str]
    port: int
    programs: dict[str, Running] = field(default_factory=dict)
    small_disks: dict[str, Path] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def doom(self) -> Path:
        """The file that says which step of which process is its last (tests/faults/doom)."""
        return self.place.var / "doom"

    def start(self, name: str, *, under: str = "", within: Sequence[str] = (), **extra: str) -> Running:
        """Start a program of the Procfile; `under` another name when there is to be a second one.

        `within` is the command that runs it, where it is to run elsewhere.
        """
        command = parse_procfile((CHECKOUT / "Procfile").read_text(encoding="utf-8")).processes[name]
        with (self.place.logs / f"{under or name}.log").open("ab") as log:
            process = subprocess.Popen(
                [*within, "/bin/sh", "-c", command],
                env=environment.for_processes(self.variables) | extra,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.programs[under or name] = Running(under or name, process)
        if name == "web":
            wait_until(lambda: answers(self.address), what=f"the web server; see {self.place.logs}")
        return self.programs[under or name]

    def kept_running(self) -> None:
        """Start again what was killed, as a supervisor does."""
        for server in (self.database, self.broker):
            if server.process is None or server.process.poll() is not None:
                server.start()
        for name, program in list(self.programs.items()):
            if program.process.poll() is not None:
                program.kill()
                self.start(name.partition(" ")[0], under=name)

    def manage(self, *arguments: str) -> str:
        """Run a command of manage.py; what it printed. Raises CalledProcessError when it fails."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=CHECKOUT, env=self.variables, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"manage.py {shlex.join(arguments)}: {done.stdout}{done.stderr}")
        return done.stdout

    def end(self) -> None:
        """End every program, then the servers."""
        for program in self.programs.values():
            program.stop()
        for server in (self.broker, self.database):
            server.stop()


@contextmanager
def running_site(
    *, models: Path | None = None, small_disks: bool = False, told: dict[str, str] = HASTE
) -> Iterator[Site]:
    """A site with its database filled and every program started. `models` keeps the exports of models between runs.

    `told` is what the programs are told beside what they need.

    With `small_disks`, and as root, files, uploads under way and the database each have a disk of their own that can be
    made full.
    """
    for name in OF_WHOEVER_STARTED_US:
        os.environ.pop(name, None)
    with place.temporary() as where, _small_disks(where, wanted=small_disks and place.as_root()) as disks:
        site = _made(where, models or where.var / "model-cache", disks, told)
        try:
            _begin(site)
            yield site
        finally:
            site.end()


def _begin(site: Site) -> None:
    for server in (site.database, site.broker):
        server.start()
    site.manage("migrate", "--no-input")
    bundles = [str(path) for path in sorted(CHECKOUT.glob("bundles/*.bundle"))]
    site.manage("register_model", *bundles, "--activate")
    for name in ("web", "worker", "scheduler"):
        site.start(name)


def _made(where: Place, models: Path, disks: dict[str, Path], told: dict[str, str]) -> Site:
    port = free_port()
    own = {
        "PORT": str(port),
        "MODEL_CACHE": str(models),
        "TMPDIR": str(place.make_folder(where.var / "incoming", 0o700)),
        "MAIL_FOLDER": str(place.make_folder(where.var / "mail", 0o700)),
        "DOOM": str(where.var / "doom"),
        "PYTHONPATH": str(DOOM_PATH),
    }
    database = Postgres(replace(where, state=disks.get("database", where.state)), Passwords(where.var / "secrets"))
    broker = Valkey(where)
    return Site(
        place=where,
        database=Kept(database, where.account, where.logs / "postgres.log"),
        broker=Kept(broker, where.account, where.logs / "broker.log"),
        variables=environment.application(where, [database, broker]) | environment.mark(where) | own | told,
        port=port,
        small_disks=disks,
    )


@contextmanager
def _small_disks(where: Place, *, wanted: bool) -> Iterator[dict[str, Path]]:
    folders = {"media": where.var / "media", "incoming": where.var / "incoming", "database": where.state / "disk"}
    with ExitStack() as mounted:
        for folder in folders.values() if wanted else ():
            place.make_folder(folder, 0o755)
            subprocess.run(["mount", "-t", "tmpfs", "-o", LARGEST, "second-read-faults", str(folder)], check=True)
            mounted.callback(subprocess.run, ["umount", "--lazy", str(folder)], check=False)
        yield folders if wanted else {}
