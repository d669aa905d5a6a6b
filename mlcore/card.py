"""The model card: what a bundle's manifest says, for people."""

from typing import Any

from mlcore.assays import get_assay
from mlcore.manifest import Manifest

HEADLINES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_precision": "Precision, mean over the classes",
    "macro_f1": "F1, mean over the classes",
    "sensitivity": "Sensitivity for malignant images",
    "specificity": "Specificity",
    "malignant_precision": "Precision for malignant images",
    "malignant_f1": "F1 for malignant images",
    "malignant_average_precision": "Average precision for malignant images",
    "auroc": "AUROC",
    "average_precision": "Average precision, mean over the classes",
    "ece": "Calibration error (ECE)",
    "brier": "Brier score",
}


def render_card(manifest: Manifest, digest: str) -> str:
    """The card in Markdown."""
    sections = (_title(manifest, digest), _use(manifest), _data(manifest), _figures(manifest), _making(manifest))
    return "\n\n".join(sections) + "\n"


def _title(manifest: Manifest, digest: str) -> str:
    return (
        f"# {manifest.name} {manifest.version}\n\n"
        f"Assay: {get_assay(manifest.assay).name}. Classes: {', '.join(manifest.classes)}. "
        f"Network: {_network(manifest)}, input {manifest.architecture.input_size} x "
        f"{manifest.architecture.input_size} pixels. Made on {manifest.created}.\n\n"
        f"SHA-256 of the bundle: `{digest}`\n\n"
        "This model is a second reader. It is not a medical device, it does not diagnose; the doctor decides."
    )


def _network(manifest: Manifest) -> str:
    members = manifest.architecture.members
    return manifest.architecture.name if members == 1 else f"{members} times {manifest.architecture.name}"


def _use(manifest: Manifest) -> str:
    nots = "\n".join(f"- {item}" for item in manifest.not_for)
    return f"## Intended use\n\n{manifest.intended_use}\n\nIt is not for\n\n{nots}"


def _data(manifest: Manifest) -> str:
    data = manifest.data
    head = f"| | {' | '.join(manifest.classes)} | images | groups |\n|---|{'---|' * (len(manifest.classes) + 2)}"
    rows = "\n".join(
        f"| {name} | {' | '.join(str(part.get(c, 0)) for c in manifest.classes)} | {sum(part.values())} "
        f"| {data.groups[name]} |"
        for name, part in (("train", data.train), ("validation", data.validation), ("test", data.test))
    )
    return (
        f"## Data\n\n{data.title}\n\nCitation: {data.citation}\n\nLicence: {data.licence}\n\n{data.split}\n\n"
        f"{head}\n{rows}\n\nDigest over all images and classes: `{data.digest}`"
    )


def _figures(manifest: Manifest) -> str:
    metrics = manifest.metrics
    rows = "\n".join(
        f"| {name} | {_number(metrics[key])} | {_between(metrics['ci95'].get(key))} |"
        for key, name in HEADLINES.items()
        if key in metrics
    )
    return (
        f"## Figures on the test groups ({metrics['n']} images, {metrics['groups']} groups)\n\n"
        "No image, patient or block of the test groups was trained on or used to choose anything. Intervals are "
        "95 % bootstrap intervals over groups.\n\n"
        f"| figure | value | 95 % interval |\n|---|---|---|\n{rows}\n\n"
        f"{_per_class(metrics)}\n\n{_trust(manifest)}\n\n{_colour(metrics)}"
    )


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.3f}"


def _share(value: float | None) -> str:
    return "none" if value is None else f"{value:.1%}"


def _between(bounds: list[float] | None) -> str:
    return "none" if bounds is None else f"{bounds[0]:.3f} to {bounds[1]:.3f}"


def _per_class(metrics: dict[str, Any]) -> str:
    rows = "\n".join(
        f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} | {row['support']} |"
        for name, row in metrics["per_class"].items()
    )
    return f"| class | precision | recall | F1 | images |\n|---|---|---|---|---|\n{rows}"


def _trust(manifest: Manifest) -> str:
    metrics = manifest.metrics
    share = metrics["confident_accuracy"]
    confident = "none was confident" if share is None else f"of the confident ones {share:.1%} are right"
    return (
        f"The true class is in the prediction set for {metrics['coverage']:.1%} of the test images (aim: "
        f"{manifest.calibration.coverage:.0%}). {_share(metrics['refer_rate'])} of the images in scope are referred to "
        f"the doctor without a firm suggestion; {confident}. {metrics['out_of_scope_rate']:.1%} of these valid images "
        "are refused as out of scope."
    )


def _colour(metrics: dict[str, Any]) -> str:
    reference, shift = metrics["colour_reference"], metrics["colour_shift_detail"]
    columns = ("accuracy", "balanced_accuracy", "out_of_scope_rate")
    lines = {"0": [metrics[name] for name in columns]}
    lines |= {gain: [shift[name][gain] for name in columns] for gain in shift["accuracy"]}
    rows = "\n".join(f"| {gain} % | {' | '.join(f'{v:.3f}' for v in values)} |" for gain, values in lines.items())
    return (
        "Colour is a shortcut in such images: a random forest on the three mean colours alone reaches an accuracy of "
        f"{_number(reference['accuracy'])} (balanced {_number(reference['balanced_accuracy'])}) on the same test "
        "groups. With each channel's gain changed at random "
        f"(mean of {shift.get('draws', 1)} random changes an image), the model reaches\n\n"
        "| gain changed by up to | accuracy | balanced accuracy | refused as out of scope |\n|---|---|---|---|\n"
        f"{rows}"
    )


def _making(manifest: Manifest) -> str:
    training = manifest.training
    kept = ", ".join(str(member.best_epoch) for member in training.members)
    return (
        f"## How it was made\n\n`{training.command}`\n\nSeed {training.seed}, backend {training.backend}, source "
        f"commit `{training.commit}`. Weights before training: {training.start}. {training.epochs} epochs, of which "
        f"number {kept} was kept (lowest loss on the validation groups).\n\n{_calibration(manifest)}"
    )


def _calibration(manifest: Manifest) -> str:
    validation, scope = manifest.metrics["validation"], manifest.scope
    return (
        f"On the {validation['n']} validation images of {validation['groups']} groups, each judged by a network that "
        f"had not learned from its group: accuracy {_number(validation['accuracy'])}, balanced "
        f"{_number(validation['balanced_accuracy'])}, AUROC {_number(validation['auroc'])}. They calibrated the model, "
        f"so they are no test; temperature {manifest.calibration.temperature:.3f}, and the probabilities take the "
        f"classes as equally common. The in-scope gate keeps {scope.valid_share:.1%} of them. It refuses images whose "
        f"shorter side is below {scope.sides[0]} or above {scope.sides[1]} pixels, or whose longer side is more than "
        f"{scope.aspect:g} times the shorter."
    )
