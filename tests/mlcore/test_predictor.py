"""The one way from pixels to an outcome, on a model that was really trained and really exported."""

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.bundle import InvalidBundle, read_bundle
from mlcore.engines import TOLERANCE
from mlcore.engines.exported import GRAPH, WEIGHTS, ExportFailed, exported, read_export
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.outcomes import Outcome, Verdict
from mlcore.predictor import Predictor
from mlcore.synthetic import draw_tissue

IMAGES = [draw_tissue(kind, seed) for kind in ("Benign", "Malignant") for seed in range(500, 512)]


def map_of(outcome: Outcome) -> NDArray[np.float32]:
    assert outcome.activation_map is not None
    return outcome.activation_map


def same(one: Outcome, other: Outcome) -> bool:
    return (
        one.probabilities == other.probabilities
        and one.in_scope_score == other.in_scope_score
        and one.verdict == other.verdict
        and np.array_equal(map_of(one), map_of(other))
        and np.array_equal(one.mask, other.mask)
    )


def test_an_outcome_is_complete(predictor: Predictor, bundle_path: Path) -> None:
    for image, outcome in zip(IMAGES, predictor.predict(IMAGES), strict=True):
        assert sum(outcome.probabilities.values()) == pytest.approx(1, abs=1e-12)
        assert list(outcome.probabilities) == ["Benign", "Malignant"]
        assert outcome.malignant_probability == outcome.probabilities["Malignant"]
        assert outcome.confidence == max(outcome.probabilities.values())
        assert outcome.mask.shape == image.shape[:2]
        assert map_of(outcome).shape == image.shape[:2]
        assert 0 <= map_of(outcome).min() <= map_of(outcome).max() <= 1
        assert 0 <= outcome.in_scope_score <= 1
        assert outcome.model == read_bundle(bundle_path).digest


def test_out_of_scope_suggests_nothing(predictor: Predictor) -> None:
    blank = np.full((50, 50, 3), 250, np.uint8)

    outcome = predictor.predict([blank])[0]

    assert outcome.verdict is Verdict.OUT_OF_SCOPE
    assert outcome.label == ""
    assert outcome.prediction_set == ()
    assert outcome.in_scope_score < 0.5


def test_in_scope_suggests_the_most_probable_class(predictor: Predictor) -> None:
    inside = [o for o in predictor.predict(IMAGES) if o.verdict is not Verdict.OUT_OF_SCOPE]

    assert inside
    assert all(o.probabilities[o.label] == o.confidence for o in inside)


def test_the_digits_do_not_depend_on_the_neighbours(predictor: Predictor) -> None:
    together = predictor.predict(IMAGES)
    backwards = predictor.predict(IMAGES[::-1])[::-1]
    alone = [predictor.predict([image])[0] for image in IMAGES]

    assert all(same(a, b) for a, b in zip(together, backwards, strict=True))
    assert all(same(a, b) for a, b in zip(together, alone, strict=True))


@pytest.mark.parametrize("threads", [1, 2])
def test_the_digits_do_not_depend_on_the_number_of_threads(
    predictor: Predictor, bundle_path: Path, cache: Path, threads: int
) -> None:
    other = Predictor.load(bundle_path, cache=cache, threads=threads)

    assert all(same(a, b) for a, b in zip(predictor.predict(IMAGES), other.predict(IMAGES), strict=True))


def test_it_takes_images_of_any_size(predictor: Predictor) -> None:
    sizes = [(1, 1), (50, 50), (301, 517), (1300, 40)]
    images = [np.full((*size, 3), 200, np.uint8) for size in sizes]

    assert [outcome.mask.shape for outcome in predictor.predict(images)] == sizes


def test_no_images_give_no_outcomes(predictor: Predictor) -> None:
    assert predictor.predict([]) == []


def test_it_refuses_another_model_than_the_registered_one(bundle_path: Path, cache: Path) -> None:
    with pytest.raises(InvalidBundle, match="digest differs"):
        Predictor.load(bundle_path, cache=cache, expected_digest="0" * 64)


def test_a_random_last_layer_destroys_the_activation_map(predictor: Predictor, bundle_path: Path, cache: Path) -> None:
    bundle = read_bundle(bundle_path)
    kernel = bundle.network["logits/kernel"]
    shuffled = np.random.default_rng(0).normal(0, kernel.std(), kernel.shape).astype(np.float32)
    export = exported(bundle_path, digest=bundle.digest, cache=cache)
    engine = OpenVinoEngine(export.graph, export.weights, input_size=bundle.manifest.recipe.input_size)
    randomised = Predictor(replace(bundle, network={**bundle.network, "logits/kernel": shuffled}), engine)

    pairs = zip(predictor.predict(IMAGES), randomised.predict(IMAGES), strict=True)
    maps = [(map_of(a).ravel(), map_of(b).ravel()) for a, b in pairs]
    likeness = [float(np.corrcoef(a, b)[0, 1]) for a, b in maps if a.any() and b.any()]

    assert len(likeness) >= 3
    assert abs(np.mean(likeness)) < 0.5


def test_the_engines_agree(bundle_path: Path, predictor: Predictor, cache: Path) -> None:
    export = read_export(cache / predictor.digest, digest=predictor.digest)

    assert export is not None
    assert 0 <= export.seal.difference <= TOLERANCE


def test_a_damaged_export_is_noticed_and_made_again(
    bundle_path: Path, predictor: Predictor, cache: Path, tmp_path: Path
) -> None:
    folder = tmp_path / predictor.digest
    shutil.copytree(cache / predictor.digest, folder)
    good = read_export(folder, digest=predictor.digest)
    assert good is not None

    for name in (GRAPH, WEIGHTS):
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)
        assert read_export(folder, digest=predictor.digest) is None
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    assert read_export(folder, digest="0" * 64) is None
    (folder / WEIGHTS).unlink()
    assert exported(bundle_path, digest=predictor.digest, cache=tmp_path).seal == good.seal


def test_two_workers_may_export_at_the_same_time(bundle_path: Path, predictor: Predictor, tmp_path: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom mlcore.predictor import Predictor\n"
        "model = Predictor.load(Path(sys.argv[1]), cache=Path(sys.argv[2]), threads=1)\n"
        "print(model.digest, 'tensorflow' in sys.modules, 'keras' in sys.modules)\n"
    )
    command = [sys.executable, "-c", code, str(bundle_path), str(tmp_path)]

    workers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = [worker.communicate(timeout=120)[0].strip() for worker in workers]

    assert answers == [f"{predictor.digest} False False"] * 2
    assert [child.name for child in tmp_path.iterdir() if child.is_dir()] == [predictor.digest]


def test_an_export_that_fails_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "bad.bundle").write_bytes(b"nonsense")

    with pytest.raises(ExportFailed, match="not a model bundle"):
        exported(tmp_path / "bad.bundle", digest="0" * 64, cache=tmp_path / "cache")

    assert [child for child in (tmp_path / "cache").iterdir() if child.is_dir()] == []
