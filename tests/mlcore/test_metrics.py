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


def test_precision_and_average_precision_agree_with_scikit_learn(
    answers: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    p, labels = answers

    assert metrics.macro_precision(p, labels) == pytest.approx(
        reference.precision_score(labels, p.argmax(axis=1), average="macro")
    )
    assert metrics.average_precision(p, labels) == pytest.approx(
        reference.average_precision_score(np.eye(4)[labels], p, average="macro")
    )


def test_malignant_figures_ask_only_whether_malignant(
    answers: tuple[NDArray[np.float64], NDArray[np.int64]],
) -> None:
    p, labels = answers
    malignant, suggested = labels > 0, p.argmax(axis=1) > 0

    found = metrics.malignant_figures(p, labels, (1, 2, 3))

    assert found == {
        "malignant_precision": pytest.approx(reference.precision_score(malignant, suggested)),
        "sensitivity": pytest.approx(reference.recall_score(malignant, suggested)),
        "specificity": pytest.approx(reference.recall_score(~malignant, ~suggested)),
        "malignant_f1": pytest.approx(reference.f1_score(malignant, suggested)),
        "malignant_average_precision": pytest.approx(
            reference.average_precision_score(malignant, p[:, 1:].sum(axis=1))
        ),
    }


def test_a_share_of_no_image_is_no_number() -> None:
    p, labels = np.array([[0.9, 0.1], [0.8, 0.2]]), np.array([0, 0])

    found = metrics.malignant_figures(p, labels, (1,))

    assert np.isnan(found["sensitivity"])
    assert found["specificity"] == 1
    assert np.isnan(metrics.auroc(p, labels))


def test_operating_points_take_equal_scores_together() -> None:
    hits, others = metrics.operating_points(np.array([0.9, 0.5, 0.5, 0.1]), np.array([True, False, True, False]))

    assert hits.tolist() == [1, 2, 2]
    assert others.tolist() == [0, 1, 2]
