"""From a fitted network to a bundle: calibrated, with its in-scope gate, measured on the test groups."""

import datetime
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.assays import Assay
from mlcore.bundle import Bundle, write_bundle
from mlcore.calibration import calibrate, calibrated
from mlcore.card import render_card
from mlcore.colour_checks import GAINS, colour_reference, colour_shift, draws_for, mean_colours
from mlcore.committee import join_weights
from mlcore.datasets import Dataset, Sample
from mlcore.engines.reference import serving_engine
from mlcore.evaluation import report
from mlcore.files import replace_file
from mlcore.held_out import Judged, images_judged, join_judged, judge, labels_of
from mlcore.manifest import FORMAT, Architecture, Calibration, Manifest, MemberTraining, Scope, Training, TrainingData
from mlcore.measuring import Advance, measure
from mlcore.metrics import accuracy, auroc, balanced_accuracy
from mlcore.plans import TrainingPlan
from mlcore.predictor import Predictor
from mlcore.pretrained import SOURCE
from mlcore.provenance import source_commit
from mlcore.requests import Request
from mlcore.scope import fit_limits
from mlcore.splits import Round, grouping_words, joined_groups
from mlcore.training import Fitted, Weights, best_epoch

Members = Sequence[tuple[Fitted, Round]]  # each network with what it learned from and what it is judged on

_QUARTERS = 4


def build_bundle(
    *,
    request: Request,
    plan: TrainingPlan,
    members: Members,
    dataset: Dataset,
    test: tuple[Sample, ...],
    out: Path,
    advance: Advance = lambda _images: None,
) -> Manifest:
    """Write the bundle and its card beside it (.md); returns the manifest.

    `advance` is called with the number of images just looked at; `images_to_show` says how many there will be.
    """
    bare = _bare_bundle(request, plan, members, dataset, test)
    held_out = _judge_all(bare, plan, members, seed=request.seed, advance=advance)
    validation = _samples(members, "validation")
    labels, groups = labels_of(validation), joined_groups(validation)
    logits = np.concatenate([each.logits for each in held_out])
    calibration = calibrate(logits, labels, request.assay.classes)
    limits = fit_limits(
        [found for each in held_out for found in each.distances],
        groups,
        sides=request.assay.sides,
        aspect=request.assay.aspect,
    )
    gate = join_judged(held_out)
    manifest = replace(bare.manifest, calibration=calibration, scope=limits)
    finished = Bundle(manifest=manifest, network=bare.network, scope=gate, digest="")
    predictor = Predictor(finished, serving_engine(finished))
    metrics = {
        **_metrics(predictor, _samples(members, "train"), test, advance),
        "validation": _validation(calibrated(logits, request.assay.classes, calibration), labels, groups),
    }
    manifest = replace(manifest, metrics=metrics)
    digest = write_bundle(out, manifest, bare.network, gate)
    with replace_file(out.with_suffix(".md")) as aside:
        aside.write_text(render_card(manifest, digest), encoding="utf-8")
    return manifest


def images_to_show(members: Members, test: Sequence[Sample]) -> int:
    """How many images `build_bundle` looks at, each time it looks counted."""
    measured = len(test) * (1 + len(GAINS) * draws_for(len(test)))
    return measured + sum(images_judged(each) for _, each in members)


def _judge_all(bare: Bundle, plan: TrainingPlan, members: Members, *, seed: int, advance: Advance) -> list[Judged]:
    turns = _QUARTERS if len(members) > 1 else 1
    return [
        judge(serving_engine(_member(bare, fitted.weights)), each, plan, seed=seed, turns=turns, advance=advance)
        for fitted, each in members
    ]


def _member(bare: Bundle, weights: Weights) -> Bundle:
    """A single network of a committee."""
    architecture = replace(bare.manifest.architecture, members=1)
    return replace(bare, manifest=replace(bare.manifest, architecture=architecture), network=weights)


def _samples(members: Members, side: Literal["train", "validation"]) -> tuple[Sample, ...]:
    """The images that any network learned from, or was judged on, each once."""
    found = [sample for _, each in members for sample in getattr(each, side)]
    return tuple({sample.path: sample for sample in found}.values())


def _validation(p: NDArray[np.float64], labels: NDArray[np.int64], groups: Sequence[int]) -> dict[str, Any]:
    """What the networks said of images they had not learned from, which calibrated them."""
    return {
        "n": len(labels),
        "groups": len(set(groups)),
        "accuracy": accuracy(p, labels),
        "balanced_accuracy": balanced_accuracy(p, labels),
        "auroc": auroc(p, labels),
    }


def _metrics(predictor: Predictor, train: Sequence[Sample], test: Sequence[Sample], advance: Advance) -> dict[str, Any]:
    groups = np.array(joined_groups(test))
    measured = measure(predictor, test, advance=advance)
    shift = colour_shift(predictor, test, unchanged=measured, advance=advance)
    reference = colour_reference((mean_colours(train), labels_of(train)), (mean_colours(test), measured.labels), groups)
    return {
        **report(measured, predictor.manifest.classes, groups),
        "colour_shift": shift["accuracy"],
        "colour_shift_detail": shift,
        "colour_reference": reference,
    }


def _bare_bundle(
    request: Request, plan: TrainingPlan, members: Members, dataset: Dataset, test: tuple[Sample, ...]
) -> Bundle:
    """The network with its manifest, before calibration."""
    manifest = Manifest(
        format=FORMAT,
        name=request.name,
        version=request.version,
        created=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),  # noqa: TID251  no Django here
        assay=request.assay.slug,
        classes=request.assay.classes,
        architecture=Architecture(name=plan.architecture, input_size=plan.recipe.input_size, members=len(members)),
        recipe=plan.recipe,
        calibration=_no_calibration(request.assay),
        scope=Scope(deep_limit=1.0, look_limit=1.0, sides=request.assay.sides, aspect=1.0, valid_share=1.0),
        data=_data(request, dataset, members, test),
        training=Training(
            command=request.command,
            seed=request.seed,
            start=SOURCE if plan.pretrained else "random",
            epochs=plan.epochs,
            backend=str(keras.backend.backend()),
            commit=source_commit(),
            members=tuple(_learned(fitted) for fitted, _ in members),
        ),
        metrics={},
        intended_use=request.assay.intended_use,
        not_for=request.assay.not_for,
        weights_sha256="",
    )
    return Bundle(
        manifest=manifest, network=join_weights([fitted.weights for fitted, _ in members]), scope={}, digest=""
    )


def _learned(fitted: Fitted) -> MemberTraining:
    history = tuple((e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in fitted.history)
    return MemberTraining(best_epoch=best_epoch(fitted.history).number, history=history)


def _no_calibration(assay: Assay) -> Calibration:
    nothing = dict.fromkeys(assay.classes, 0.0)
    return Calibration(temperature=1.0, bias=nothing, conformal=nothing, coverage=1.0, confident_from=0.0)


def _data(request: Request, dataset: Dataset, members: Members, test: tuple[Sample, ...]) -> TrainingData:
    parts = {"train": _samples(members, "train"), "validation": _samples(members, "validation"), "test": test}
    classes = request.assay.classes

    def counts(side: str) -> dict[str, int]:
        found = Counter(sample.label for sample in parts[side])
        return {name: found[index] for index, name in enumerate(classes)}

    return TrainingData(
        title=request.source.title,
        citation=request.source.citation,
        licence=request.source.licence,
        digest=dataset.digest,
        skipped=len(dataset.skipped),
        split=_split_words(test, committee=len(members) > 1),
        train=counts("train"),
        validation=counts("validation"),
        test=counts("test"),
        groups={name: len(set(joined_groups(part))) for name, part in parts.items()},
    )


def _split_words(test: Sequence[Sample], *, committee: bool) -> str:
    words = ", ".join(grouping_words(test))
    given = " The test set is the data set's own." if any(sample.held_out for sample in test) else ""
    crossed = " Training and validation images change places: each network left out other groups." if committee else ""
    return f"Split by groups: images that share any of these are on one side ({words}).{given}{crossed}"
