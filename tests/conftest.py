"""The same people everywhere: an owner, a colleague on the care team, a stranger, an administrator, an auditor."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db.backends.postgresql.operations import DatabaseOperations
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from clinic import wake_ups
from clinic.models import Patient, Role, User
from clinic.services.tokens import issue_token
from diagnosis.models import Case, ModelVersion
from diagnosis.services import sweeping, trouble
from diagnosis.services.model_registry import activate_model, register_model
from tests.api_client import ApiClient
from tests.emptying import empty_with_the_trail
from tests.factories import CaseFactory, ModelVersionFactory, PatientFactory, UserFactory, add_to_care_team
from tests.stack import Stack, running_stack

BUNDLES = Path(__file__).resolve().parent.parent / "bundles"


def pytest_collection_finish() -> None:
    """What is loaded by now stays, so the collector need not look at it again and again: a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session", autouse=True)
def _emptying_reaches_the_trail() -> Iterator[None]:
    """Tests that commit end with empty tables; the trail's let nobody empty them but their owner, and so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            DatabaseOperations, "execute_sql_flush", empty_with_the_trail(DatabaseOperations.execute_sql_flush)
        )
        yield


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    """What a process remembers for a few seconds is no matter of the next test."""
    for memory in (wake_ups, sweeping, trouble):
        memory.forget()


@pytest.fixture(autouse=True)
def _own_media(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def owner(db: None) -> User:
    """The doctor who registered the patient."""
    return UserFactory.create(full_name="Olivia Owner")


@pytest.fixture
def colleague(patient: Patient) -> User:
    """A doctor on the patient's care team."""
    person = UserFactory.create(full_name="Colin Colleague")
    add_to_care_team(patient, person)
    return person


@pytest.fixture
def stranger(db: None) -> User:
    """A doctor who has nothing to do with the patient."""
    return UserFactory.create(full_name="Stella Stranger")


@pytest.fixture
def administrator(db: None) -> User:
    return UserFactory.create(full_name="Adam Administrator", role=Role.ADMINISTRATOR)


@pytest.fixture
def auditor(db: None) -> User:
    return UserFactory.create(full_name="Audrey Auditor", role=Role.AUDITOR)


@pytest.fixture
def patient(owner: User) -> Patient:
    """The owner's patient."""
    patient = PatientFactory.create(created_by=owner)
    add_to_care_team(patient, owner)
    return patient


@pytest.fixture
def case(patient: Patient) -> Case:
    """A blood smear of the owner's patient."""
    return CaseFactory.create(patient=patient)


@pytest.fixture
def model(db: None) -> ModelVersion:
    """A registered model that is active for blood smears. It does not run: no worker is there."""
    return ModelVersionFactory.create()


@pytest.fixture
def owner_client(owner: User) -> Client:
    """The owner's browser, signed in."""
    client = Client()
    client.force_login(owner)
    return client


@pytest.fixture
def stranger_client(stranger: User) -> Client:
    client = Client()
    client.force_login(stranger)
    return client


@pytest.fixture
def web(request: pytest.FixtureRequest) -> Callable[[str], Client]:
    """`web("owner")`: that person's browser, signed in; `web("anonymous")` is nobody's."""

    def client_of(who: str) -> Client:
        client = Client()
        if who != "anonymous":
            client.force_login(request.getfixturevalue(who))
        return client

    return client_of


@pytest.fixture
def api(request: pytest.FixtureRequest) -> Callable[[str], APIClient]:
    """`api("owner")`: a program that acts for that person with a token; `api("anonymous")` has none."""

    def client_of(who: str) -> APIClient:
        client = APIClient()
        if who != "anonymous":
            token = issue_token(person=request.getfixturevalue(who)).text
            client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return client_of


@pytest.fixture
def tissue_case(patient: Patient) -> Case:
    """A histology case of the owner's patient."""
    return CaseFactory.create(patient=patient, assay="breast")


@pytest.fixture
def bundled_models(transactional_db: None) -> None:
    """The models that come with the project, registered and active."""
    for bundle in sorted(BUNDLES.glob("*.bundle")):
        activate_model(model=register_model(content=bundle.read_bytes()))


@pytest.fixture
def stack(bundled_models: None, tmp_path: Path) -> Iterator[Stack]:
    """Web and scheduler running on a broker of their own; each test starts its workers."""
    with running_stack(tmp_path) as stack:
        stack.start_web()
        stack.start_scheduler()
        yield stack


@pytest.fixture
def program(stack: Stack, owner: User) -> ApiClient:
    """The owner's program, calling the running web server."""
    return ApiClient.of(owner, stack.address)


@pytest.fixture(scope="session")
def real_images() -> Path:
    """The folder of real images named by SECOND_READ_DATA."""
    folder = os.environ.get("SECOND_READ_DATA")
    if not folder:
        pytest.skip("left out: SECOND_READ_DATA does not name the folder of real images")
    return Path(folder)
