"""Registering and activating models."""

from pathlib import Path

import pytest
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import InternalError, transaction

from clinic.models import AuditEvent, User
from diagnosis.models import ChangeKind, ModelChange, ModelState, ModelVersion
from diagnosis.selectors.models import active_model, has_usable_model
from diagnosis.services.model_registry import activate_model, register_model
from diagnosis.services.model_states import move_model
from mlcore.engines.exported import ExportFailed
from tests.diagnosis.small_models import WHY, write_small
from tests.factories import ModelVersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A model of one small network with random weights."""
    return write_small(tmp_path / "small.bundle", scale=1.0)


def test_the_first_model_of_an_assay_is_installed_by_a_command(small: Path) -> None:
    model = activate_model(model=register_model(content=small.read_bytes()))

    assert active_model("breast") == model
    assert [change.kind for change in model.changes.all()] == [ChangeKind.INSTALLED, ChangeKind.REGISTERED]
    assert set(AuditEvent.objects.values_list("action", flat=True)) == {"model.registered", "model.installed"}


def test_a_model_that_works_is_not_replaced_by_a_command(small: Path, tmp_path: Path) -> None:
    before = activate_model(model=register_model(content=small.read_bytes()))
    other = write_small(tmp_path / "other.bundle", name="other")

    with pytest.raises(ValidationError, match="two administrators"):
        activate_model(model=register_model(content=other.read_bytes()))

    assert active_model("breast") == before


def test_it_refuses_a_model_whose_engines_disagree(tmp_path: Path) -> None:
    wild = write_small(tmp_path / "wild.bundle", scale=30.0)  # so large that float32 rounds differently in each engine

    with pytest.raises(ExportFailed):
        activate_model(model=register_model(content=wild.read_bytes()))

    assert active_model("breast") is None


def test_the_command_says_why_nothing_was_activated(tmp_path: Path) -> None:
    wild = write_small(tmp_path / "wild.bundle", scale=30.0)

    with pytest.raises(CommandError, match="Nothing was activated"):
        call_command("register_model", wild, activate=True)

    assert active_model("breast") is None


def test_the_command_replaces_a_model_that_this_program_cannot_read(small: Path) -> None:
    old = register_model(content=small.read_bytes())
    ModelVersion.objects.filter(pk=old.pk).update(
        state=ModelState.ACTIVE, sha256="0" * 64, manifest={**old.manifest, "format": 1}
    )
    assert not has_usable_model("breast")

    call_command("register_model", small, activate=True)

    old.refresh_from_db()
    assert old.state == ModelState.RETIRED
    assert has_usable_model("breast")


def test_the_command_leaves_a_usable_model_active(small: Path, tmp_path: Path) -> None:
    call_command("register_model", small, activate=True)
    before = active_model("breast")
    other = write_small(tmp_path / "other.bundle", scale=1.0, name="other")

    call_command("register_model", other, activate=True)

    assert active_model("breast") == before


def test_only_administrators_look_after_models(small: Path, owner: User) -> None:
    with pytest.raises(PermissionDenied):
        register_model(content=small.read_bytes(), registered_by=owner)


def test_the_database_refuses_a_move_that_nobody_makes(small: Path) -> None:
    model = activate_model(model=register_model(content=small.read_bytes()))
    with pytest.raises(InternalError, match="Invalid transition"):
        ModelVersion.objects.filter(pk=model.pk).update(state=ModelState.CANDIDATE)


def test_what_was_decided_is_never_rewritten(small: Path) -> None:
    change = register_model(content=small.read_bytes()).changes.get()
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        ModelChange.objects.filter(pk=change.pk).update(reason="Something else.")
    with pytest.raises(InternalError, match="Cannot delete"), transaction.atomic():
        change.delete()


@pytest.mark.parametrize(
    ("first", "then"),
    [
        (ModelState.CANDIDATE, ModelState.SHADOW),
        (ModelState.SHADOW, ModelState.CANDIDATE),
        (ModelState.CANDIDATE, ModelState.RETIRED),
        (ModelState.RETIRED, ModelState.CANDIDATE),
    ],
)
def test_an_administrator_moves_a_model_with_a_reason(administrator: User, first: ModelState, then: ModelState) -> None:
    model = ModelVersionFactory.create(state=first)
    moved = move_model(model=model, state=then, moved_by=administrator, **WHY)
    change = moved.changes.get()
    assert (moved.state, change.made_by, change.why, change.reason) == (then, administrator, *WHY.values())
    event = AuditEvent.objects.get(action=f"model.{change.kind}")
    assert (event.actor, event.detail["why"], event.detail["change"]) == (administrator, "figures", change.pk)
    assert WHY["reason"] not in str(event.detail)


@pytest.mark.parametrize("state", [ModelState.ACTIVE, ModelState.RETIRED])
def test_nobody_makes_a_model_active_or_retires_the_active_one_alone(administrator: User, state: ModelState) -> None:
    model = ModelVersionFactory.create(state=ModelState.ACTIVE if state == ModelState.RETIRED else ModelState.CANDIDATE)
    with pytest.raises(ValidationError, match="another state"):
        move_model(model=model, state=state, moved_by=administrator, **WHY)


@pytest.mark.parametrize("lacking", [{"why": ""}, {"why": "mood"}, {"reason": " "}])
def test_it_asks_why(administrator: User, lacking: dict[str, str]) -> None:
    model = ModelVersionFactory.create(state=ModelState.CANDIDATE)
    with pytest.raises(ValidationError):
        move_model(model=model, state=ModelState.SHADOW, moved_by=administrator, **(WHY | lacking))
    assert not model.changes.exists()
