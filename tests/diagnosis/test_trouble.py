"""A full disk or a database that went away is no fault of the images that were being analysed."""

import errno

import psycopg2.errors
import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from clinic.models import User
from clinic.services import readiness
from diagnosis.models import Analysis, AnalysisState, Case, ModelVersion
from diagnosis.models.analysis import MAX_ATTEMPTS
from diagnosis.services import analysing, analysis_queue, sweeping, trouble
from diagnosis.upload_handler import SizeLimitedUploadHandler
from tests.factories import AnalysisFactory, upload


@pytest.fixture
def waiting(model: ModelVersion) -> Analysis:
    """An image that waits."""
    return AnalysisFactory.create(model_version=model)


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def fail(_claim: analysis_queue.Claim) -> None:
        raise error

    monkeypatch.setattr(analysing, "_analyse", fail)


def database_error(kind: type[psycopg2.Error]) -> OperationalError:
    error = OperationalError()
    error.__cause__ = kind()
    return error


class Coded(psycopg2.OperationalError):
    pgcode = "53100"  # disk full


class OfTheStatement(psycopg2.OperationalError):
    pgcode = "54000"  # a limit of what a statement may be


def tried(analysis: Analysis) -> tuple[str, int]:
    with pytest.raises((OSError, OperationalError)):
        analysing.analyse_next_batch(model_version_id=analysis.model_version_id)
    analysis.refresh_from_db()
    return analysis.state, analysis.attempts


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "full"), OperationalError(), database_error(Coded)],
    ids=["full disk", "connection lost", "disk of the database full"],
)
def test_an_image_loses_no_attempt_by_trouble_that_it_did_not_make(
    waiting: Analysis, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, error)
    for _ in range(MAX_ATTEMPTS + 1):
        assert tried(waiting) == (AnalysisState.QUEUED, 0)


@pytest.mark.parametrize("error", [OSError("encoder error -2"), database_error(OfTheStatement)])
def test_an_error_that_may_be_the_images_own_ends_after_three_attempts(
    waiting: Analysis, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    failing(monkeypatch, error)
    for _ in range(MAX_ATTEMPTS):
        state, _attempts = tried(waiting)
    assert state == AnalysisState.QUARANTINED


def test_nothing_is_claimed_until_files_can_be_stored_again(
    waiting: Analysis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as broken:
        failing(broken, OSError(errno.ENOSPC, "full"))
        tried(waiting)
        broken.setattr(readiness, "check_storage", not_ready)
        assert not analysing.analyse_next_batch(model_version_id=waiting.model_version_id)
        assert "images wait until they can" in caplog.text
    assert not trouble.lasts()
    failing(monkeypatch, OSError("reached"))
    assert tried(waiting) == (AnalysisState.QUEUED, 1)


def not_ready() -> None:
    raise readiness.NotReady


@pytest.fixture
def sweeps(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    done: list[str] = []
    monkeypatch.setattr(analysis_queue, "sweep", lambda: done.append("swept"))
    return done


def test_messages_that_waited_together_for_a_worker_are_one_sweep(db: None, sweeps: list[str]) -> None:
    for _ in range(720):
        sweeping.sweep()
    assert sweeps == ["swept"]


@pytest.mark.parametrize("start", ["/api/v1", ""])
def test_an_upload_for_which_there_is_no_room_is_to_be_sent_again_later(
    case: Case, owner: User, monkeypatch: pytest.MonkeyPatch, start: str
) -> None:
    """The bytes on their way are kept in a temporary file first."""

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "secret inside")

    monkeypatch.setattr(SizeLimitedUploadHandler, "new_file", fail)
    browser = Client(raise_request_exception=False)
    browser.force_login(owner)
    answer = browser.post(f"{start}/cases/{case.pk}/images/", {"files": upload()})
    assert (answer.status_code, answer["Retry-After"]) == (503, "60")
    assert b"Nothing can be stored just now" in answer.content
    assert b"secret" not in answer.content


def test_a_batch_is_given_back_once_the_database_answers_again(
    transactional_db: None, waiting: Analysis, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(monkeypatch, OperationalError())
    monkeypatch.setattr(trouble, "PAUSES", (0.0, 0.0))
    give_back, tries = analysis_queue.give_back, iter([OperationalError, InterfaceError])

    def is_away(claim: analysis_queue.Claim, *, excused: bool) -> None:
        if error := next(tries, None):
            raise error
        give_back(claim, excused=excused)

    monkeypatch.setattr(analysis_queue, "give_back", is_away)
    assert tried(waiting) == (AnalysisState.QUEUED, 0)
