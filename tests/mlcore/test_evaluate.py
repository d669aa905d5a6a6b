"""`evaluate`: what it measures, what it warns of, and a report that one can read without anything else."""

import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mlcore.__main__ import main
from mlcore.bundle import read_bundle
from mlcore.images import decode
from mlcore.predictor import Predictor
from mlcore.synthetic import draw
from tests.mlcore.conftest import Run

FIGURES = ("confusion_matrix", "precision_recall", "roc", "reliability", "colour_shift", "examples")


def evaluate(bundle: Path, data: Path, out: Path, cache: Path, *options: str) -> dict[str, Any]:
    """Run it in this process; the content of metrics.json."""
    arguments = ["evaluate", "--model", str(bundle), "--data", str(data), "--out", str(out), "--cache", str(cache)]
    assert main([*arguments, *options]) == 0
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text())
    return found


class Page(HTMLParser):
    """What a page consists of."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(path.read_text())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("evaluation")


@pytest.fixture(scope="module")
def metrics(bundle_path: Path, drawn: Path, out: Path, predictor: Predictor, cache: Path) -> dict[str, Any]:
    """Of the drawn model on the very folder it was trained with."""
    return evaluate(bundle_path, drawn, out, cache)


@pytest.fixture(scope="module")
def page(metrics: dict[str, Any], out: Path) -> Page:
    return Page(out / "report.html")


def test_it_warns_of_the_folder_that_the_model_was_trained_with(metrics: dict[str, Any], page: Page) -> None:
    assert metrics["measured"] == "all images of the folder"
    assert any("The model was trained on" in warning for warning in metrics["warnings"])
    assert all(warning in page.text for warning in metrics["warnings"])


def test_it_can_measure_only_what_was_left_out_of_training(
    bundle_path: Path, drawn: Path, cache: Path, tmp_path: Path
) -> None:
    found = evaluate(bundle_path, drawn, tmp_path, cache, "--part", "test")

    manifest = read_bundle(bundle_path).manifest
    assert found["n"] == sum(manifest.data.test.values())
    assert found["confusion_matrix"] == manifest.metrics["confusion_matrix"]
    assert found["colour_reference"] == manifest.metrics["colour_reference"]  # fitted on the same training images
    assert not any("trained on" in warning for warning in found["warnings"])


def test_it_fits_colours_alone_on_the_training_folder(
    bundle_path: Path, drawn: Path, cache: Path, tmp_path: Path
) -> None:
    for number, kind in enumerate(("Benign", "Malignant")):
        files = sorted((drawn / kind).iterdir())
        for part, chosen in (("trainSet", files[:12]), ("testSet", files[12:20])):
            folder = tmp_path / "data" / part / str(number)
            folder.mkdir(parents=True)
            for path in chosen:
                shutil.copy(path, folder)

    found = evaluate(bundle_path, tmp_path / "data", tmp_path / "out", cache)

    assert found["n"] == 16
    assert found["measured"] == "the folder testSet"
    assert found["colour_reference"]["fitted_on"] == "24 training images"


def test_losses_are_given_beside_the_accuracy(metrics: dict[str, Any]) -> None:
    detail = metrics["colour_shift_detail"]

    assert metrics["colour_shift"] == detail["accuracy"]
    for gain, accuracy in metrics["colour_shift"].items():
        assert detail["loss"][gain] == pytest.approx(metrics["accuracy"] - accuracy)
    assert detail["draws"] == 10


def test_the_page_holds_every_figure_and_needs_nothing_else(page: Page, out: Path) -> None:
    images = page.all("img")

    assert {path.stem for path in out.glob("*.png")} >= set(FIGURES)
    assert len(images) == len(list(out.glob("*.png")))
    assert all((image["src"] or "").startswith("data:image/png;base64,") for image in images)
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r"https?://|url\(|@import", (out / "report.html").read_text())


def test_the_page_can_be_heard_as_well_as_seen(page: Page) -> None:
    assert page.all("html") == [{"lang": "en"}]
    assert all(len(image["alt"] or "") > 30 for image in page.all("img"))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all(cell["scope"] in {"col", "row"} for cell in page.all("th"))
    assert len(page.all("h1")) == 1
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


def test_the_page_gives_every_figure_in_figures(page: Page, metrics: dict[str, Any]) -> None:
    for name in ("accuracy", "balanced_accuracy", "auroc", "average_precision", "ece", "brier", "malignant_f1"):
        assert f"{metrics[name]:.3f}" in page.text
        low, high = metrics["ci95"][name]
        assert f"{low:.3f} to {high:.3f}" in page.text
    assert f"{metrics['colour_reference']['accuracy']:.3f}" in page.text
    assert "the doctor decides" in page.text


def test_pictures_are_beside_what_was_made_of_them(metrics: dict[str, Any], out: Path) -> None:
    wrong = metrics["n"] - sum(metrics["confusion_matrix"][i][i] for i in range(2))

    assert metrics["maps"] == "class activation map"
    assert len(metrics["examples"]) == 8
    assert len(metrics["mistakes"]) == min(12, wrong)
    confidences = [mistake["confidence"] for mistake in metrics["mistakes"]]
    assert confidences == sorted(confidences, reverse=True)
    assert all(mistake["true"] != mistake["suggested"] for mistake in metrics["mistakes"])
    assert (out / "mistakes.png").exists() == bool(wrong)
    assert min(decode((out / "examples.png").read_bytes()).shape[:2]) > 800


def test_a_second_evaluation_leaves_nothing_of_the_first(
    bundle_path: Path, drawn: Path, cache: Path, tmp_path: Path
) -> None:
    (tmp_path / "mistakes.png").write_bytes(b"of another model")

    found = evaluate(bundle_path, drawn, tmp_path, cache, "--part", "test")

    assert (tmp_path / "mistakes.png").exists() == bool(found["mistakes"])
    assert len(Page(tmp_path / "report.html").all("img")) == len(list(tmp_path.glob("*.png")))


def test_a_flattening_network_is_trained_read_and_explained_by_covering(
    mlcore: Run, drawn: Path, cache: Path, tmp_path: Path
) -> None:
    path = tmp_path / "prototype.bundle"
    options = ("--architecture", "prototype-breast", "--epochs", "1")
    done = mlcore("train", "--assay", "breast", "--data", drawn, "--out", path, *options)
    assert done.returncode == 0, done.stderr

    found = evaluate(path, drawn, tmp_path / "out", cache, "--part", "test")
    outcome = Predictor.load(path, cache=cache).predict([draw("breast", "Malignant", 800)])[0]

    assert found["maps"] == "occlusion map"
    assert outcome.activation_map is None  # none is better than one that is not its reason
