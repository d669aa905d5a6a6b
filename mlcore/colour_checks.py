"""Does a model lean on colour? What colour alone reaches, and what a change of colour costs the model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import GroupKFold

from mlcore.datasets import Sample, read_pixels
from mlcore.measuring import Advance, Change, Measured, measure
from mlcore.metrics import accuracy, balanced_accuracy
from mlcore.outcomes import Verdict
from mlcore.predictor import Predictor

GAINS = (10, 20, 30)  # percent
_STEADY = 5000  # changed images a gain: the figure's last digit then hardly depends on the draw
_DRAWS = (3, 10)  # at least and at most
_FOLDS = 5

Colours = tuple[NDArray[np.float64], NDArray[np.int64]]  # mean colours (N x 3) and class indices (N)


def change_gain(percent: int) -> Change:
    """Each colour channel brighter or darker by up to so many percent, as under another lamp or camera."""

    def change(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
        gains = rng.uniform(1 - percent / 100, 1 + percent / 100, 3)
        return np.clip(np.round(image * gains), 0, 255).astype(np.uint8)

    return change


def draws_for(images: int) -> int:
    """How often each image's colours are changed: the fewer images, the more often."""
    fewest, most = _DRAWS
    return min(most, max(fewest, -(-_STEADY // images)))


def colour_shift(
    predictor: Predictor,
    samples: Sequence[Sample],
    *,
    unchanged: Measured | None = None,
    advance: Advance = lambda _images: None,
) -> dict[str, Any]:
    """What is left when the channels' gains change by up to 10, 20 and 30 %, the mean over several random draws.

    `accuracy`, `balanced_accuracy` and `out_of_scope_rate` by gain; `spread`, the lowest and highest accuracy of a
    draw; the number of `draws`; and, when the answers for the unchanged images are given, the `loss` of accuracy
    and of balanced accuracy, by gain.
    """
    draws = draws_for(len(samples))
    table: dict[str, Any] = {"accuracy": {}, "balanced_accuracy": {}, "out_of_scope_rate": {}, "spread": {}}
    for gain in GAINS:
        change = change_gain(gain)
        found = [_shares(measure(predictor, samples, change=change, draw=n, advance=advance)) for n in range(draws)]
        for name in found[0]:
            table[name][str(gain)] = float(np.mean([shares[name] for shares in found]))
        accuracies = [shares["accuracy"] for shares in found]
        table["spread"][str(gain)] = [min(accuracies), max(accuracies)]
    table["draws"] = draws
    if unchanged is not None:
        before = _shares(unchanged)
        table["loss"], table["balanced_loss"] = (
            {gain: before[name] - after for gain, after in table[name].items()}
            for name in ("accuracy", "balanced_accuracy")
        )
    return table


def _shares(measured: Measured) -> dict[str, float]:
    return {
        "accuracy": accuracy(measured.p, measured.labels),
        "balanced_accuracy": balanced_accuracy(measured.p, measured.labels),
        "out_of_scope_rate": float((measured.verdicts == Verdict.OUT_OF_SCOPE).mean()),
    }


def mean_colours(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """The mean red, green and blue of each image (N x 3)."""
    return np.array([read_pixels(sample).mean(axis=(0, 1)) for sample in samples])


def colour_reference(train: Colours | None, test: Colours, groups: NDArray[np.int64]) -> dict[str, Any]:
    """What three colour averages alone reach: a random forest on `mean_colours` and class indices.

    Without training images: folds over the test images' groups, and no figure when there is but one group.
    `fitted_on` says which. A model not clearly better than this has learned the stain.
    """
    colours, labels = test
    folds = min(_FOLDS, len(np.unique(groups)))
    if train is None and folds == 1:
        return {"accuracy": None, "balanced_accuracy": None, "fitted_on": "nothing: all images are of one group"}
    classes = 1 + max(int(labels.max()), int(train[1].max()) if train else 0)
    p = np.zeros((len(labels), classes))
    if train is not None:
        fitted_on = f"{len(train[1])} training images"
        p = _forest_answers(train, colours, classes)
    else:
        fitted_on = f"the measured images themselves, in {folds} folds over groups"
        for rest, fold in GroupKFold(n_splits=folds).split(colours, labels, groups):
            p[fold] = _forest_answers((colours[rest], labels[rest]), colours[fold], classes)
    return {
        "accuracy": accuracy(p, labels),
        "balanced_accuracy": balanced_accuracy(p, labels),
        "fitted_on": fitted_on,
    }


def _forest_answers(train: Colours, colours: NDArray[np.float64], classes: int) -> NDArray[np.float64]:
    forest = RandomForestClassifier(n_estimators=200, class_weight="balanced", random_state=0).fit(*train)
    p = np.zeros((len(colours), classes))
    p[:, forest.classes_] = forest.predict_proba(colours)  # a fold may lack a class
    return p
