"""A checkout with a small application in it, and a terminal to start it from."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from embedded.leftovers import MARK
from embedded.place import CHECKOUT, SYSTEM_FOLDER

# What the supervisor expects of an application: commands of manage.py, a Procfile and /health/live.
MANAGE = """
import os, pathlib, sys, psycopg2
accounts = pathlib.Path("var/demo-accounts.txt")
if sys.argv[1] == "migrate":
    database = psycopg2.connect(os.environ["MIGRATION_DATABASE_URL"])
    with database, database.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz)")
        cursor.execute("INSERT INTO starts VALUES (now())")
        cursor.execute("SELECT count(*) FROM starts")
        pathlib.Path(".notes/starts").write_text(str(cursor.fetchone()[0]))
    database.close()
if sys.argv[1] == "seed_demo" and not accounts.exists():
    accounts.touch(mode=0o600)
    accounts.write_text("doctor@example.org word-of-pass\\n")
if sys.argv[1] == "collectstatic":
    collected = pathlib.Path(os.environ["STATIC_ROOT"])
    collected.mkdir(exist_ok=True)
    with (collected / "times.txt").open("a") as times:
        times.write("collected ")
if sys.argv[1] == os.environ.get("FAILING_STEP"):
    sys.exit("this step went wrong")
"""
WEB = """
import http.server, os
class Alive(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/health/live" else 404)
        self.end_headers()
    def log_message(self, *arguments):
        pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Alive).serve_forever()
"""
WORKER = """
import os, pathlib, signal, subprocess, sys, time
def finish(*arguments):
    time.sleep(0.3)
    print("the worker finished what it was at", flush=True)
    sys.exit()
signal.signal(signal.SIGTERM, finish)
subprocess.Popen(["sleep", "600"])
pathlib.Path(".notes/worker").write_text(str(os.getpid()))
while True:
    time.sleep(60)
"""
PROCFILE = """
web: exec python web.py
worker: exec python worker.py
scheduler: exec sleep 600
"""

PATIENCE = 60.0  # seconds


def wait_for(condition: Callable[[], bool], *, what: str) -> None:
    """Wait until `condition` holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


@dataclass
class Terminal:
    """A running `python -m embedded` with what it printed."""

    process: subprocess.Popen[bytes]
    log: Path

    @property
    def output(self) -> str:
        """Everything that was printed so far."""
        return self.log.read_text(encoding="utf-8")

    def wait_until_it_says(self, text: str, *, times: int = 1) -> None:
        """Wait until `text` was printed."""
        wait_for(
            lambda: self.output.count(text) >= times or self.process.poll() is not None, what=f"{text!r}\n{self.output}"
        )
        assert self.output.count(text) >= times, self.output

    def ends(self) -> int:
        """Wait for the end; the exit status."""
        return self.process.wait(PATIENCE)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop; the exit status."""
        self.process.send_signal(how)
        return self.ends()


class Checkout:
    """A copy of `embedded` beside a small application."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.terminals: list[Terminal] = []
        self.notes.mkdir(parents=True)
        shutil.copytree(CHECKOUT / "embedded", folder / "embedded", ignore=shutil.ignore_patterns("__pycache__"))
        for name, text in {"manage.py": MANAGE, "web.py": WEB, "worker.py": WORKER, "Procfile": PROCFILE}.items():
            (folder / name).write_text(text, encoding="utf-8")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])

    @property
    def var(self) -> Path:
        """Where it keeps its things."""
        return self.folder / "var"

    @property
    def notes(self) -> Path:
        """What the application and the terminals write for the tests. Hidden, so that it is none of the code."""
        return self.folder / ".notes"

    @property
    def starts(self) -> int:
        """How many starts the database knew of when the application last brought it up to date."""
        return int((self.notes / "starts").read_text())

    @property
    def state(self) -> Path:
        """Where its servers keep their things, once they have started."""
        instance = self.var / "instance"
        return SYSTEM_FOLDER / instance.read_text() if instance.exists() else self.var

    @property
    def database(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "postgres"

    def environment(self, **more: str) -> Mapping[str, str]:
        """Our own environment without what would make it use the servers of this test run."""
        secrets = ("DATABASE_URL", "MIGRATION_DATABASE_URL", "BROKER_URL", "SECRET_KEY", "AUDIT_SIGNING_KEY")
        taken = (*secrets, "MEDIA_ROOT", "MODEL_CACHE", "STATIC_ROOT", "AUDIT_HEADS_DIR", MARK)
        kept = {name: value for name, value in os.environ.items() if name not in taken}
        return kept | {"PORT": str(self.port)} | more

    def start(self, *words: str, **environment: str) -> Terminal:
        """Start `python -m embedded WORDS` here."""
        log = self.notes / f"terminal-{len(self.terminals)}.txt"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "embedded", *words],
                cwd=self.folder,
                env=self.environment(**environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.terminals.append(Terminal(process, log))
        return self.terminals[-1]

    def run(self, **environment: str) -> Terminal:
        """Start the application and wait until it is ready."""
        terminal = self.start("run", **environment)
        terminal.wait_until_it_says("Ctrl-C stops it.")
        return terminal

    def execute(self, *command: str, temporary: bool = False, **environment: str) -> Terminal:
        """Lend the servers to a command and wait for its end."""
        terminal = self.start("exec", *(["--temporary"] if temporary else []), "--", *command, **environment)
        terminal.ends()
        return terminal

    def processes(self) -> dict[int, str]:
        """Every process that works in this checkout or in its data, or was told of it; id and name."""
        return {
            int(entry.name): (entry / "comm").read_text().strip()
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and self._concerns(entry)
        }

    def process(self, name: str) -> int:
        """The oldest process of that name, or 0."""
        return min((process for process, found in self.processes().items() if found == name), default=0)

    def worker(self) -> int:
        """The process id of the application's worker, once it works."""
        said = self.notes / "worker"
        wait_for(lambda: said.exists() and int(said.read_text() or 0) in self.processes(), what="the worker")
        return int(said.read_text())

    def kill_everything(self) -> None:
        """As when the machine loses its power."""
        for process in self.processes():
            with suppress(ProcessLookupError):  # it ended with one that was killed before it
                os.kill(process, signal.SIGKILL)

    def remove(self) -> None:
        """End and remove everything."""
        self.kill_everything()
        for terminal in self.terminals:
            terminal.ends()
        shutil.rmtree(self.state, ignore_errors=True)

    def _concerns(self, process: Path) -> bool:
        try:
            works_in = str((process / "cwd").readlink())
            told = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            return False
        return any(
            works_in == folder or works_in.startswith(f"{folder}/") or f"={folder}/" in told
            for folder in (str(self.folder), str(self.state))
        )
