"""An assay may have a queue of its own: only workers that name it, those with a GPU say, take its images."""

import pytest
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from diagnosis.models import Case, ModelVersion
from diagnosis.services import analysis_queue, shadowing
from diagnosis.services.uploads import accept_image
from tests.factories import ModelVersionFactory, upload


@pytest.fixture
def announced(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """The tasks that workers are woken for, each with its queue."""
    sent: list[tuple[str, str]] = []

    def send(_app: object, name: str, *, args: list[object], queue: str = "") -> None:
        assert args
        sent.append((name.rpartition(".")[2], queue))

    monkeypatch.setattr("celery.Celery.send_task", send)
    return sent


@pytest.mark.parametrize(("own", "queue"), [(set(), ""), ({"breast"}, ""), ({"leukemia"}, "analyses-leukemia")])
def test_images_of_an_assay_with_a_queue_of_its_own_wait_there(
    own: set[str],
    queue: str,
    case: Case,
    model: ModelVersion,
    settings: Settings,
    announced: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.ANALYSIS_OWN_QUEUES = own
    with django_capture_on_commit_callbacks(execute=True):
        accept_image(case=case, uploaded_by=case.created_by, file=upload())
    assert announced == [("analyse_queued", queue)]


def test_the_sweeper_and_what_is_read_in_the_shadow_keep_to_it(
    case: Case,
    model: ModelVersion,
    settings: Settings,
    announced: list[tuple[str, str]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    settings.ANALYSIS_OWN_QUEUES = {"leukemia"}
    accept_image(case=case, uploaded_by=case.created_by, file=upload())
    other = ModelVersionFactory.create(assay="breast")
    with django_capture_on_commit_callbacks(execute=True):
        analysis_queue.sweep()
        shadowing.wake_workers_on_commit(model.pk)
        shadowing.wake_workers_on_commit(other.pk)
    own = ("analyse_queued", "analyses-leukemia"), ("analyse_in_shadow", "analyses-leukemia")
    assert announced == [*own, ("analyse_in_shadow", "")]


def test_a_worker_of_its_own_queue_takes_no_other_assays_images_and_no_other_worker_takes_its(
    case: Case, tissue_case: Case, model: ModelVersion, settings: Settings
) -> None:
    settings.ANALYSIS_OWN_QUEUES = {"leukemia"}
    tissue = ModelVersionFactory.create(assay="breast")
    accept_image(case=case, uploaded_by=case.created_by, file=upload())
    assert analysis_queue.claim_next(woken_for=tissue.pk) is None
    accept_image(case=tissue_case, uploaded_by=tissue_case.created_by, file=upload())
    own = analysis_queue.claim_next(woken_for=model.pk)
    assert own is not None
    assert [one.image.case for one in own.analyses] == [case]
    assert analysis_queue.claim_next(woken_for=model.pk) is None
    other = analysis_queue.claim_next(woken_for=tissue.pk)
    assert other is not None
    assert [one.image.case for one in other.analyses] == [tissue_case]
