"""The services of docker-compose.yml, run here as they would be in their containers, without an engine.

Each service's own command runs with its own environment, in a folder that holds only what the Dockerfile copies.
Nothing but addresses and folders is changed to those of this machine.
"""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from embedded import place, wheels
from embedded.kept import Kept
from embedded.passwords import Passwords
from embedded.postgres import Postgres
from tests.deployment.files import ROOT, compose, copied, dockerfile, image_environment

IMAGE_FOLDER = re.compile(r"(?<![\w/])/(run/secrets|data|application)(?![\w-])")


class NewDatabase(Postgres):
    """PostgreSQL as its image brings it up, before our script has run."""

    def furnish(self) -> None:
        """Nothing: deploy/create-database.sh does it."""


@dataclass
class Server:
    """The services that were started, with folders in the place of the image's and the volumes'."""

    folder: Path
    programs: list[str]
    web_port: int
    services: dict[str, dict[str, Any]]
    started: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def here(self, text: str) -> str:
        """`text` with this machine's folders and port."""
        return IMAGE_FOLDER.sub(rf"{self.folder}/\1", text).replace("0.0.0.0:8000", f"127.0.0.1:{self.web_port}")

    def environment(self, service: str) -> dict[str, str]:
        """What a process in the container of `service` is told."""
        told = image_environment() | self.services[service].get("environment", {})
        ours = {"PATH": os.pathsep.join(self.programs), "PORT": str(self.web_port), "HOSTNAME": socket.gethostname()}
        return {name: self.here(value) for name, value in told.items()} | ours

    def start(self, service: str, *more: str) -> None:
        """Start the service with its own command."""
        with (self.folder / f"{service}.log").open("wb") as log:
            process = subprocess.Popen(
                [*(self.here(word) for word in self._command(service)), *more],
                cwd=self.folder / "application",
                env=self.environment(service),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started[service] = process

    def run(self, service: str, command: list[str], **more: str) -> subprocess.CompletedProcess[str]:
        """Run `command` to its end in the place of the container of `service`."""
        return subprocess.run(
            [self.here(word) for word in command],
            cwd=self.folder / "application",
            env=self.environment(service) | more,
            capture_output=True,
            text=True,
            timeout=600,  # it exports the models, which takes minutes on a machine that is busy
            check=False,
        )

    def is_healthy(self, service: str) -> bool:
        """What the service's own health check finds."""
        return self.run(service, self._health_check(service)).returncode == 0

    def kill(self, service: str) -> None:
        """End a service with its children, without waiting for what it is at."""
        process = self.started.pop(service)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)

    def remove(self) -> None:
        """End what was started."""
        for service in list(self.started):
            self.kill(service)

    def _command(self, service: str) -> list[str]:
        command: list[str] = self.services[service].get("command") or _exec_form("CMD")
        return command

    def _health_check(self, service: str) -> list[str]:
        check: list[str] = self.services[service].get("healthcheck", {}).get("test")
        if not check:
            return _exec_form("HEALTHCHECK")
        return ["sh", "-c", check[1]] if check[0] == "CMD-SHELL" else check[1:]


def _exec_form(word: str) -> list[str]:
    """The command that an instruction of the Dockerfile gives as a list."""
    rest = next(step.rest for step in reversed(dockerfile()) if step.word == word)
    command: list[str] = json.loads(rest[rest.index("[") :])
    return command


@contextmanager
def prepared_server(folder: Path) -> Iterator[Server]:
    """A server with its files, its secrets, a new PostgreSQL and a broker; the rest is for the tests to start."""
    with place.temporary() as where, ExitStack() as cleanup:
        programs = wheels.programs(where)
        search = [str(Path(sys.executable).parent), str(programs / wheels.POSTGRES), str(programs / wheels.VALKEY)]
        services = compose(SITE_HOST="reader.hospital.example")["services"]
        server = Server(folder, [*search, os.defpath], _free_port(), services)
        _fill(folder)
        passwords = Passwords(where.var / "secrets")
        database = Kept(NewDatabase(where, passwords), where.account, folder / "database.log")
        cleanup.callback(database.stop)
        database.start()
        script = ["sh", str(ROOT / "deploy/create-database.sh")]
        created = server.run("database", script, PGHOST=str(where.sockets), PGPASSWORD=passwords.superuser)
        assert created.returncode == 0, created.stderr
        broker_port = _free_port()
        cleanup.callback(server.remove)
        server.start("broker", "--bind", "127.0.0.1", "--port", str(broker_port))
        for secret in ("database_url", "migration_database_url"):
            there, here = "@database:5432/second_read", f"@/second_read?host={where.sockets}"
            _readdress(folder / "run/secrets" / secret, there, here)
        _readdress(folder / "run/secrets/broker_url", "@broker:6379", f"@127.0.0.1:{broker_port}")
        yield server


def _fill(folder: Path) -> None:
    """Put what the Dockerfile copies where the image has it, make the secrets and the folders of the volumes."""
    for name in copied():
        source, target = ROOT / name, folder / "application" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    made = next(step.rest for step in dockerfile() if "install --directory" in step.rest)
    for path in re.findall(r"/data/\S+", made):
        (folder / path.removeprefix("/")).mkdir(parents=True)
    subprocess.run(
        [sys.executable, ROOT / "deploy/make_secrets.py", folder / "run/secrets"], check=True, capture_output=True
    )


def _readdress(secret: Path, there: str, here: str) -> None:
    content = secret.read_text()
    assert there in content
    secret.chmod(0o600)
    secret.write_text(content.replace(there, here))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
