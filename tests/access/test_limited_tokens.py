"""A token for some assays sees and changes nothing of another: every address of the API is walked with one."""

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.apps import apps
from django.test import Client

from clinic.models import Patient
from clinic.services.tokens import issue_token
from diagnosis.models import Case
from tests.access.asking import send, told, undone
from tests.access.rows import METHODS, ROWS, Row
from tests.access.world import World

pytestmark = pytest.mark.django_db
API = [row for row in ROWS if row.is_api and row.name != "api:tokens" and row.expected("GET", "anonymous") != "200"]
OF_THE_CASE = ("case", "image", "analysis", "failed", "prediction", "reading", "disputed", "request", "adjudication")
REFUSED = {"400", "403", "404", "405"}

# Where such a token may be used at all. A new address is closed to it until it says so, and stands here.
OPEN = {
    "api:current-token",
    "api:patient-list",
    "api:patient-search",
    "api:patient-detail",
    "api:case-list",
    "api:case-detail",
    "api:case-images",
    "api:image-list",
    "api:image-detail",
    "api:image-withdraw",
    "api:image-restore",
    "api:image-file",
    "api:analysis-list",
    "api:analysis-detail",
    "api:analysis-retry",
    "api:prediction-list",
    "api:prediction-detail",
    "api:prediction-file",
    "api:reading-list",
    "api:reading-detail",
    "api:report-list",
    "api:report-detail",
    "api:report-file",
    "api:model-list",
    "api:model-detail",
    "api:reading-request-list",
    "api:reading-request-detail",
    "api:reading-request-withdraw",
    "api:reading-request-decline",
    "api:reading-request-take",
    "api:reading-request-name",
    "api:reading-request-hand-back",
    "api:worklist",
    "api:worklist-search",
    "/api/v1/",
}


@pytest.fixture
def limited(world: World) -> Iterator[Client]:
    """A program of the owner's for blood smears alone."""
    with undone():
        token = issue_token(person=world.people["owner"], assays=["leukemia"]).text
        yield Client(headers={"Authorization": f"Token {token}"})


@pytest.fixture
def hidden(world: World, limited: Client) -> dict[str, UUID]:
    """One of the patient's two cases is of tissue, with all that hangs on it. The ids of that."""
    Case.objects.filter(pk=world.ids["case"]).update(assay="breast")
    return {name: world.ids[name] for name in OF_THE_CASE}


@pytest.mark.parametrize("row", API, ids=str)
def test_what_is_of_another_assay_does_not_exist(
    world: World, limited: Client, hidden: dict[str, UUID], row: Row
) -> None:
    names_it = row.of in hidden or any(str(value).strip("{}") in hidden for value in row.body.values())
    for method in METHODS:
        with undone():
            answer = send(limited, row, method, world.ids)
        if names_it and method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} and (row.of or method == "POST"):
            assert told(answer) in REFUSED, method
        text = b"" if answer.streaming else answer.content
        named = [name for name, pk in hidden.items() if str(pk).encode() in text and name != row.of]
        assert not named or told(answer) in REFUSED, (method, named)


@pytest.mark.parametrize("row", API, ids=str)
def test_what_is_of_its_assay_is_there_as_for_any_token(world: World, limited: Client, row: Row) -> None:
    """Where it may be used. Everywhere else it is told so."""
    for method in METHODS:
        with undone():
            answer = send(limited, row, method, world.ids)
        expected = row.expected(method, "write_token")
        if row.name in OPEN and expected != "refused" and not is_for_others(row, method):
            assert told(answer) in expected.split("|"), method
        elif row.name not in OPEN:
            assert answer.status_code == 403, method
            assert method == "HEAD" or answer.json()["code"] == "limited_token"


def is_for_others(row: Row, method: str) -> bool:
    return row.name == "api:model-list" and method == "POST"


def test_every_clinical_table_is_narrowed(world: World, limited: Client) -> None:
    """Wherever there is a `visible_to`, a program for another assay finds nothing."""
    owner = world.people["owner"]
    managers = [model._default_manager for model in apps.get_models() if hasattr(model._default_manager, "visible_to")]
    other = type(owner).objects.get(pk=owner.pk)
    other.only_assays = frozenset({"breast"})
    assert len(managers) > 7
    for manager in managers:
        assert manager.visible_to(owner).exists(), manager.model
        # The patients without a case whom the person registered are waiting for one.
        left = manager.visible_to(other)
        assert not (left.filter(cases__isnull=False) if manager.model is Patient else left).exists(), manager.model


def test_lists_and_filters_count_nothing_of_another_assay(
    world: World, limited: Client, hidden: dict[str, UUID]
) -> None:
    for kind, parameter in [("images", "case"), ("analyses", "case"), ("predictions", "case"), ("readings", "case")]:
        assert limited.get(f"/api/v1/{kind}/?{parameter}={hidden['case']}").json()["results"] == []
    cases = limited.get(f"/api/v1/cases/?patient={world.ids['patient']}").json()["results"]
    assert {case["assay"] for case in cases} == {"leukemia"}
    assert limited.get("/api/v1/cases/?assay=breast").json()["results"] == []
