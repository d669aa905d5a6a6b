"""How work is handed to the workers: ids in JSON, acknowledged late, bounded in time, nothing kept in the broker."""

from typing import Any
from unittest import mock

import pytest
from celery import signals
from celery.fixups.django import DjangoWorkerFixup  # type: ignore[attr-defined]  # the types leave it out

from clinic.celery import TooMuchMemory, app, keep_what_works, task


def test_messages_are_json_alone() -> None:
    assert app.conf.task_serializer == "json"
    assert app.conf.accept_content == ["json"]


def test_results_live_in_rows() -> None:
    assert app.conf.task_ignore_result
    assert not app.conf.result_backend


def test_a_worker_takes_one_message_at_a_time_and_acknowledges_it_afterwards() -> None:
    assert app.conf.task_acks_late
    assert app.conf.worker_prefetch_multiplier == 1


def test_no_message_is_given_to_a_second_worker_while_the_first_may_still_run() -> None:
    timeout = app.conf.broker_transport_options["visibility_timeout"]
    assert app.conf.task_soft_time_limit < app.conf.task_time_limit < timeout


def test_a_lost_task_is_not_redelivered_at_once() -> None:
    """An image that crashes its worker would be, for ever; the sweeper brings it back, three times at most."""

    @task
    def nothing() -> None: ...

    assert nothing.acks_late
    assert not nothing.reject_on_worker_lost


def test_a_worker_whose_clock_is_an_hour_ahead_takes_no_message_of_the_scheduler_for_too_old() -> None:
    for entry in app.conf.beat_schedule.values():
        expires = entry.get("options", {}).get("expires")
        assert expires is None or expires > 3600


def test_a_worker_keeps_its_connection_to_the_database_from_task_to_task() -> None:
    fixup = DjangoWorkerFixup(app)
    assert all(not count_of_closing(fixup) for _task in range(3))


def count_of_closing(fixup: DjangoWorkerFixup) -> int:
    """How often Celery closes connections around one task."""
    with mock.patch.object(fixup, "_close_database") as closing:
        fixup.close_database()
    return closing.call_count


@pytest.mark.parametrize("signal", [signals.task_prerun, signals.task_postrun])
@pytest.mark.parametrize("is_eager", [False, True])
def test_a_connection_that_broke_is_given_up_around_a_workers_task(signal: Any, *, is_eager: bool) -> None:
    sender = mock.Mock()
    sender.request.is_eager = is_eager
    with mock.patch("clinic.celery.close_old_connections") as closing:
        for _key, receiver in signal.receivers:
            if receiver() is keep_what_works:
                receiver()(sender=sender)
    assert closing.called is not is_eager


def test_every_task_of_ours_has_the_one_decorator() -> None:
    app.loader.import_default_modules()
    ours = [registered for name, registered in app.tasks.items() if not name.startswith("celery.")]
    assert {registered.name for registered in ours} >= {
        "diagnosis.tasks.analyse_queued",
        "diagnosis.tasks.sweep_analyses",
    }
    assert all(registered.acks_late and not registered.reject_on_worker_lost for registered in ours)


def test_a_task_that_wants_too_much_memory_does_not_end_the_whole_worker() -> None:
    """As Celery has it end with a MemoryError."""

    @task
    def greedy() -> None:
        raise MemoryError

    with pytest.raises(TooMuchMemory):
        greedy()
    assert greedy.name.endswith("greedy")
