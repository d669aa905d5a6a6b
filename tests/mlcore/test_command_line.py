"""`python -m mlcore`: contracts that others script against."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from mlcore.bundle import read_bundle
from mlcore.images import decode
from mlcore.overlays import encode_png
from mlcore.predictor import Predictor
from mlcore.synthetic import draw_smear, draw_tissue
from tests.mlcore.conftest import BRIEFLY, Run


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    paths = []
    for kind in ("Benign", "Malignant"):
        for seed in (700, 701):
            path = tmp_path / f"{kind}-{seed}.png"
            path.write_bytes(encode_png(draw_tissue(kind, seed)))
            paths.append(path)
    return paths


def test_predict_gives_one_object_a_line(
    mlcore: Run, predictor: Predictor, bundle_path: Path, cache: Path, images: list[Path]
) -> None:
    done = mlcore("predict", "--model", bundle_path, "--cache", cache, "--json", *images)

    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    outcomes = predictor.predict([decode(path.read_bytes()) for path in images])
    for path, line, outcome in zip(images, lines, outcomes, strict=True):
        assert list(line) == [
            "image", "label", "confidence", "probabilities", "prediction_set", "verdict", "model",
        ]  # fmt: skip
        assert line["image"] == str(path)
        assert line["probabilities"] == outcome.probabilities  # digit for digit
        assert line["confidence"] == outcome.confidence
        assert line["label"] == (outcome.label or None)
        assert line["prediction_set"] == list(outcome.prediction_set)
        assert line["verdict"] == outcome.verdict
        assert line["model"] == predictor.digest


def test_predict_goes_on_after_an_unreadable_image(
    mlcore: Run, predictor: Predictor, bundle_path: Path, cache: Path, images: list[Path]
) -> None:
    truncated = images[0].with_name("truncated.png")
    truncated.write_bytes(images[0].read_bytes()[:200])
    missing = images[0].with_name("missing.png")

    done = mlcore("predict", "--model", bundle_path, "--cache", cache, "--json", truncated, images[0], missing)

    assert done.returncode == 1
    first, second, third = (json.loads(line) for line in done.stdout.splitlines())
    assert first == {"image": str(truncated), "error": {"code": "truncated", "message": first["error"]["message"]}}
    assert second["model"] == predictor.digest
    assert third["error"]["code"] == "missing"


def test_predict_speaks_plainly(
    mlcore: Run, predictor: Predictor, bundle_path: Path, cache: Path, images: list[Path]
) -> None:
    done = mlcore("predict", "--model", bundle_path, "--cache", cache, *images)

    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == len(images)
    assert str(images[0]) in done.stdout


def test_predict_refuses_a_bad_model(mlcore: Run, tmp_path: Path, images: list[Path]) -> None:
    (tmp_path / "bad.bundle").write_bytes(b"PK\x03\x04 nonsense")

    done = mlcore("predict", "--model", tmp_path / "bad.bundle", "--json", *images)

    assert done.returncode == 2
    assert done.stdout == ""
    assert "truncated or damaged" in done.stderr
    assert "Traceback" not in done.stderr


def test_segment_writes_masks_of_the_images_own_size(mlcore: Run, tmp_path: Path) -> None:
    smear = tmp_path / "smear.png"
    smear.write_bytes(encode_png(draw_smear("Pre", 1, size=300)))
    (tmp_path / "bad.png").write_bytes(b"no image")

    done = mlcore("segment", "--assay", "leukemia", "--out", tmp_path / "masks", smear, tmp_path / "bad.png")

    assert done.returncode == 1
    assert [path.name for path in (tmp_path / "masks").iterdir()] == ["smear_mask.png"]
    mask = cv2.imread(str(tmp_path / "masks" / "smear_mask.png"), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (300, 300)
    assert set(np.unique(mask)) == {0, 255}


def test_segment_agrees_with_masks_drawn_by_hand(mlcore: Run, real_images: Path) -> None:
    done = mlcore("segment", "--assay", "leukemia", "--truth", real_images / "wbc_masks")

    assert done.returncode == 0, done.stderr
    last = done.stdout.splitlines()[-1]
    assert "118 images" in last
    assert float(last.split()[2]) >= 0.90


def test_train_writes_bundle_card_and_history(bundle_path: Path) -> None:
    manifest = read_bundle(bundle_path).manifest

    assert manifest.assay == "breast"
    assert manifest.metrics["n"] == sum(manifest.data.test.values()) > 0
    assert set(manifest.metrics["colour_shift"]) == {"10", "20", "30"}
    assert bundle_path.stat().st_size <= 8_000_000
    card = bundle_path.with_suffix(".md").read_text()
    assert f"{manifest.metrics['accuracy']:.3f}" in card
    assert "It is not for" in card
    history = bundle_path.with_suffix(".history.csv").read_text().splitlines()
    assert history[0] == "network,epoch,loss,validation_loss,validation_balanced_accuracy"
    assert len(history) == 1 + 2 * 2


def test_evaluate_writes_metrics_figures_and_a_page_that_opens_alone(
    mlcore: Run, bundle_path: Path, cache: Path, drawn: Path, tmp_path: Path
) -> None:
    for folder in drawn.iterdir():
        few = tmp_path / "data" / folder.name
        few.mkdir(parents=True)
        for path in sorted(folder.iterdir())[:8]:
            (few / path.name).symlink_to(path)

    done = mlcore(
        "evaluate", "--model", bundle_path, "--cache", cache, "--data", tmp_path / "data", "--out", tmp_path / "out"
    )

    assert done.returncode == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["n"] == 16
    for name in ("accuracy", "balanced_accuracy", "macro_f1", "auroc", "ece", "brier"):
        low, high = metrics["ci95"][name]
        assert 0 <= low <= high
        assert isinstance(metrics[name], float)
    assert set(metrics["per_class"]["Benign"]) == {"precision", "recall", "f1", "support"}
    assert np.array(metrics["confusion_matrix"]).sum() == 16
    assert set(metrics["colour_shift"]) == {"10", "20", "30"}
    assert {"coverage", "refer_rate", "colour_reference"} <= set(metrics)
    page = (tmp_path / "out" / "report.html").read_text()
    assert page.count("data:image/png;base64,") == len(list((tmp_path / "out").glob("*.png"))) >= 4
    assert 'src="http' not in page


def test_train_goes_on_where_it_was(mlcore: Run, bundle_path: Path, drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "again.bundle"
    for state in (".1.state", ".2.state"):
        out.with_suffix(state).write_bytes(bundle_path.with_suffix(state).read_bytes())

    done = mlcore("train", "--assay", "breast", "--data", drawn, "--out", out, *BRIEFLY, "--resume")

    assert done.returncode == 0, done.stderr
    again, first = read_bundle(out), read_bundle(bundle_path)
    assert again.manifest.training.members == first.manifest.training.members
    assert all(np.array_equal(again.network[name], first.network[name]) for name in first.network)


def test_train_refuses_a_folder_it_cannot_learn_from(mlcore: Run, tmp_path: Path) -> None:
    done = mlcore("train", "--assay", "breast", "--data", tmp_path, "--out", tmp_path / "none.bundle")

    assert done.returncode == 1
    assert "holds no readable image" in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_is_explained(mlcore: Run) -> None:
    done = mlcore("paint")

    assert done.returncode == 2
    assert "invalid choice" in done.stderr
