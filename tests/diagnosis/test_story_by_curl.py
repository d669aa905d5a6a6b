"""The main job as another system does it: sign in, upload, poll and read with curl alone."""

import json
import math
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from clinic.models import User
from diagnosis.models import Case, Prediction
from mlcore.assays import get_assay
from tests.factories import PASSWORD, drawn_png
from tests.real import forty_real_images
from tests.stack import Stack
from tests.waiting import PATIENCE

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="left out: curl is not installed")


def curl(*arguments: str) -> Any:
    done = subprocess.run(["curl", "--silent", "--show-error", *arguments], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def upload_and_wait(stack: Stack, owner: User, case: Case, files: list[Path]) -> list[Any]:
    """The predictions on all files, as the API gives them."""
    at = f"{stack.address}/api/v1"
    body = json.dumps({"email": owner.email, "password": PASSWORD})
    token = curl("-X", "POST", f"{at}/tokens/", "-H", "Content-Type: application/json", "-d", body)["token"]
    signed = ("-H", f"Authorization: Token {token}")
    parts = [word for path in files for word in ("-F", f"files=@{path}")]
    outcomes = curl(*signed, *parts, f"{at}/cases/{case.pk}/images/")["files"]
    assert [outcome["accepted"] for outcome in outcomes] == [True] * len(files)
    deadline = time.monotonic() + 2 * PATIENCE
    predictions = []
    for outcome in outcomes:
        while (analysis := curl(*signed, outcome["analysis_url"]))["state"] in {"queued", "running"}:
            assert time.monotonic() < deadline, analysis
            time.sleep(0.5)
        assert analysis["state"] == "succeeded", analysis
        predictions.append(curl(*signed, analysis["prediction_url"]))
    return predictions


def is_sound(prediction: Any) -> bool:
    return math.isclose(sum(prediction["probabilities"].values()), 1, abs_tol=1e-9)


def test_drawn_images_are_uploaded_polled_and_read(stack: Stack, owner: User, case: Case, tmp_path: Path) -> None:
    stack.start_worker()
    files = [tmp_path / f"{seed}.png" for seed in range(4)]
    for seed, path in enumerate(files):
        path.write_bytes(drawn_png(kind=get_assay("leukemia").classes[seed], seed=seed))
    assert all(map(is_sound, upload_and_wait(stack, owner, case, files)))


@pytest.mark.parametrize("assay", ["leukemia", "breast"])
def test_forty_real_images_are_uploaded_polled_and_read(
    stack: Stack, owner: User, case: Case, tissue_case: Case, real_images: Path, assay: str
) -> None:
    stack.start_worker()
    specimen = {"leukemia": case, "breast": tissue_case}[assay]
    predictions = upload_and_wait(stack, owner, specimen, forty_real_images(real_images, assay))
    assert len(predictions) == Prediction.objects.count() == 40
    assert all(map(is_sound, predictions))
