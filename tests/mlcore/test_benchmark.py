"""`benchmark`: the table for the machine at hand."""

import json
from pathlib import Path

import pytest

from mlcore.__main__ import main
from mlcore.commands import benchmark
from mlcore.predictor import Predictor
from tests.mlcore.conftest import Run


def test_it_measures_every_engine_and_the_whole_way(mlcore: Run, bundle_path: Path, cache: Path) -> None:
    done = mlcore("benchmark", "--model", bundle_path, "--cache", cache, "--seconds", "0.05", "--json")

    assert done.returncode == 0, done.stderr
    lines = {line["engine"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert list(lines) == ["openvino", "keras", "predictor"]
    for line in lines.values():
        assert all(line[f"images_per_second_{size}"] > 0 for size in (1, 8, 32))
        assert all(0 < line[f"p50_ms_{size}"] <= line[f"p95_ms_{size}"] for size in (1, 8, 32))
        assert line["ready_s"] > 0
    assert lines["openvino"]["memory_mb"] < lines["keras"]["memory_mb"] / 2  # what serves carries no Keras


def test_it_prints_a_table(
    bundle_path: Path,
    cache: Path,
    predictor: Predictor,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured = {f"{name}_{size}": 12.3 for name in ("images_per_second", "p50_ms", "p95_ms") for size in (1, 8, 32)}
    monkeypatch.setattr(benchmark, "_in_own_process", lambda *_: {**measured, "ready_s": 1.2, "memory_mb": 145.0})

    assert main(["benchmark", "--model", str(bundle_path), "--cache", str(cache)]) == 0

    table = capsys.readouterr().out
    assert max(len(line) for line in table.splitlines()) <= 110
    for word in ("OpenVINO", "Keras", "all steps", "batch 32", "images/s", "memory", "12.3 / 12.3", "1.2 s", "145 MB"):
        assert word in table


def test_it_refuses_a_bad_model(mlcore: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.bundle").write_bytes(b"\x89HDF nonsense")

    done = mlcore("benchmark", "--model", tmp_path / "bad.bundle")

    assert done.returncode == 1
    assert "HDF5" in done.stderr
    assert "Traceback" not in done.stderr
