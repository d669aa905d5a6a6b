"""The content of metrics.json, from a model's answers."""

import json

import numpy as np
import pytest

from mlcore.card import HEADLINES
from mlcore.evaluation import report
from mlcore.measuring import Measured
from mlcore.outcomes import Verdict

CLASSES = ("Benign", "Malignant")


@pytest.fixture
def measured() -> Measured:
    """200 images, 90 % right; a tenth refused, and of the rest half confident."""
    rng = np.random.default_rng(0)
    labels = np.tile([0, 1], 100)
    suggested = np.where(rng.random(200) < 0.9, labels, 1 - labels)
    confidence = rng.uniform(0.6, 1, 200)
    p = np.where(np.eye(2)[suggested] == 1, confidence[:, None], 1 - confidence[:, None])
    verdicts = np.array([Verdict.OUT_OF_SCOPE.value] * 20 + [Verdict.REFER.value] * 90 + [Verdict.CONFIDENT.value] * 90)
    return Measured(p=p, labels=labels, covered=suggested == labels, verdicts=verdicts, malignant=(1,))


def test_every_figure_has_an_interval(measured: Measured) -> None:
    found = report(measured, CLASSES, np.arange(200) // 4)

    assert found["n"] == 200
    assert found["groups"] == 50
    for name in (*HEADLINES, "coverage", "refer_rate", "confident_accuracy", "out_of_scope_rate"):
        low, high = found["ci95"][name]
        assert low <= high, name
        if name != "ece":  # resampling adds noise, which a calibration error only counts upwards
            assert low <= found[name] <= high, name
    for kind in CLASSES:
        for name, (low, high) in found["per_class_ci95"][kind].items():
            assert low < found["per_class"][kind][name] < high


def test_shares_are_of_the_right_images(measured: Measured) -> None:
    found = report(measured, CLASSES, np.arange(200))

    right = measured.p.argmax(axis=1) == measured.labels
    assert found["out_of_scope_rate"] == 0.1
    assert found["refer_rate"] == 0.5  # of the images in scope
    assert found["confident_accuracy"] == right[-90:].mean()
    assert found["coverage"] == measured.covered.mean()


def test_what_cannot_be_given_is_none_and_not_a_wrong_number() -> None:
    """Two benign images of one patient, both refused."""
    alone = Measured(
        p=np.array([[0.9, 0.1], [0.8, 0.2]]),
        labels=np.array([0, 0]),
        covered=np.array([True, True]),
        verdicts=np.array([Verdict.OUT_OF_SCOPE.value] * 2),
        malignant=(1,),
    )

    found = report(alone, CLASSES, np.array([0, 0]))

    for name in ("auroc", "sensitivity", "malignant_average_precision", "refer_rate", "confident_accuracy"):
        assert found[name] is None
    assert found["accuracy"] == 1
    assert found["ci95"] == {}
    json.dumps(found, allow_nan=False)
