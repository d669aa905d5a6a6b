"""Training that can be repeated, stopped and gone on with, on any Keras backend."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mlcore.training_state import State, UnusableState, read_state, write_state
from tests.mlcore.conftest import ROOT

Run = dict[str, object]


def small(data: Path, folder: Path, *runs: str, **environment: str) -> list[Run]:
    """Small networks trained in a process of their own: what came of each run, see `small_training`."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.mlcore.small_training", str(data), str(folder), *runs],
        cwd=ROOT,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> dict[str, Run]:
    """Runs of two processes: a whole one and a stopped one; then the same again, going on, and another seed."""
    folder = tmp_path_factory.mktemp("states")
    first = small(drawn, folder, "whole:1:2", "stopped:1:2:1")
    for name in ("seed", "epochs"):
        shutil.copyfile(folder / "stopped.state", folder / f"{name}.state")
    second = small(drawn, folder, "again:1:2", "stopped:1:2", "other:2:2", "seed:2:2", "epochs:1:3")
    names = ("whole", "stopped", "again", "went on", "other", "another seed", "more epochs")
    return dict(zip(names, first + second, strict=True))


def test_the_same_seed_gives_the_same_weights(runs: dict[str, Run]) -> None:
    assert runs["again"]["state"] == runs["whole"]["state"]


def test_another_seed_gives_other_weights(runs: dict[str, Run]) -> None:
    assert runs["other"]["state"] != runs["whole"]["state"]


def test_a_resumed_run_ends_with_the_weights_of_one_that_was_never_stopped(runs: dict[str, Run]) -> None:
    assert runs["stopped"]["interrupted"]
    assert runs["stopped"]["state"] != runs["whole"]["state"]
    assert runs["went on"]["epochs"] == runs["whole"]["epochs"]
    assert runs["went on"]["state"] == runs["whole"]["state"]


def test_mixed_precision_learns_as_well(runs: dict[str, Run], drawn: Path, tmp_path: Path) -> None:
    (mixed,) = small(drawn, tmp_path, "mixed:1:2", MIXED_PRECISION="yes")
    assert mixed["state"] != runs["whole"]["state"]
    assert mixed["epochs"] == pytest.approx(runs["whole"]["epochs"], rel=0.3)  # a small network in large steps


def test_a_run_does_not_go_on_from_the_state_of_another(runs: dict[str, Run]) -> None:
    assert "other seed" in str(runs["another seed"]["refused"])
    assert "other epochs" in str(runs["more epochs"]["refused"])


def test_an_image_that_vanishes_while_it_trains_is_named(drawn: Path, tmp_path: Path) -> None:
    shutil.copytree(drawn, tmp_path / "data")

    (found,) = small(tmp_path / "data", tmp_path, "run:1:2", VANISHING="yes")

    assert "can no longer be read" in str(found["refused"])
    assert ".png" in str(found["refused"])


def test_nothing_that_trains_imports_tensorflow_of_its_own() -> None:
    code = (
        "import sys\n"
        "import mlcore.datasets, mlcore.splits, mlcore.augmentation, mlcore.preprocessing, mlcore.training_state\n"
        "print([name for name in ('tensorflow', 'keras', 'jax', 'torch') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
    for path in (ROOT / "mlcore").glob("*.py"):
        assert "import tensorflow" not in path.read_text(), path.name
        assert "tf.data" not in path.read_text(), path.name


def test_it_says_when_a_state_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "run.state"
    weights = {"kernel": np.zeros(100, np.float32)}
    write_state(path, State({"seed": "1"}, [], live=weights, averaged={}, best={}, optimizer=[], random=[]))
    data = path.read_bytes()

    for bad in (b"", b"nonsense", data[:-10], data[: len(data) // 2]):
        path.write_bytes(bad)
        with pytest.raises(UnusableState, match="damaged"):
            read_state(path, run={"seed": "1"})


def test_there_may_be_no_state_yet(tmp_path: Path) -> None:
    assert read_state(tmp_path / "none.state", run={}) is None
