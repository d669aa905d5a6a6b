"""Waking workers: whoever sends the message is not held up by a broker that hangs."""

import time

import pytest
from kombu.exceptions import OperationalError

from clinic import wake_ups
from clinic.celery import HURRIED, app


@pytest.fixture
def tries(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was sent to a broker that does not answer."""
    sent: list[str] = []

    def fail(_app: object, name: str, args: list[object]) -> None:
        sent.append(name)
        raise OperationalError

    monkeypatch.setattr("celery.Celery.send_task", fail)
    return sent


def test_a_broker_that_does_not_answer_is_asked_once_however_many_images_come(tries: list[str]) -> None:
    for _ in range(200):
        wake_ups.wake("a.task", "an id")
    assert tries == ["a.task"]


def test_it_is_asked_again_after_a_while(tries: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    wake_ups.wake("a.task")
    later = time.monotonic() + 60
    monkeypatch.setattr("clinic.wake_ups.time.monotonic", lambda: later)
    wake_ups.wake("a.task")
    assert len(tries) == 2


def test_whoever_sends_gives_a_broker_that_hangs_a_second() -> None:
    """In the pool that messages are sent from; a worker that listens has more patience."""
    sending = app.producer_pool.connections.connection.transport_options
    listening = app.connection_for_read().transport_options
    assert sending
    assert listening
    assert {name: sending[name] for name in HURRIED} == HURRIED == dict.fromkeys(HURRIED, 1)
    assert sending["visibility_timeout"] == app.conf.broker_transport_options["visibility_timeout"]
    assert listening["socket_timeout"] > 1
