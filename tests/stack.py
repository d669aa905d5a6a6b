"""The real thing for tests: web, worker and scheduler as processes of their own, on a broker of their own."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings
from django.db import connection

from embedded import place
from embedded.kept import Kept
from embedded.valkey import Valkey
from tests.waiting import answers, free_port, wait_until

PROGRAMS = Path(sys.executable).parent
DOOM = Path(__file__).resolve().parent / "faults" / "doom"


@dataclass
class Program:
    """One running program: its process leads a session of its own, so that all of it can be ended."""

    process: subprocess.Popen[bytes]
    log: Path

    def kill(self) -> None:
        """Pull the plug on the program and all its children."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask the program to end, and wait for it."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.kill()


@dataclass
class Stack:
    """A broker and whatever of web, worker and scheduler a test starts. The database is the test's own."""

    folder: Path
    broker: Kept
    programs: list[Program] = field(default_factory=list)
    port: int = 0

    @property
    def address(self) -> str:
        """Where the web server answers."""
        return f"http://127.0.0.1:{self.port}"

    def start_web(self) -> Program:
        """Start the web server and wait until it answers."""
        self.port = self.port or free_port()
        web = self._start("web", "gunicorn", "clinic.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4")
        wait_until(lambda: answers(self.address), what=f"the web server; see {web.log}")
        return web

    def start_worker(self, *, poisonable: bool = False) -> Program:
        """Start a worker with two children; a poisonable one dies of images made for it (see tests/faults/doom)."""
        extra = {"PYTHONPATH": str(DOOM)} if poisonable else {}
        arguments = ("-A", "clinic", "worker", "--concurrency", "2", "--loglevel", "INFO")
        return self._start("worker", "celery", *arguments, **extra)

    def start_scheduler(self) -> Program:
        """Start the scheduler."""
        return self._start("scheduler", "celery", "-A", "clinic", "beat", "--scheduler", "celery.beat:Scheduler")

    def stop(self) -> None:
        """End every program and the broker."""
        for program in reversed(self.programs):
            program.stop()
        self.broker.stop()

    def _start(self, name: str, program: str, *arguments: str, **extra: str) -> Program:
        log = self.folder / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(PROGRAMS / program), *arguments],
                env=self._environment() | extra,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.programs.append(Program(process, log))
        return self.programs[-1]

    def _environment(self) -> dict[str, str]:
        return {
            **without_the_owner(os.environ),
            "DJANGO_SETTINGS_MODULE": "clinic.settings.testing",
            "DATABASE_URL": with_database(os.environ["DATABASE_URL"], str(connection.settings_dict["NAME"])),
            "BROKER_URL": self.broker.server.url,
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "MODEL_CACHE": str(settings.MODEL_CACHE),
            "ANALYSIS_LEASE_SECONDS": "5",
            "ANALYSIS_SWEEP_SECONDS": "2",
            "WORKER_PROGRESS_SECONDS": "8",
        }


@contextmanager
def running_stack(folder: Path) -> Iterator[Stack]:
    """A stack with its broker up and nothing else yet; everything is ended afterwards."""
    with place.temporary() as where:
        stack = Stack(folder=folder, broker=Kept(Valkey(where), where.account, folder / "broker.log"))
        stack.broker.start()
        try:
            yield stack
        finally:
            stack.stop()


def without_the_owner(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the running application, which does not know how to change the tables."""
    return {name: value for name, value in environment.items() if name != "MIGRATION_DATABASE_URL"}


def with_database(url: str, name: str) -> str:
    """The address of another database on the same server. The host may stand after the `?`, with slashes."""
    address, mark, options = url.partition("?")
    return f"{address.rpartition('/')[0]}/{name}{mark}{options}"
