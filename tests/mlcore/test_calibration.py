"""Probabilities that can be trusted."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from mlcore.calibration import calibrate, calibrated, prediction_set, probabilities
from mlcore.metrics import expected_calibration_error

CLASSES = ("Benign", "Early", "Pre", "Pro")


def sample(n: int, seed: int, *, overconfident: float) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Logits whose softmax would be right, made larger by a factor, and labels drawn from the right one."""
    rng = np.random.default_rng(seed)
    honest = rng.normal(0, 2, (n, 4))
    p = probabilities(honest.astype(np.float32), 1.0)
    labels = np.array([rng.choice(4, p=row) for row in p])
    return (honest * overconfident).astype(np.float32), labels


@given(st.lists(st.floats(-80, 80, width=32), min_size=2, max_size=6), st.floats(0.05, 20))
def test_probabilities_sum_to_one(logits: list[float], temperature: float) -> None:
    p = probabilities(np.array(logits, np.float32), temperature)

    assert p.dtype == np.float64
    assert (p >= 0).all()
    assert p.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("overconfident", [0.5, 1.0, 3.0])
def test_it_finds_the_temperature(overconfident: float) -> None:
    logits, labels = sample(8000, 1, overconfident=overconfident)

    fitted = calibrate(logits, labels, CLASSES)

    assert fitted.temperature == pytest.approx(overconfident, rel=0.1)
    fresh, truth = sample(8000, 2, overconfident=overconfident)
    assert expected_calibration_error(calibrated(fresh, CLASSES, fitted), truth) < 0.024


def test_it_takes_back_a_leaning_towards_some_classes() -> None:
    leaning = np.array([2.0, -1.0, 0.0, 0.5], np.float32)
    logits, labels = sample(8000, 1, overconfident=1.0)

    fitted = calibrate(logits + leaning, labels, CLASSES)

    fresh, truth = sample(8000, 2, overconfident=1.0)
    p = calibrated(fresh + leaning, CLASSES, fitted)
    assert expected_calibration_error(p, truth) < 0.024
    assert (p.argmax(axis=1) == fresh.argmax(axis=1)).mean() > 0.97


def test_the_truth_is_in_the_set_for_95_of_100_images_of_every_class() -> None:
    logits, labels = sample(6000, 3, overconfident=2.0)
    fitted = calibrate(logits, labels, CLASSES)
    fresh, truth = sample(20_000, 4, overconfident=2.0)
    p = calibrated(fresh, CLASSES, fitted)

    covered = np.array([CLASSES[t] in prediction_set(row, CLASSES, fitted) for row, t in zip(p, truth, strict=True)])

    for label in range(4):
        assert covered[truth == label].mean() == pytest.approx(0.95, abs=0.02)


def test_a_few_images_exclude_nothing() -> None:
    logits, labels = sample(40, 5, overconfident=1.0)

    fitted = calibrate(logits, labels, CLASSES)

    assert set(fitted.conformal.values()) == {0.0}


def test_confident_suggestions_are_right_99_times_in_100() -> None:
    logits, labels = sample(6000, 6, overconfident=1.0)
    fitted = calibrate(logits, labels, CLASSES)

    p = calibrated(logits, CLASSES, fitted)
    above = p.max(axis=1) >= fitted.confident_from

    assert fitted.confident_from == 0.95 or (p.argmax(axis=1) == labels)[above].mean() >= 0.99
