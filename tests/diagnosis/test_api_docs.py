"""The page about the API: its lines are run as they stand, by a shell, against a running system."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from clinic.models import User
from diagnosis.models import Prediction
from diagnosis.services.model_registry import activate_model, register_model
from tests.factories import PASSWORD, drawn_png
from tests.stack import running_stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.django_db(transaction=True)
def test_the_lines_of_the_page_lead_from_signing_in_to_the_result(owner: User, tmp_path: Path) -> None:
    activate_model(model=register_model(content=(ROOT / "bundles" / "leukemia.bundle").read_bytes()))
    page = (ROOT / "docs" / "api.md").read_text()
    lines = "".join(re.findall(r"^```sh\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL))
    (tmp_path / "smear.png").write_bytes(drawn_png())
    with running_stack(tmp_path) as stack:
        stack.start_web()
        stack.start_worker()
        told = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", lines],
            cwd=tmp_path,
            env={**os.environ, "API": f"{stack.address}/api/v1", "EMAIL": owner.email, "PASSWORD": PASSWORD},
            capture_output=True,
            check=False,
            timeout=120,
        )
    assert told.returncode == 0, told.stderr
    stored = Prediction.objects.get()
    assert json.loads(told.stdout)["probabilities"] == stored.probabilities
    assert (tmp_path / "outline.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "upload.json").read_text())["files"][0]["accepted"]
    assert not owner.auth_token_set.exists()
