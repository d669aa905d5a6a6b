"""Readiness on real servers: it follows the workers and the broker down, and up again."""

import requests

from clinic.models import WorkerProcess
from tests.stack import Stack
from tests.waiting import wait_until


def parts(stack: Stack) -> dict[str, str]:
    """What is not ready, as the running web server says."""
    said = requests.get(f"{stack.address}/health/ready", timeout=20).json()["parts"]
    return {name: problem for name, problem in said.items() if problem != "ready"}


def test_it_is_ready_once_a_worker_works_and_no_longer_when_the_worker_or_the_broker_dies(stack: Stack) -> None:
    assert set(parts(stack)) == {"worker"}
    worker = stack.start_worker()
    wait_until(lambda: parts(stack) == {}, what="the site to be ready")
    process = WorkerProcess.objects.filter(progress_at__isnull=False).first()
    assert process is not None
    assert process.name.rpartition(":")[2].isdigit()
    worker.kill()
    wait_until(lambda: set(parts(stack)) == {"worker"}, what="nobody to be left who works")
    stack.broker.stop()
    wait_until(lambda: set(parts(stack)) == {"broker", "worker"}, what="the broker to be missed")
