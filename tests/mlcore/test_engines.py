"""The engines: float32 everywhere, the same answers, and an export that is made once."""

import argparse
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.bundle import read_bundle, write_bundle
from mlcore.commands import export
from mlcore.engines import TOLERANCE, Forward
from mlcore.engines.agreement import check_images, largest_difference
from mlcore.engines.exported import SEAL, ExportFailed, exported, read_export
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.predictor import Predictor
from tests.mlcore import bundles
from tests.mlcore.conftest import ROOT

ASSAY = get_assay("breast")
PIXELS = [np.full((50, 50, 3), level, np.float32) for level in (0.2, 0.8)]


class FakeEngine:
    """Answers the same to everything."""

    def __init__(self, logits: list[float], features: float = 1.0) -> None:
        self._answer = Forward(np.array(logits, np.float32), np.full((2, 2, 3), features, np.float32))

    def run(self, pixels: Sequence[NDArray[np.float32]]) -> list[Forward]:
        return [self._answer for _ in pixels]


@pytest.fixture
def engine(predictor: Predictor, bundle_path: Path, cache: Path) -> OpenVinoEngine:
    """The serving engine of the trained model."""
    made = exported(bundle_path, digest=predictor.digest, cache=cache)
    return OpenVinoEngine(made.graph, made.weights, input_size=50)


def test_inference_is_float32_on_every_cpu(engine: OpenVinoEngine) -> None:
    compiled: Any = engine._compiled

    assert compiled.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"
    layers = {node.get_rt_info()["runtimePrecision"].astype(str) for node in compiled.get_runtime_model().get_ops()}
    assert "f32" in layers
    assert not layers & {"bf16", "f16", "i8", "u8"}


def test_answers_come_in_order(engine: OpenVinoEngine) -> None:
    forward, backward = engine.run(PIXELS), engine.run(PIXELS[::-1])

    assert not np.array_equal(forward[0].logits, forward[1].logits)
    for one, other in zip(forward, backward[::-1], strict=True):
        assert np.array_equal(one.logits, other.logits)
        assert one.features.dtype == one.logits.dtype == np.float32


def test_the_check_images_are_the_same_everywhere() -> None:
    images = check_images(ASSAY, 50)

    assert all(np.array_equal(a, b) for a, b in zip(images, check_images(ASSAY, 50), strict=True))
    assert len({image.tobytes() for image in images}) == len(images) >= 4 * len(ASSAY.classes)


@pytest.mark.parametrize(
    "other",
    [
        FakeEngine([1.0, 2.001]),
        FakeEngine([1.0, 2.0], features=1.001),
        FakeEngine([1.0, float("nan")]),
        FakeEngine([1.0, 2.0], features=float("nan")),
    ],
)
def test_it_tells_engines_that_are_apart(other: FakeEngine) -> None:
    assert not largest_difference(FakeEngine([1.0, 2.0]), other, PIXELS) <= TOLERANCE


def test_it_tells_engines_that_are_the_same() -> None:
    assert largest_difference(FakeEngine([1.0, 2.0]), FakeEngine([1.0, 2.0]), PIXELS) == 0
    assert largest_difference(FakeEngine([1.0, 2.0]), FakeEngine([1.0, 2.00005]), PIXELS) <= TOLERANCE


def test_one_answer_that_is_no_number_is_enough() -> None:
    class Now(FakeEngine):
        def run(self, pixels: Sequence[NDArray[np.float32]]) -> list[Forward]:
            bad = Forward(np.array([np.nan, 1], np.float32), self._answer.features)
            return [*super().run(pixels[:-1]), bad]

    assert np.isnan(largest_difference(FakeEngine([1.0, 2.0]), Now([1.0, 2.0]), PIXELS))


def test_a_model_whose_engines_differ_has_no_export(
    bundle_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Reference(FakeEngine):
        def __init__(self, bundle: object) -> None:
            super().__init__([5.0, -5.0])

        def export(self, path: Path) -> None:
            path.write_bytes(b"")
            path.with_suffix(".bin").write_bytes(b"")

    module = type(sys)("mlcore.engines.reference")
    module.ReferenceEngine = Reference  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "mlcore.engines.reference", module)
    monkeypatch.setattr(export, "OpenVinoEngine", lambda *_, **__: FakeEngine([5.0, -5.001]))

    status = export.run(argparse.Namespace(model=bundle_path, out=tmp_path / "out"))

    assert status == 1
    assert "differ from the reference's by 0.001" in capsys.readouterr().err
    assert not (tmp_path / "out" / SEAL).exists()


def test_a_model_whose_gate_does_not_fit_its_network_has_no_export(bundle_path: Path, tmp_path: Path) -> None:
    bundle = read_bundle(bundle_path)
    scope = {**bundle.scope, "deep_means": np.zeros((2, 7), np.float32), "deep_whitening": np.eye(7, dtype=np.float32)}
    digest = write_bundle(tmp_path / "bad.bundle", bundle.manifest, bundle.network, scope)

    with pytest.raises(ExportFailed, match="cannot read its check images"):
        exported(tmp_path / "bad.bundle", digest=digest, cache=tmp_path / "cache")


def test_the_reference_is_tensorflow_whatever_trains(
    bundle_path: Path, predictor: Predictor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KERAS_BACKEND", "jax")

    assert exported(bundle_path, digest=predictor.digest, cache=tmp_path).seal.difference <= TOLERANCE


_LOAD = """
import sys
from pathlib import Path
from mlcore.engines import exported as module
made = module._export
module._export = lambda *arguments: (print("made"), made(*arguments))
module.exported(Path(sys.argv[1]), digest=sys.argv[2], cache=Path(sys.argv[3]))
"""


def test_two_processes_at_once_make_one_export(bundle_path: Path, predictor: Predictor, tmp_path: Path) -> None:
    command = [sys.executable, "-c", _LOAD, str(bundle_path), predictor.digest, str(tmp_path)]

    workers = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = [worker.communicate(timeout=300)[0].strip() for worker in workers]

    assert sorted(said) == ["", "made"]
    assert read_export(tmp_path / predictor.digest, digest=predictor.digest)


@pytest.mark.parametrize("seal", [b"", b"null", b"[" * 100_000, b'{"bundle": 1}', b'{"difference": 1e999}'])
def test_a_damaged_seal_is_no_export(predictor: Predictor, cache: Path, tmp_path: Path, seal: bytes) -> None:
    for path in (cache / predictor.digest).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    assert read_export(tmp_path, digest=predictor.digest)

    (tmp_path / SEAL).write_bytes(seal)

    assert read_export(tmp_path, digest=predictor.digest) is None


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    bundles.write(tmp_path / "good.bundle")
    (tmp_path / "cache").write_text("a file where a folder should be")

    with pytest.raises(ExportFailed, match="cannot be kept in"):
        exported(tmp_path / "good.bundle", digest="0" * 64, cache=tmp_path / "cache")
