"""Whether the process lives, and whether the site can do its work: what load balancers ask."""

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta

import pytest
from celery import current_app
from django.core.files.storage import default_storage
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from clinic.models import WorkerProcess
from clinic.services import readiness, worker_pulse
from tests.stack import without_the_owner

READY = {
    "status": "ready",
    "parts": {"database": "ready", "broker": "ready", "storage": "ready", "worker": "ready"},
}


@pytest.fixture(autouse=True)
def _look_every_time(settings: Settings) -> Iterator[None]:
    settings.READINESS_KEPT = timedelta(0)
    readiness.forget()
    yield
    readiness.forget()


@pytest.fixture
def worker(db: None) -> str:
    """A process of a worker that has just finished something."""
    worker_pulse.note_start(process="ward:1")
    worker_pulse.note_task(process="ward:1", task="diagnosis.tasks.sweep_analyses")
    worker_pulse.note_end(process="ward:1", well=True)
    return "ward:1"


def not_ready(client: Client) -> dict[str, str]:
    """The parts that are not, with what is said of each."""
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "not ready"
    return {name: said for name, said in answer.json()["parts"].items() if said != "ready"}


def test_it_lives_without_asking_the_database(client: Client) -> None:
    assert client.get("/health/live").status_code == 200  # this test has no database to ask


def test_it_is_ready_when_every_part_answers_and_a_worker_gets_things_done(client: Client, worker: str) -> None:
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()) == (200, READY)
    assert "no-store" in answer["Cache-Control"]


def test_it_says_when_the_database_does_not_answer() -> None:
    asks = (
        "import django; django.setup()\n"
        "from django.test import Client\n"
        "print(Client().get('/health/live').status_code)\n"
        "answer = Client().get('/health/ready')\n"
        "print(answer.status_code, answer.json()['parts']['database'])\n"
    )
    environment = without_the_owner(os.environ) | {"DATABASE_URL": "postgres://nobody:x@/nothing?host=/nowhere"}
    ran = subprocess.run(
        [sys.executable, "-c", asks], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    assert ran.stdout == "200\n503 The database does not answer.\n"


def test_it_says_when_the_broker_is_gone(client: Client, worker: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(current_app.conf, "broker_read_url", "redis+socket:///nowhere/valkey.sock")
    assert not_ready(client) == {"broker": "The broker does not answer."}


def test_it_says_when_files_cannot_be_written(client: Client, worker: str, settings: Settings) -> None:
    settings.MEDIA_ROOT = "/proc/nowhere"
    assert not_ready(client) == {"storage": "Files cannot be written or read."}


def test_a_file_that_reads_differently_is_not_ready(
    client: Client, worker: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(default_storage, "save", lambda name, _content: name)  # never written
    assert not_ready(client) == {"storage": "Files cannot be written or read."}


def test_a_worker_that_never_was_is_not_ready(client: Client, db: None) -> None:
    assert not_ready(client) == {"worker": "No worker has finished anything in the last 120 seconds."}


def test_a_worker_that_lives_and_gets_nothing_done_is_not_ready(
    client: Client, worker: str, settings: Settings
) -> None:
    long_ago = timezone.now() - settings.WORKER_PROGRESS - timedelta(seconds=1)
    WorkerProcess.objects.update(progress_at=long_ago)
    worker_pulse.note_task(process=worker, task="diagnosis.tasks.analyse_queued")
    assert "worker" in not_ready(client)
    worker_pulse.note_end(process=worker, well=False)  # what it began failed
    assert "worker" in not_ready(client)
    worker_pulse.note_end(process=worker, well=True)
    assert client.get("/health/ready").status_code == 200


def test_who_asks_again_and_again_has_it_checked_once(
    client: Client, worker: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.READINESS_KEPT = timedelta(minutes=1)
    assert client.get("/health/ready").status_code == 200
    monkeypatch.setattr(readiness, "CHECKS", {})
    assert client.get("/health/ready").json() == READY


def test_a_process_that_was_killed_is_forgotten_the_next_day(worker: str) -> None:
    WorkerProcess.objects.update(seen_at=timezone.now() - worker_pulse.FORGOTTEN_AFTER - timedelta(seconds=1))
    worker_pulse.note_start(process="ward:2")
    assert [process.name for process in WorkerProcess.objects.all()] == ["ward:2"]


def test_a_process_that_ends_leaves_nothing(worker: str) -> None:
    worker_pulse.note_stop(process=worker)
    assert not WorkerProcess.objects.exists()
