"""The proof after each fault finds what it is there to find."""

import os
from pathlib import Path

import pgtrigger
import pytest
from django.db import connection
from pytest_django import Settings

from clinic.models import User
from clinic.services import audit
from diagnosis.models import Analysis, AnalysisState, Case, Prediction
from diagnosis.services import analysing, file_store
from diagnosis.services.model_registry import activate_model, register_model
from diagnosis.services.uploads import accept_image
from tests.conftest import BUNDLES
from tests.factories import upload
from tests.faults.proof import problems
from tests.faults.traffic import Acknowledged, Traffic, drawn

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def analyses(transactional_db: None, case: Case, owner: User) -> list[Analysis]:
    """Two images that were taken in, and have their results."""
    model = activate_model(model=register_model(content=(BUNDLES / "leukemia.bundle").read_bytes()))
    taken_in = [accept_image(case=case, uploaded_by=owner, file=upload(content=drawn())).analysis for _ in range(2)]
    while analysing.analyse_next_batch(model_version_id=model.pk):
        pass
    return taken_in


@pytest.fixture
def traffic(analyses: list[Analysis]) -> Traffic:
    """What a program that sent them remembers."""
    remembered = Traffic("", "", [])
    for one in analyses:
        remembered.content[one.image.sha256] = b""
        remembered.acknowledged.append(Acknowledged(one.image.sha256, one.image.case_id, one.image_id, one.pk))
    return remembered


def path_of(settings: Settings, sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / file_store.name_of(sha256)


def test_where_all_is_well_it_finds_nothing(traffic: Traffic) -> None:
    assert problems(traffic) == []


def test_it_finds_an_image_that_is_gone(traffic: Traffic) -> None:
    traffic.acknowledged.append(Acknowledged("0" * 64, *([traffic.acknowledged[0].case] * 3)))
    assert problems(traffic) == ["1 acknowledged images are not there"]


def test_it_finds_results_that_were_exchanged(traffic: Traffic, analyses: list[Analysis]) -> None:
    one, other = Prediction.objects.all()
    with pgtrigger.ignore():
        Prediction.objects.filter(pk=one.pk).update(probabilities=other.probabilities)
        Prediction.objects.filter(pk=other.pk).update(probabilities=one.probabilities)
    assert problems(traffic) == ["2 images have a result that is not theirs"]


def test_it_finds_an_image_without_a_result_and_one_that_was_analysed_twice(
    traffic: Traffic, analyses: list[Analysis]
) -> None:
    with pgtrigger.ignore():
        Prediction.objects.filter(analysis=analyses[0]).delete()
    audit.record(actor=None, action="analysis.succeeded", subject=analyses[1])
    found = problems(traffic)
    assert "1 predictions of 2 finished analyses" in found
    assert "1 analyses were finished more than once, says the trail" in found


def test_it_finds_an_image_that_still_waits(traffic: Traffic, analyses: list[Analysis]) -> None:
    with pgtrigger.ignore():
        Analysis.objects.filter(pk=analyses[0].pk).update(state=AnalysisState.QUEUED, finished_at=None)
    assert "0 set aside, not 0; beside them {'succeeded': 1, 'queued': 1}" in problems(traffic)


def test_it_finds_a_file_that_is_missing_and_one_that_changed(
    traffic: Traffic, analyses: list[Analysis], settings: Settings
) -> None:
    gone, changed = Prediction.objects.all()
    path_of(settings, gone.map_sha256).unlink()
    with path_of(settings, changed.map_sha256).open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    (found,) = problems(traffic)
    assert gone.map_sha256 in found
    assert changed.map_sha256 in found


def test_it_finds_a_file_that_no_row_knows_and_that_nobody_removes(
    traffic: Traffic, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    stray = file_store.put(b"nobody's")
    monkeypatch.setattr("diagnosis.management.commands.sweep_files.remove_forgotten_files", lambda: 0)
    (found,) = problems(traffic)
    assert stray in found


def test_it_finds_a_trail_that_was_changed(traffic: Traffic) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE clinic_auditevent DISABLE TRIGGER USER")
        cursor.execute("UPDATE clinic_auditevent SET action = 'nothing.happened' WHERE action = 'image.uploaded'")
        cursor.execute("ALTER TABLE clinic_auditevent ENABLE TRIGGER USER")
    (found,) = problems(traffic)
    assert "trail" in found
