"""Where waiting images stand, and how long that takes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone, translation

from clinic.models import User
from diagnosis.models import Analysis, Case, ModelVersion
from diagnosis.selectors import waiting
from diagnosis.selectors.waiting import InQueue, queue_places, rounded
from diagnosis.waits import in_words
from tests.factories import AnalysisFactory, PredictionFactory, UserFactory

Api = Callable[[str], Any]


@pytest.fixture
def line(case: Case, model: ModelVersion, owner: User) -> list[Analysis]:
    """Three images of the owner's case, waiting for a minute."""
    found = AnalysisFactory.create_batch(3, image__case=case, model_version=model, requested_by=owner)
    Analysis.objects.update(queued_at=timezone.now() - timedelta(minutes=1))
    return found


@pytest.fixture
def finished(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have a model store so many results, each that long ago."""

    def store(model: ModelVersion, *, count: int, ago: timedelta = timedelta(seconds=20)) -> None:
        then = timezone.now() - ago
        with monkeypatch.context() as patch:
            patch.setattr(timezone, "now", lambda: then)
            pictures = {"mask_sha256": "a", "outline_sha256": "b", "map_sha256": "c"}
            PredictionFactory.create_batch(count, analysis__model_version=model, **pictures)

    return store


def test_people_stand_beside_one_another(line: list[Analysis], model: ModelVersion, stranger: User) -> None:
    other = AnalysisFactory.create(model_version=model, requested_by=stranger)
    places = queue_places([*line, other])
    assert places[other.pk].position == 2
    assert sorted(place.position for place in places.values()) == [1, 2, 3, 4]


def test_the_wait_is_told_by_what_was_finished_while_they_waited(
    line: list[Analysis], model: ModelVersion, finished: Callable[..., None]
) -> None:
    finished(model, count=15)  # in the minute that they have waited: one every four seconds
    assert sorted(place.seconds or 0 for place in queue_places(line).values()) == [10, 10, 30]


@pytest.mark.parametrize("case_of", ["nothing", "too few", "before they waited", "of another model"])
def test_without_recent_figures_no_wait_is_made_up(
    line: list[Analysis], model: ModelVersion, finished: Callable[..., None], case_of: str
) -> None:
    if case_of == "too few":
        finished(model, count=3)
    if case_of == "before they waited":
        finished(model, count=12, ago=timedelta(minutes=2))
    if case_of == "of another model":
        finished(AnalysisFactory.create(model_version__assay="breast").model_version, count=12)
    assert {place.seconds for place in queue_places(line).values()} == {None}


def test_only_the_first_of_a_long_queue_are_counted(
    line: list[Analysis], model: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MOST_COUNTED", 2)
    places = queue_places(line)
    assert [places[one.pk].position for one in sorted(line, key=lambda one: one.turn)] == [1, 2, 3]
    assert [place.is_far for place in sorted(places.values(), key=lambda place: place.position)] == [
        False,
        False,
        True,
    ]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.2, 10),
        (9.9, 10),
        (12, 30),
        (31, 60),
        (100, 120),
        (700, 600),
        (1_000, 900),
        (7_000, 7_200),
    ],
)
def test_a_wait_is_told_in_steps(seconds: float, told: int) -> None:
    assert rounded(seconds) == told


def test_a_wait_is_told_in_words() -> None:
    assert [in_words(one) for one in (10, 60, 120, 3_600, 7_200)] == [
        "10 seconds",
        "1 minute",
        "2 minutes",
        "1 hour",
        "2 hours",
    ]
    with translation.override("es"):
        assert in_words(120) == "2 minutos"


def test_the_pages_and_the_api_tell_it(
    line: list[Analysis],
    model: ModelVersion,
    case: Case,
    owner_client: Client,
    api: Api,
    finished: Callable[..., None],
) -> None:
    finished(model, count=12)
    first = min(line, key=lambda one: (one.queued_at, one.turn))
    listed = owner_client.get(f"/cases/{case.pk}/").content.decode()
    assert "The last image here that waits is expected in about 30 seconds." in listed
    page = owner_client.get(f"/images/{first.image_id}/").content.decode()
    assert "The result is expected in about 10 seconds." in page
    told = api("owner").get(f"/api/v1/analyses/{first.pk}/").json()
    assert (told["queue_position"], told["expected_wait"]) == (1, 10)


def test_the_pages_and_the_api_tell_when_it_is_far(
    line: list[Analysis],
    model: ModelVersion,
    case: Case,
    owner_client: Client,
    api: Api,
    finished: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(waiting, "MOST_COUNTED", 1)
    Analysis.objects.update(queued_at=timezone.now() - timedelta(minutes=5))
    finished(model, count=10)
    last = max(line, key=lambda one: (one.queued_at, one.turn))
    assert "more than 1 before it" in owner_client.get(f"/cases/{case.pk}/").content.decode()
    page = owner_client.get(f"/images/{last.image_id}/").content.decode()
    assert "More than 1 images are before it. It will take more than 1 minute." in page
    assert api("owner").get(f"/api/v1/analyses/{last.pk}/").json()["queue_position"] == 2


def test_somebody_elses_images_are_counted_and_not_shown(line: list[Analysis], api: Api, stranger: User) -> None:
    mine = AnalysisFactory.create(model_version=line[0].model_version, requested_by=UserFactory.create())
    assert queue_places([mine])[mine.pk] == InQueue(2)
    assert api("stranger").get("/api/v1/analyses/").json()["results"] == []
