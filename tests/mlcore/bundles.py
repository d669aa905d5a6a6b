"""A bundle with random weights, made without any machine-learning framework: for what is about the file alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.bundle import write_bundle
from mlcore.catalogue import weight_shapes
from mlcore.manifest import (
    FORMAT,
    Architecture,
    Calibration,
    Manifest,
    MemberTraining,
    Scope,
    Training,
    TrainingData,
)
from mlcore.plans import PLANS, plan_for
from mlcore.preprocessing import prepare
from mlcore.scope import fit_scope, look
from mlcore.segmentation import segment
from mlcore.synthetic import draw

_RANGE = {"accuracy": 0.9, "balanced_accuracy": 0.9, "macro_f1": 0.9, "auroc": 0.9, "ece": 0.1, "brier": 0.2}


def manifest(assay_slug: str = "breast") -> Manifest:
    """A manifest that is valid in every respect."""
    assay, plan = get_assay(assay_slug), PLANS[assay_slug]
    counts = dict.fromkeys(assay.classes, 3)
    return Manifest(
        format=FORMAT,
        name="random weights",
        version="1.0.0",
        created="2026-01-02",
        assay=assay.slug,
        classes=assay.classes,
        architecture=Architecture(plan.architecture, input_size=plan.recipe.input_size, members=plan.members),
        recipe=plan.recipe,
        calibration=Calibration(
            temperature=1.5,
            bias=dict.fromkeys(assay.classes, 0.0),
            conformal=dict.fromkeys(assay.classes, 0.1),
            coverage=0.95,
            confident_from=0.6,
        ),
        scope=Scope(deep_limit=1e6, look_limit=1e6, sides=(1, 4096), aspect=10.0, valid_share=0.97),
        data=TrainingData(
            title="Drawn images.",
            citation="none",
            licence="CC0",
            digest="0" * 64,
            skipped=0,
            split="Split by chance.",
            train=counts,
            validation=counts,
            test=counts,
            groups={"train": 6, "validation": 6, "test": 6},
        ),
        training=Training(
            command="python -m mlcore train",
            seed=1,
            start="random",
            epochs=1,
            backend="tensorflow",
            commit="unknown",
            members=(MemberTraining(best_epoch=1, history=((1.0, 1.0, 0.5),)),) * plan.members,
        ),
        metrics={},
        intended_use=assay.intended_use,
        not_for=assay.not_for,
        weights_sha256="",
    )


def prototype() -> Manifest:
    """The manifest of one of the prototypes' networks."""
    usual, plan = manifest("breast"), plan_for("breast", "prototype-breast")
    return replace(
        usual,
        architecture=Architecture(plan.architecture, input_size=plan.recipe.input_size, members=1),
        recipe=plan.recipe,
        training=replace(usual.training, members=usual.training.members[:1]),
    )


def network(of: Manifest, *, seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Random weights of the right names and shapes."""
    rng = np.random.default_rng(seed)
    wanted = weight_shapes(of.architecture.name, of.shape)
    return {
        name: np.abs(rng.normal(0.5, 0.1, size)).astype(np.float32)
        if name.endswith("variance")
        else rng.normal(0, 0.1, size).astype(np.float32)
        for name, size in wanted.items()
    }


def scope(of: Manifest) -> dict[str, NDArray[np.float32]]:
    """The gate's statistics of a few drawn images, the deep features at random."""
    labels = np.repeat(np.arange(len(of.classes)), 4)
    kinds = [of.classes[label] for label in labels]
    images = [draw(of.assay, kind, i) for i, kind in enumerate(kinds)]
    looks = [look(prepare(image, of.recipe), segment(image, of.recipe.segmentation)) for image in images]
    shapes = weight_shapes(of.architecture.name, of.shape)
    channels = shapes["conv3/kernel"][-1] if "conv3/kernel" in shapes else shapes["logits/kernel"][0]
    return fit_scope(np.random.default_rng(0).normal(0, 1, (len(labels), channels)), np.stack(looks), labels)


def write(path: Path, of: Manifest | None = None, **changes: object) -> str:
    """Write a bundle there; returns its digest."""
    described = replace(of or manifest(), **changes)  # type: ignore[arg-type]  # any field may be changed
    return write_bundle(path, described, network(described), scope(described))
