"""From a fitted network to a bundle: calibrated, with its in-scope gate, measured on the test groups."""

import datetime
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.assays import Assay
from mlcore.augmentation import Augmentation, augment_colour
from mlcore.bundle import Bundle, write_bundle
from mlcore.calibration import calibrate
from mlcore.card import render_card
from mlcore.datasets import Dataset, Sample
from mlcore.engines.reference import ReferenceEngine
from mlcore.evaluation import colour_reference, colour_shift, mean_colours, measure, report
from mlcore.files import replace_file
from mlcore.images import decode
from mlcore.manifest import FORMAT, Architecture, Calibration, Manifest, Scope, Training, TrainingData
from mlcore.plans import TrainingPlan
from mlcore.predictor import Predictor
from mlcore.preprocessing import normalise, resize
from mlcore.provenance import source_commit
from mlcore.requests import Request
from mlcore.scope import Arrays, distances, fit_limits, fit_scope, look
from mlcore.splits import Split, joined_groups
from mlcore.training import Fitted

# The gate learns from images under somewhat other light and stain: a new lamp alone is no reason to refuse.
_GATE_CHANGES = Augmentation(gain=0.2, density=(0.85, 1.2), blur=0.0, jpeg=0.1, scale=0.0, crop=0, free_rotation=False)


def build_bundle(
    *, request: Request, plan: TrainingPlan, fitted: Fitted, dataset: Dataset, split: Split, out: Path
) -> Manifest:
    """Write the bundle and its card beside it (.md); returns the manifest."""
    bare = _bare_bundle(request, plan, fitted, dataset, split)
    engine = ReferenceEngine(bare)
    logits, deep, looks = _seen(engine, split.validation, plan, changed=None)
    labels = _labels(split.validation)
    arrays = _fit_gate(engine, split.train, plan, seed=request.seed)
    limits = fit_limits([distances(arrays, deep[i], looks[i]) for i in range(len(labels))])
    manifest = replace(bare.manifest, calibration=calibrate(logits, labels, request.assay.classes), scope=limits)
    calibrated = Bundle(manifest=manifest, network=bare.network, scope=dict(arrays), digest="")
    manifest = replace(manifest, metrics=_metrics(Predictor(calibrated, engine), split))
    digest = write_bundle(out, manifest, bare.network, dict(arrays))
    with replace_file(out.with_suffix(".md")) as aside:
        aside.write_text(render_card(manifest, digest), encoding="utf-8")
    return manifest


def _labels(samples: tuple[Sample, ...]) -> NDArray[np.int64]:
    return np.array([sample.label for sample in samples], dtype=np.int64)


def _seen(
    engine: ReferenceEngine, samples: tuple[Sample, ...], plan: TrainingPlan, *, changed: int | None
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float64]]:
    """Logits, pooled features and looks of images; with a seed, each under other light and stain."""
    logits, deep, looks = [], [], []
    for start in range(0, len(samples), 64):
        pixels = []
        for index, sample in enumerate(samples[start : start + 64]):
            image = resize(decode(sample.path.read_bytes()), plan.recipe.input_size)
            if changed is not None:
                image = augment_colour(image, np.random.default_rng((changed, start + index)), _GATE_CHANGES)
            pixels.append(normalise(image, plan.recipe))
        for answer in engine.run(pixels):
            logits.append(answer.logits)
            deep.append(answer.features.mean(axis=(0, 1), dtype=np.float32))
        looks += [look(prepared, plan.recipe) for prepared in pixels]
    return np.stack(logits), np.stack(deep), np.stack(looks)


def _fit_gate(engine: ReferenceEngine, train: tuple[Sample, ...], plan: TrainingPlan, *, seed: int) -> Arrays:
    views = [_seen(engine, train, plan, changed=changed) for changed in (None, seed)]
    labels = np.concatenate([_labels(train)] * len(views))
    deep = np.concatenate([view[1] for view in views]).astype(np.float64)
    return fit_scope(deep, np.concatenate([view[2] for view in views]), labels)


def _metrics(predictor: Predictor, split: Split) -> dict[str, Any]:
    groups = np.array(joined_groups(split.test))
    measured = measure(predictor, split.test)
    shift = colour_shift(predictor, split.test)
    reference = colour_reference(
        (mean_colours(split.train), _labels(split.train)), (mean_colours(split.test), measured.labels), groups
    )
    return {
        **report(measured, predictor.manifest.classes, groups),
        "colour_shift": shift["accuracy"],
        "colour_shift_detail": shift,
        "colour_reference": reference,
    }


def _bare_bundle(request: Request, plan: TrainingPlan, fitted: Fitted, dataset: Dataset, split: Split) -> Bundle:
    """The network with its manifest, before calibration."""
    best = min(fitted.history, key=lambda epoch: epoch.validation_loss)
    manifest = Manifest(
        format=FORMAT,
        name=request.name,
        version=request.version,
        created=datetime.datetime.now(tz=datetime.UTC).date().isoformat(),  # noqa: TID251  no Django here
        assay=request.assay.slug,
        classes=request.assay.classes,
        architecture=Architecture(name=plan.architecture, input_size=plan.recipe.input_size),
        recipe=plan.recipe,
        calibration=_no_calibration(request.assay),
        scope=Scope(deep_limit=1.0, look_limit=1.0, valid_share=1.0),
        data=_data(request, dataset, split),
        training=Training(
            command=request.command,
            seed=request.seed,
            epochs=len(fitted.history),
            best_epoch=best.number,
            backend=str(keras.backend.backend()),
            commit=source_commit(),
            history=tuple((e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in fitted.history),
        ),
        metrics={},
        intended_use=request.assay.intended_use,
        not_for=request.assay.not_for,
        weights_sha256="",
    )
    return Bundle(manifest=manifest, network=dict(fitted.weights), scope={}, digest="")


def _no_calibration(assay: Assay) -> Calibration:
    return Calibration(temperature=1.0, conformal=dict.fromkeys(assay.classes, 0.0), coverage=1.0, confident_from=0.0)


def _data(request: Request, dataset: Dataset, split: Split) -> TrainingData:
    parts = {"train": split.train, "validation": split.validation, "test": split.test}
    classes = request.assay.classes

    def counts(samples: tuple[Sample, ...]) -> dict[str, int]:
        found = Counter(sample.label for sample in samples)
        return {name: found[index] for index, name in enumerate(classes)}

    return TrainingData(
        title=request.source.title,
        citation=request.source.citation,
        licence=request.source.licence,
        digest=dataset.digest,
        skipped=len(dataset.skipped),
        split=_split_words(split),
        train=counts(split.train),
        validation=counts(split.validation),
        test=counts(split.test),
        groups={name: len(set(joined_groups(part))) for name, part in parts.items()},
    )


def _split_words(split: Split) -> str:
    keys = {key.split(":")[0] for sample in split.test for key in sample.groups}
    named = {"sha256": "the file's content", "near_duplicate_group": "near duplicates"}
    words = ", ".join(named.get(key, key) for key in sorted(keys))
    given = " The test set is the data set's own." if any(sample.held_out for sample in split.test) else ""
    return f"Split by groups: images that share any of these are on one side ({words}).{given}"
