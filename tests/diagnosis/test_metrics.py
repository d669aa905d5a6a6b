"""Figures for Prometheus: off by default, not for everybody, true, and of nobody."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings

from clinic.models import WorkerProcess
from diagnosis.models import Analysis, AnalysisState, AnalysisTally, Backup, Case, ModelVersion
from diagnosis.services import analysis_queue, tallies
from tests.factories import AnalysisFactory

Figures = dict[tuple[str, frozenset[str]], float]
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _on(settings: Settings) -> None:
    settings.METRICS = True


@pytest.fixture
def analysis(case: Case, model: ModelVersion) -> Analysis:
    """One that waits."""
    return AnalysisFactory.create(image__case=case, model_version=model)


def read(client: Client) -> Figures:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {
        (sample.name.removeprefix("second_read_"), frozenset(sample.labels.values())): sample.value
        for family in families
        for sample in family.samples
    }


def at(figures: Figures, name: str, *labels: str) -> float | None:
    return figures.get((name, frozenset(labels)))


def test_there_is_no_such_address_while_they_are_off(client: Client, settings: Settings) -> None:
    settings.METRICS = False
    assert client.get("/metrics").status_code == 404


@pytest.mark.parametrize(
    "origin",
    [
        {"REMOTE_ADDR": "192.0.2.7"},
        {"REMOTE_ADDR": ""},
        {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
        {"HTTP_FORWARDED": "for=127.0.0.1"},
    ],
)
def test_nor_for_others_than_the_own_machine(client: Client, origin: dict[str, str]) -> None:
    assert client.get("/metrics", **origin).status_code == 404  # type: ignore[arg-type]


def test_a_secret_opens_them_from_anywhere_and_without_it_nothing_does(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-long-random-secret"
    for shown in ("", "Bearer ", "Bearer something", "a-long-random-secret"):
        assert client.get("/metrics", headers={"Authorization": shown}).status_code == 404
    good = client.get("/metrics", headers={"Authorization": "Bearer a-long-random-secret"}, REMOTE_ADDR="192.0.2.7")
    assert good.status_code == 200


def test_requests_are_counted_by_view_method_and_status(client: Client) -> None:
    name, labels = "requests_total", ("GET", "clinic:health_live", "200")
    before = at(read(client), name, *labels) or 0
    client.get("/health/live")
    client.generic("ZZMARKER", "/ZZMARKER/")
    after = read(client)
    assert at(after, name, *labels) == before + 1
    assert at(after, name, "other", "nowhere", "404")
    assert at(after, "request_seconds_count", "GET", "clinic:health_live") == before + 1
    assert "ZZMARKER" not in str(after)


def test_it_tells_what_waits_and_since_when(client: Client, analysis: Analysis) -> None:
    Analysis.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    figures = read(client)
    model = f"{analysis.model_version.name} {analysis.model_version.version}"
    assert at(figures, "queue_waiting", "leukemia", model) == 1
    assert 299 < (at(figures, "queue_oldest_seconds", "leukemia", model) or 0) < 400


def ended(analysis: Analysis, *, state: AnalysisState, after: float, code: str = "") -> None:
    Analysis.objects.filter(pk=analysis.pk).update(queued_at=timezone.now() - timedelta(seconds=after))
    claim = analysis_queue.claim(model_version_id=analysis.model_version_id)
    assert claim
    analysis_queue.finish([analysis.pk], state=state, code=code, message=code)


def test_analyses_that_end_are_counted_by_reason_and_time(client: Client, analysis: Analysis) -> None:
    ended(analysis, state=AnalysisState.SUCCEEDED, after=3)
    figures = read(client)
    assert at(figures, "analyses_ended_total", "succeeded", "") == 1
    assert at(figures, "analysis_seconds_bucket", "2.0") == 0
    assert at(figures, "analysis_seconds_bucket", "5.0") == 1
    assert at(figures, "analysis_seconds_bucket", "+Inf") == 1
    assert 3 <= (at(figures, "analysis_seconds_sum") or 0) < 4


def test_a_failure_says_why_and_is_no_result(client: Client, analysis: Analysis) -> None:
    ended(analysis, state=AnalysisState.FAILED, after=3, code="unreadable")
    figures = read(client)
    assert at(figures, "analyses_ended_total", "failed", "unreadable") == 1
    assert at(figures, "analysis_seconds_count") == 0


def test_counts_that_are_put_together_stay_the_same() -> None:
    for count in (1, 2, 3):
        AnalysisTally.objects.create(state="succeeded", within=5.0, count=count, seconds=count * 2.0)
    AnalysisTally.objects.create(state="failed", reason="unreadable", within=5.0, count=1, seconds=1.0)
    tallies.put_together()
    rows = AnalysisTally.objects.order_by("count").values_list("state", "reason", "within", "count", "seconds")
    assert list(rows) == [("failed", "unreadable", 5.0, 1, 1.0), ("succeeded", "", 5.0, 6, 12.0)]


def test_it_tells_of_workers_backup_and_checks(client: Client, settings: Settings) -> None:
    Path(settings.MEDIA_ROOT).mkdir()
    assert at(read(client), "backup_timestamp_seconds") is None
    now = timezone.now()
    WorkerProcess.objects.create(name="a", progress_at=now)
    Backup.objects.create(
        name="b", started_at=now, ended_at=now, database_bytes=1, file_count=1, new_file_count=1, new_bytes=1,
        problem_count=2,
    )  # fmt: skip
    figures = read(client)
    assert at(figures, "worker_progress_timestamp_seconds") == pytest.approx(now.timestamp())
    assert at(figures, "backup_timestamp_seconds") == pytest.approx(now.timestamp())
    assert at(figures, "backup_problems") == 2
    assert (at(figures, "storage_free_bytes") or 0) > 0
    assert at(figures, "part_ready", "database") == 1


def test_without_a_database_it_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone() -> None:
        raise DatabaseError

    monkeypatch.setattr("diagnosis.selectors.figures.queues", gone)
    assert at(read(client), "part_ready", "database") == 0


def test_reading_them_asks_the_database_a_few_times_however_much_there_is(client: Client, analysis: Analysis) -> None:
    client.get("/metrics")
    with CaptureQueriesContext(connection) as few:
        client.get("/metrics")
    for place in range(3):
        AnalysisTally.objects.create(state="failed", reason=f"reason-{place}", within=5.0, count=1, seconds=1.0)
    AnalysisFactory.create_batch(3, model_version=analysis.model_version)
    with CaptureQueriesContext(connection) as more:
        client.get("/metrics")
    assert len(more) <= len(few) <= 16
