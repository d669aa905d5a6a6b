"""A small model that is really trained, once a session, on drawn patches; no patient's image and no Django."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mlcore.predictor import Predictor

Run = Callable[..., "subprocess.CompletedProcess[str]"]

ROOT = Path(__file__).parents[2]
BRIEFLY = ("--members", "2", "--epochs", "2")


def run_mlcore(*arguments: str | Path, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """`python -m mlcore` in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mlcore", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="session")
def mlcore() -> Run:
    """The command line."""
    return run_mlcore


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder of drawn breast patches, 24 a class."""
    folder = tmp_path_factory.mktemp("drawn")
    done = run_mlcore("draw", "--assay", "breast", "--out", folder, "--count", "24")
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="session")
def bundle_path(tmp_path_factory: pytest.TempPathFactory, drawn: Path) -> Path:
    """A committee of two trained on the drawn patches for two epochs."""
    path = tmp_path_factory.mktemp("model") / "drawn.bundle"
    done = run_mlcore("train", "--assay", "breast", "--data", drawn, "--out", path, *BRIEFLY)
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the serving engine's form of models is kept in this session."""
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="session")
def predictor(bundle_path: Path, cache: Path) -> Predictor:
    """The trained model, ready to read images."""
    return Predictor.load(bundle_path, cache=cache)
