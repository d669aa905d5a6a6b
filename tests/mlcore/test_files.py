"""Files are written aside and renamed: a full disk or a crash leaves the old one."""

import subprocess
import sys
from pathlib import Path

import pytest

from mlcore.files import replace_file
from tests.mlcore.conftest import ROOT

_LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
from mlcore.files import replace_file
from mlcore.training_state import State, write_state
from tests.mlcore import bundles

def text(path):
    with replace_file(path) as aside:
        aside.write_text("x" * 100_000)

def state(path):
    write_state(path, State({}, [], live={"a": np.zeros(100_000)}, averaged={}, best={}, optimizer=[], random=[]))

resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))  # from here on the disk is full after 10,000 bytes
try:
    {"text": text, "bundle": bundles.write, "state": state}[sys.argv[1]](Path(sys.argv[2]))
except OSError as error:
    print(error.strerror)
"""

_KILLED = """
import os, signal, sys
from pathlib import Path
from mlcore.files import replace_file

with replace_file(Path(sys.argv[1])) as aside:
    aside.write_text("half of it")
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("kind", ["text", "bundle", "state"])
def test_a_full_disk_leaves_the_old_file(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "file"
    path.write_text("the old one")

    done = subprocess.run(
        [sys.executable, "-c", _LIMITED, kind, str(path)], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert done.stdout.strip() == "File too large", done.stderr
    assert path.read_text() == "the old one"
    assert [child.name for child in tmp_path.iterdir()] == ["file"]


def test_a_process_that_is_killed_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("the old one")

    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], cwd=ROOT, capture_output=True, check=False)

    assert done.returncode == -9
    assert path.read_text() == "the old one"


def test_it_takes_the_place_of_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"

    with replace_file(path) as aside:
        aside.write_text("first")
    with replace_file(path) as aside:
        aside.write_text("second")
        assert path.read_text() == "first"

    assert path.read_text() == "second"
    assert [child.name for child in path.parent.iterdir()] == ["file"]
