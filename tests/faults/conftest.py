"""A whole system that may be broken on purpose."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from clinic.models import User
from diagnosis.models import Case
from diagnosis.services.model_registry import activate_model, register_model
from tests.api_client import ApiClient
from tests.factories import CaseFactory
from tests.stack import Stack, running_stack

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def bundled_models(transactional_db: None) -> None:
    """The models that come with the project, registered and active."""
    for bundle in sorted((ROOT / "bundles").glob("*.bundle")):
        activate_model(model=register_model(content=bundle.read_bytes()))


@pytest.fixture
def stack(bundled_models: None, tmp_path: Path) -> Iterator[Stack]:
    """Web and scheduler running on a broker of their own; each test starts its workers."""
    with running_stack(tmp_path) as stack:
        stack.start_web()
        stack.start_scheduler()
        yield stack


@pytest.fixture
def api(stack: Stack, owner: User) -> ApiClient:
    """The owner's program."""
    return ApiClient.of(owner, stack.address)


@pytest.fixture
def tissue_case(case: Case) -> Case:
    """A histology case of the owner's patient."""
    return CaseFactory.create(patient=case.patient, assay="breast")
