"""The README's story of a model: a shell runs its lines as they stand, against real servers and a real worker."""

import json
import os
import re
import subprocess
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from clinic.models import AuditEvent, Role, User
from clinic.services.tokens import issue_token
from diagnosis.models import ModelState, ModelVersion, ShadowAnalysis, ShadowState
from diagnosis.selectors.models import active_model
from diagnosis.services.model_registry import activate_model, register_model
from tests.api_client import ApiClient
from tests.diagnosis.small_models import write_small
from tests.factories import CaseFactory, UserFactory, drawn_png
from tests.stack import Stack, running_stack
from tests.waiting import wait_until

README = Path(__file__).resolve().parents[2] / "README.md"
STORY = "## A new model, from its file to its use"


def pieces() -> list[str]:
    """The story's lines, block by block."""
    story = README.read_text(encoding="utf-8").split(STORY)[1].split("\n## ")[0]
    return re.findall(r"^```sh\n(.*?)^```$", story, flags=re.MULTILINE | re.DOTALL)


@dataclass
class Shell:
    """Runs the lines one block after the other, as somebody who copies them does: what was set stays set."""

    folder: Path
    environment: dict[str, str]

    def run(self, lines: str) -> str:
        kept = "{ declare -f; declare -p API MODEL NEXT 2> errors || true; } > kept"
        script = f"touch kept\n. ./kept\nset -euo pipefail\n{lines}\n{kept}"
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=self.folder,
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout


@pytest.fixture
def first(transactional_db: None, tmp_path: Path) -> ModelVersion:
    """The model that is there when the story begins."""
    content = write_small(tmp_path / "small.bundle").read_bytes()
    return activate_model(model=register_model(content=content))


@pytest.fixture
def files(tmp_path: Path) -> None:
    """What the lines name: two bundles and a zip of images. Other tests use the first too, so its export is there."""
    write_small(tmp_path / "mine.bundle", name="other")
    write_small(tmp_path / "next.bundle", name="next")
    with zipfile.ZipFile(tmp_path / "ours.zip", "w") as archive:
        for kind in ("Benign", "Malignant"):
            for seed in (1, 2):
                archive.writestr(f"{kind}/{seed}.png", drawn_png(assay="breast", kind=kind, seed=seed))


def a_doctor_sends_an_image(stack: Stack, owner: User) -> None:
    case = CaseFactory.create(assay="breast", patient__created_by=owner)
    case.patient.care_team_memberships.create(user=owner, added_by=owner)
    ApiClient.of(owner, stack.address).upload(case.pk, {"live.png": drawn_png(assay="breast", kind="Benign", seed=9)})
    done = ShadowAnalysis.objects.filter(state=ShadowState.SUCCEEDED)
    wait_until(done.exists, what="the model in the shadow to read the image")


@pytest.mark.usefixtures("files")
def test_the_lines_of_the_readme_lead_a_model_into_use_and_back(
    first: ModelVersion, owner: User, administrator: User, tmp_path: Path
) -> None:
    second = UserFactory.create(role=Role.ADMINISTRATOR)
    with running_stack(tmp_path) as stack:
        stack.start_web()
        stack.start_worker()
        tokens = {name: issue_token(person=one).text for name, one in (("ONE", administrator), ("TWO", second))}
        shell = Shell(tmp_path, {"API": f"{stack.address}/api/v1", **tokens})
        helpers, measure, activate, shadow, compare, back = pieces()
        shell.run(helpers)
        shell.run(measure)
        assert (tmp_path / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
        shell.run(activate)
        mine = ModelVersion.objects.get(name="other")
        assert active_model("breast") == mine
        shell.run(shadow)
        a_doctor_sends_an_image(stack, owner)
        assert json.loads(shell.run(compare))["comparison"]["images"] == 1
        shell.run(back)
    assert active_model("breast") == first
    mine.refresh_from_db()
    assert mine.state == ModelState.RETIRED
    told = AuditEvent.objects.filter(action__in=["model.activated", "model.rolled_back_to"]).order_by("id")
    assert [(one.action, one.actor) for one in told] == [("model.activated", second), ("model.rolled_back_to", second)]
