"""The quick form of the fault suite; `make faults` does it whole."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from embedded.place import CHECKOUT

PATIENCE = 900.0  # seconds, on a machine that is busy


@pytest.mark.django_db(databases=[])
def test_a_site_that_is_hurt_from_outside_keeps_its_word(tmp_path: Path) -> None:
    table = tmp_path / "faults.md"
    command = [sys.executable, "-m", "tests.faults", "--quick", "--report", str(table)]
    command += ["--models", str(settings.MODEL_CACHE)]
    done = subprocess.run(
        command, cwd=CHECKOUT, env=dict(os.environ), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, row = table.read_text(encoding="utf-8").splitlines()
    assert row.startswith("| a poisonous image, and five faults in a row |")
    assert row.endswith("| nothing |")
