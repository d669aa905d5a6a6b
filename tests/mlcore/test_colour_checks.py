"""What colour alone reaches, and what a change of colour costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.colour_checks import change_gain, colour_reference, colour_shift, draws_for, mean_colours
from mlcore.datasets import Sample, load_dataset
from mlcore.measuring import measure
from mlcore.outcomes import Verdict
from mlcore.predictor import Predictor


@dataclass(frozen=True)
class _Answer:
    probabilities: dict[str, float]
    verdict: Verdict


class ByRed:
    """A model that goes by nothing but the amount of red."""

    assay = get_assay("breast")
    manifest = SimpleNamespace(
        assay=assay.slug,
        classes=assay.classes,
        calibration=SimpleNamespace(conformal={"Benign": 0.5, "Malignant": 0.5}),
    )

    def predict(self, images: Sequence[NDArray[np.uint8]]) -> list[_Answer]:
        return [self._answer(image[..., 0].mean() / 255) for image in images]

    def _answer(self, red: float) -> _Answer:
        malignant = float(1 / (1 + np.exp(60 * (red - 0.82))))
        return _Answer({"Benign": 1 - malignant, "Malignant": malignant}, Verdict.CONFIDENT)


MODEL = cast("Predictor", ByRed())


@pytest.fixture(scope="module")
def samples(drawn: Path) -> tuple[Sample, ...]:
    return load_dataset(drawn, get_assay("breast")).samples


def test_gains_change_each_channel_within_bounds() -> None:
    image = np.full((4, 4, 3), 100, np.uint8)

    changed = [change_gain(20)(image, np.random.default_rng(seed))[0, 0] for seed in range(200)]

    assert np.min(changed) >= 80
    assert np.max(changed) <= 120
    assert np.min(changed) < 85
    assert np.max(changed) > 115
    assert any(len(set(pixel.tolist())) == 3 for pixel in changed)


def test_few_images_are_changed_more_often() -> None:
    assert draws_for(100) == 10
    assert draws_for(1000) == 5
    assert draws_for(100_000) == 3


def test_a_model_that_goes_by_colour_is_found_out(samples: tuple[Sample, ...]) -> None:
    unchanged = measure(MODEL, samples)

    found = colour_shift(MODEL, samples, unchanged=unchanged)

    assert found["draws"] == 10
    assert found["loss"]["30"] > found["loss"]["10"]
    assert found["loss"]["30"] > 0.1
    for gain in ("10", "20", "30"):
        low, high = found["spread"][gain]
        assert low <= found["accuracy"][gain] <= high
        assert low < high  # the draws differ
        right = (unchanged.p.argmax(axis=1) == unchanged.labels).mean()
        assert found["loss"][gain] == pytest.approx(right - found["accuracy"][gain])


def test_the_same_images_are_changed_alike_every_time(samples: tuple[Sample, ...]) -> None:
    assert colour_shift(MODEL, samples) == colour_shift(MODEL, samples)


def test_progress_counts_every_run_of_the_model(samples: tuple[Sample, ...]) -> None:
    counted: list[int] = []

    colour_shift(MODEL, samples, advance=counted.append)

    assert sum(counted) == 3 * 10 * len(samples)


def test_colour_alone_is_fitted_on_training_images_where_there_are_some(samples: tuple[Sample, ...]) -> None:
    train, test = samples[::2], samples[1::2]
    labels = np.array([sample.label for sample in test])
    fitted = mean_colours(train), np.array([sample.label for sample in train])

    found = colour_reference(fitted, (mean_colours(test), labels), np.arange(len(test)))

    assert found["fitted_on"] == f"{len(train)} training images"
    assert found["accuracy"] > 0.9  # drawn images do differ in colour


def test_colour_alone_never_sees_the_group_it_is_asked_about() -> None:
    """Colours that tell patients apart, and nothing else, are worth nothing."""
    rng = np.random.default_rng(0)
    patients = np.repeat(np.arange(40), 10)
    colours = rng.random((40, 3))[patients] * 255 + rng.normal(0, 0.1, (400, 3))
    labels = rng.integers(0, 2, 40)[patients]

    grouped = colour_reference(None, (colours, labels), patients)
    ignoring = colour_reference(None, (colours, labels), np.random.default_rng(1).permutation(400))

    assert grouped["fitted_on"] == "the measured images themselves, in 5 folds over groups"
    assert grouped["accuracy"] < 0.7
    assert ignoring["accuracy"] > 0.95


def test_one_group_alone_has_no_colour_reference() -> None:
    found = colour_reference(None, (np.ones((4, 3)), np.array([0, 1, 0, 1])), np.zeros(4, np.int64))

    assert found["accuracy"] is None
