"""Registering and activating models."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from django.core.exceptions import PermissionDenied
from django.core.management import call_command
from django.core.management.base import CommandError

from clinic.models import AuditEvent, User
from diagnosis.models import ModelState, ModelVersion
from diagnosis.selectors.models import active_model, has_usable_model
from diagnosis.services.model_registry import activate_model, register_model
from mlcore.bundle import write_bundle
from mlcore.engines.exported import ExportFailed
from tests.mlcore import bundles

pytestmark = pytest.mark.django_db


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A model of one small network with random weights."""
    return write_small(tmp_path / "small.bundle", scale=1.0)


def write_small(path: Path, *, scale: float, name: str = "small") -> Path:
    described = bundles.manifest()
    architecture = replace(described.architecture, members=1)
    described = replace(described, name=name, architecture=architecture)
    network = {key: (value * np.float32(scale)) for key, value in bundles.network(described).items()}
    write_bundle(path, described, network, bundles.scope(described))
    return path


def test_an_activated_model_retires_the_one_before(small: Path, tmp_path: Path) -> None:
    first = activate_model(model=register_model(content=small.read_bytes()))
    other = write_small(tmp_path / "other.bundle", scale=1.0, name="other")

    second = activate_model(model=register_model(content=other.read_bytes()))

    first.refresh_from_db()
    assert (first.state, second.state) == (ModelState.RETIRED, ModelState.ACTIVE)
    assert active_model("breast") == second
    assert AuditEvent.objects.filter(action="model.retired").count() == 1


def test_it_refuses_a_model_whose_engines_disagree(small: Path, tmp_path: Path) -> None:
    before = activate_model(model=register_model(content=small.read_bytes()))
    wild = write_small(tmp_path / "wild.bundle", scale=30.0)  # so large that float32 rounds differently in each engine

    with pytest.raises(ExportFailed):
        activate_model(model=register_model(content=wild.read_bytes()))

    assert active_model("breast") == before


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
