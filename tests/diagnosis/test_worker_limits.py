"""An image that takes a worker too long, or too much memory, is tried again alone; nothing is said about the image."""

import subprocess
import sys

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from PIL import Image

from clinic.celery import app
from clinic.models import User
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion
from diagnosis.models.analysis import MAX_ATTEMPTS
from diagnosis.services import analysing
from diagnosis.services.uploads import accept_image
from diagnosis.tasks import analyse_queued
from tests.factories import drawn_png, upload


@pytest.mark.parametrize("limit", [SoftTimeLimitExceeded, MemoryError])
def test_it_is_tried_again_and_set_aside_when_no_attempt_is_left(
    limit: type[Exception], case: Case, owner: User, model: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    analysis = accept_image(case=case, uploaded_by=owner, file=upload(content=drawn_png())).analysis

    def suffer(self: Image.Image) -> None:
        raise limit

    monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", suffer)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        with pytest.raises(limit):
            analysing.analyse_next_batch(model_version_id=model.pk)
        analysis.refresh_from_db()
        assert analysis.attempts == attempt
    assert (analysis.state, analysis.failure_code) == (AnalysisState.QUARANTINED, "stopped")
    assert not Analysis.objects.filter(state=AnalysisState.FAILED).exists()


def test_a_process_gives_an_image_up_before_another_may_take_it() -> None:
    soft, hard = analyse_queued.soft_time_limit, analyse_queued.time_limit
    assert soft is not None
    assert hard is not None
    assert 0 < soft < hard < settings.ANALYSIS_LEASE.total_seconds()


def test_a_process_that_came_near_its_limit_is_replaced() -> None:
    """`make faults` sees it happen: what a huge image leaves behind would have others fail in the same process."""
    assert 0 < app.conf.worker_max_memory_per_child * 1024 < settings.WORKER_MEMORY_BYTES


def test_a_worker_process_is_refused_more_memory_than_it_may_take_but_may_export_a_model() -> None:
    """Asked of a process of its own, since a limit holds for the whole of one."""
    code = """
import django
django.setup()
from clinic.worker_memory import _limit
from mlcore.engines.exported import _unlimited_memory
_limit()
with _unlimited_memory():
    len(bytearray(400 * 1024 * 1024))
try:
    bytearray(400 * 1024 * 1024)
except MemoryError:
    print("refused")
"""
    environment = {"WORKER_MEMORY_MB": "300", "DJANGO_SETTINGS_MODULE": "clinic.settings.testing"}
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"DATABASE_URL": "postgres://nobody/nothing", "BROKER_URL": "redis://nowhere", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (found.stdout.strip(), found.stderr) == ("refused", "")
