"""Whatever dies, every image that was acknowledged ends with exactly one result."""

import math
import time

from clinic.models import AuditEvent
from diagnosis.models import Analysis, AnalysisState, Case, Prediction
from tests.api_client import ApiClient
from tests.factories import drawn_png
from tests.stack import Stack
from tests.waiting import wait_until

COUNT = 40


def send(program: ApiClient, case: Case, seeds: range) -> None:
    answer = program.upload(case.pk, [(f"{seed}.png", drawn_png(seed=seed)) for seed in seeds])
    assert answer.status_code == 202, answer.text


def done() -> int:
    return Analysis.objects.filter(state=AnalysisState.SUCCEEDED).count()


def all_is_well() -> None:
    assert dict.fromkeys(Analysis.objects.values_list("state", flat=True)) == {"succeeded": None}
    assert Prediction.objects.count() == COUNT
    assert AuditEvent.objects.filter(action="analysis.succeeded").count() == COUNT
    for prediction in Prediction.objects.all():
        assert math.isclose(sum(prediction.probabilities.values()), 1, abs_tol=1e-9)


def test_a_worker_killed_in_the_middle_loses_and_doubles_nothing(stack: Stack, program: ApiClient, case: Case) -> None:
    worker = stack.start_worker()
    send(program, case, range(COUNT // 2))
    wait_until(lambda: done() > 0, what="the first result")
    send(program, case, range(COUNT // 2, COUNT))
    wait_until(
        lambda: Analysis.objects.filter(state=AnalysisState.RUNNING).exists() or done() == COUNT, what="work under way"
    )
    worker.kill()
    stack.start_worker()
    wait_until(lambda: done() == COUNT, what=f"{COUNT} results")
    all_is_well()


def test_a_broker_killed_and_wiped_in_the_middle_loses_and_doubles_nothing(
    stack: Stack, program: ApiClient, case: Case
) -> None:
    stack.start_worker()
    send(program, case, range(COUNT // 2))
    wait_until(lambda: done() > 0, what="the first result")
    assert stack.broker.process is not None
    stack.broker.process.kill()
    stack.broker.process.wait()
    send(program, case, range(COUNT // 2, COUNT))  # uploads are taken in while the broker is away
    time.sleep(1)
    stack.broker.start()  # it keeps nothing: every message is gone
    wait_until(lambda: done() == COUNT, what=f"{COUNT} results")
    all_is_well()


def test_the_same_message_many_times_leads_to_one_result(stack: Stack, program: ApiClient, case: Case) -> None:
    send(program, case, range(COUNT))
    stack.send_wake_ups(50)
    stack.start_worker()
    wait_until(lambda: done() == COUNT, what=f"{COUNT} results")
    all_is_well()
