"""The parts of the report, from the content of metrics.json and the figures' files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlcore.assays import get_assay
from mlcore.card import HEADLINES
from mlcore.manifest import Manifest
from mlcore.report.html import header, items, paragraph, picture, pictures, section, table, tiles, warning

Metrics = Mapping[str, Any]
Figures = Mapping[str, Path]

_MEANING = {
    "accuracy": "images whose most probable class is the true one",
    "balanced_accuracy": "the same, the mean over the classes: rare ones count as much",
    "macro_precision": "of the images said to be of a class, how many are; the mean over the classes",
    "macro_f1": "precision and recall in one, the mean over the classes",
    "auroc": "how well the probabilities put images of a class before others; 0.5 is chance",
    "average_precision": "area under the precision-recall curve, the mean over the classes",
    "sensitivity": "malignant images said to be of a malignant class",
    "specificity": "benign images said to be benign",
    "malignant_precision": "of the images said to be malignant, how many are",
    "malignant_f1": "precision and sensitivity for malignant images in one",
    "malignant_average_precision": "area under the precision-recall curve, malignant against benign",
    "ece": "mean gap between confidence and share right; 0 is best",
    "brier": "squared distance of the probabilities from the truth; 0 is best",
}
_DECISIONS = {
    "coverage": "True class is in the prediction set",
    "refer_rate": "Referred, of the images in scope",
    "confident_accuracy": "Right, of the confident suggestions",
    "out_of_scope_rate": "Refused as out of scope",
}


def number(value: float | None) -> str:
    """A share or a score with three digits."""
    return "none" if value is None else f"{value:.3f}"


def share(value: float | None) -> str:
    """A share in percent."""
    return "none" if value is None else f"{100 * value:.1f} %"


def interval(metrics: Metrics, name: str, show: Any = number) -> str:
    """The 95 % interval of a figure in words."""
    bounds = metrics["ci95"].get(name)
    return "none" if bounds is None else f"{show(bounds[0])} to {show(bounds[1])}"


def summary(manifest: Manifest, metrics: Metrics) -> str:
    """What was measured, on what, and what must be known before a figure is read."""
    return "".join(
        [
            header(
                f"{manifest.name} {manifest.version}: evaluation",
                f"{get_assay(manifest.assay).name}. {metrics['n']} images in {metrics['groups']} groups, "
                f"{metrics['measured']}.",
            ),
            *map(warning, metrics["warnings"]),
            tiles(_tiles(metrics)),
            paragraph("A second reader, not a medical device: it does not diagnose, the doctor decides."),
        ]
    )


def _tiles(metrics: Metrics) -> list[tuple[str, str, str]]:
    names = {
        "accuracy": "Accuracy",
        "balanced_accuracy": "Balanced accuracy",
        "sensitivity": "Sensitivity, malignant",
        "specificity": "Specificity",
    }
    measured = [(name, share(metrics[key]), interval(metrics, key, share)) for key, name in names.items()]
    if "colour_shift" not in metrics:
        return measured
    alone = share(metrics["colour_reference"]["accuracy"])
    loss = metrics["colour_shift_detail"]["loss"]
    return [
        *measured,
        ("Mean colours alone", alone, "accuracy, same images"),
        *((f"Colours ± {gain} %", share(value), _less(loss[gain])) for gain, value in metrics["colour_shift"].items()),
    ]


def _less(loss: float) -> str:
    """A loss of accuracy in words."""
    points = round(100 * loss, 1)
    return f"accuracy, {abs(points)} points {'less' if points > 0 else 'more'}" if points else "accuracy, the same"


def headlines(metrics: Metrics) -> str:
    """The figures in one table."""
    rows = [
        (name, number(metrics[key]), interval(metrics, key), _MEANING.get(key, ""))
        for key, name in HEADLINES.items()
        if key in metrics
    ]
    return section(
        "Figures",
        table("All images, whatever the verdict", ("Figure", "Value", "95 % interval", "What it is"), rows),
        paragraph(
            "Intervals: 1,000 draws of whole groups with replacement. One without width means that no draw held a "
            "mistake, not that there can be none."
        ),
    )


def by_class(manifest: Manifest, metrics: Metrics, figures: Figures) -> str:
    """Class by class: a table, the confusion matrix, the curves."""
    names = ("precision", "recall", "f1")
    rows = []
    for label, found in metrics["per_class"].items():
        bounds = metrics["per_class_ci95"][label]
        cells = [f"{number(found[name])} ({_between(bounds.get(name))})" for name in names]
        rows.append((label, *cells, str(found["support"])))
    matrix = metrics["confusion_matrix"]
    counts = [(true, *map(str, row)) for true, row in zip(manifest.classes, matrix, strict=True)]
    best = "; ".join(
        f"of {true}, {_row_words(row, manifest.classes)}" for true, row in zip(manifest.classes, matrix, strict=True)
    )
    return section(
        "Class by class",
        table("Value (95 % interval)", ("Class", "Precision", "Recall", "F1", "Images"), rows),
        table("Images: true class by suggested class", ("True class", *manifest.classes), counts),
        pictures(
            picture(
                figures["confusion_matrix"],
                alternative=f"Confusion matrix: {best}.",
                caption="Each row is a true class, each column a suggested one; the diagonal is right.",
            ),
            picture(
                figures["precision_recall"],
                alternative=f"Precision-recall curves; mean average precision {number(metrics['average_precision'])}.",
                caption="How precise the suggestions stay as more images of a class are found. Dotted: its share.",
            ),
            picture(
                figures["roc"],
                alternative=f"ROC curves; mean area under them {number(metrics['auroc'])}.",
                caption="Images of a class found, against others wrongly taken for it. Dotted: chance.",
            ),
        ),
    )


def _between(bounds: list[float] | None) -> str:
    return "none" if bounds is None else f"{number(bounds[0])} to {number(bounds[1])}"


def _row_words(row: list[int], classes: tuple[str, ...]) -> str:
    return ", ".join(f"{count} said {name}" for count, name in zip(row, classes, strict=True) if count) or "none"


def colour(metrics: Metrics, figures: Figures) -> str:
    """Does the model lean on colour?"""
    detail, reference = metrics["colour_shift_detail"], metrics["colour_reference"]
    rows = [
        (
            f"up to {gain} %",
            number(detail["accuracy"][gain]),
            _less(detail["loss"][gain]).removeprefix("accuracy, "),
            f"{number(low)} to {number(high)}",
            number(detail["balanced_accuracy"][gain]),
            share(detail["out_of_scope_rate"][gain]),
        )
        for gain, (low, high) in detail["spread"].items()
    ]
    unchanged = (number(metrics["accuracy"]), "", "", number(metrics["balanced_accuracy"]))
    alone = (number(reference["accuracy"]), "", "", number(reference["balanced_accuracy"]), "")
    columns = (
        "Colour channels changed",
        "Accuracy",
        "That is",
        "Lowest to highest draw",
        "Balanced accuracy",
        "Refused",
    )
    return section(
        "Does it lean on colour?",
        paragraph(
            "Lamp, camera and stain give colours away that have nothing to do with the disease. A model that is no "
            "better than three mean colours alone has learned the stain; one that fails when colours change a little "
            "will fail at the next microscope."
        ),
        table(
            f"Each image with {detail['draws']} random changes",
            columns,
            [
                ("not at all", *unchanged, share(metrics["out_of_scope_rate"])),
                *rows,
                ("three mean colours alone", *alone),
            ],
        ),
        paragraph(f"Colours alone: a random forest, fitted on {reference['fitted_on']}."),
        picture(
            figures["colour_shift"],
            alternative=f"Accuracy falls from {number(metrics['accuracy'])} to "
            + ", ".join(f"{number(value)} at {gain} %" for gain, value in metrics["colour_shift"].items())
            + f"; mean colours alone: {number(reference['accuracy'])}.",
            caption="Accuracy as colours change; the grey band spans the draws.",
        ),
    )


def trust(metrics: Metrics, figures: Figures) -> str:
    """Can probabilities and verdicts be believed?"""
    rows = [(name, share(metrics[key]), interval(metrics, key, share)) for key, name in _DECISIONS.items()]
    return section(
        "Can its probabilities be believed?",
        table("What becomes of the images", ("Share", "Value", "95 % interval"), rows),
        picture(
            figures["reliability"],
            alternative=f"Reliability diagram; mean gap between confidence and share right: {number(metrics['ece'])}.",
            caption=(
                "On the diagonal the model is as often right as it says; below it, it is too sure of itself. Bars: "
                "95 % intervals, images taken as independent (Wilson)."
            ),
        ),
    )


def cases(metrics: Metrics, figures: Figures) -> str:
    """Images with what the model made of them."""
    shown = (
        "Left the image, then where the model found evidence for the class it suggests (the brighter, the more; "
        f"{metrics.get('maps', 'no map')}), then the probabilities."
    )
    parts = []
    if "examples" in figures:
        parts.append(
            picture(
                figures["examples"],
                alternative=f"{len(metrics['examples'])} images with probabilities: {_in_words(metrics['examples'])}.",
                caption=f"Drawn at random from each class. {shown} Bold: the true class.",
                wide=True,
            )
        )
    if "mistakes" in figures:
        parts += [
            "<h3>The most confident mistakes</h3>",
            picture(
                figures["mistakes"],
                alternative=f"{len(metrics['mistakes'])} mistakes: {_in_words(metrics['mistakes'])}.",
                caption=f"{shown} Their files are named in metrics.json.",
                wide=True,
            ),
        ]
    else:
        parts.append(paragraph("No image was taken for another class."))
    return section("Images", *parts)


def _in_words(shown: list[dict[str, Any]]) -> str:
    return "; ".join(
        f"{number}. {tile['true']}, suggested {tile['suggested']} {tile['confidence']:.2f}"
        for number, tile in enumerate(shown, start=1)
    )


def method(manifest: Manifest, metrics: Metrics) -> str:
    """What is needed to do it again, and what the model is for."""
    facts = [
        ("Model", f"{manifest.architecture.name}, made {manifest.created}, SHA-256 {metrics['model']}"),
        ("Trained on", manifest.data.title),
        ("Images measured", f"{metrics['n']}, {metrics['measured']}"),
        ("One group are images that share", ", ".join(metrics["grouped_by"])),
        ("Files skipped", str(len(metrics["skipped"]))),
    ]
    return section(
        "How this was measured",
        table("Model and images", ("", ""), facts),
        paragraph(f"Intended use: {manifest.intended_use}"),
        paragraph("It is not for:"),
        items(manifest.not_for),
    )
