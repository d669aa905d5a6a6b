"""The figures, against scikit-learn and against hand-made cases."""

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as reference

from mlcore import metrics


@pytest.fixture
def answers() -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 500)
    p = rng.dirichlet(np.ones(4), 500) + np.eye(4)[labels] * 0.4
    p = np.round(p / p.sum(axis=1, keepdims=True), 2)  # rounded: equal scores occur
    return p / p.sum(axis=1, keepdims=True), labels


def test_they_agree_with_scikit_learn(answers: tuple[NDArray[np.float64], NDArray[np.int64]]) -> None:
    p, labels = answers
    suggested = p.argmax(axis=1)

    assert metrics.accuracy(p, labels) == pytest.approx(reference.accuracy_score(labels, suggested))
    assert metrics.balanced_accuracy(p, labels) == pytest.approx(reference.balanced_accuracy_score(labels, suggested))
    assert metrics.macro_f1(p, labels) == pytest.approx(reference.f1_score(labels, suggested, average="macro"))
    assert metrics.auroc(p, labels) == pytest.approx(reference.roc_auc_score(labels, p, multi_class="ovr"))
    assert np.array_equal(metrics.confusion_matrix(p, labels), reference.confusion_matrix(labels, suggested))


def test_two_classes_have_the_curves_own_area() -> None:
    rng = np.random.default_rng(1)
    labels = rng.integers(0, 2, 200)
    scores = np.clip(labels * 0.3 + rng.random(200) * 0.7, 0, 1)

    area = metrics.auroc(np.column_stack([1 - scores, scores]), labels)

    assert area == pytest.approx(reference.roc_auc_score(labels, scores))


def test_a_sure_and_right_model_has_no_error() -> None:
    labels = np.array([0, 1, 2, 2])
    p = np.eye(3)[labels]

    assert metrics.expected_calibration_error(p, labels) == 0
    assert metrics.brier(p, labels) == 0


def test_a_sure_and_wrong_model_has_all_of_it() -> None:
    p, labels = np.array([[1.0, 0.0]] * 4), np.array([1, 1, 1, 1])

    assert metrics.expected_calibration_error(p, labels) == 1
    assert metrics.brier(p, labels) == 2


def test_a_class_never_suggested_counts_as_nothing() -> None:
    p, labels = np.array([[1.0, 0.0], [1.0, 0.0]]), np.array([0, 1])

    rows = metrics.per_class(p, labels)

    assert rows[0] == {"precision": 0.5, "recall": 1.0, "f1": pytest.approx(2 / 3), "support": 1}
    assert rows[1] == {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 1}


def test_intervals_hold_the_figure_and_widen_with_groups(
    answers: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    p, labels = answers
    alone = metrics.intervals(p, labels, np.arange(len(labels)))["accuracy"]
    order = np.argsort(p.argmax(axis=1) == labels)
    alike = np.empty(len(labels), np.int64)
    alike[order] = np.arange(len(labels)) // 25  # groups of images that are all right or all wrong

    grouped = metrics.intervals(p, labels, alike)["accuracy"]

    assert alone[0] < metrics.accuracy(p, labels) < alone[1]
    assert grouped[1] - grouped[0] > 2 * (alone[1] - alone[0])
