"""What a network says of images it never saw, and the in-scope gate that what it learned from gives."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.augmentation import GENTLE, augment_colour
from mlcore.committee import join_gates
from mlcore.datasets import Sample, read_pixels
from mlcore.engines import Engine
from mlcore.measuring import Advance
from mlcore.plans import TrainingPlan
from mlcore.preprocessing import prepare
from mlcore.scope import Arrays, Distances, distances, fit_part, fit_scope, look
from mlcore.segmentation import segment
from mlcore.splits import Round


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What a network said of images it had not seen, and the gate it gives."""

    logits: NDArray[np.float32]
    distances: list[Distances]
    gate: Arrays  # fitted on what it learned from
    looks: NDArray[np.float64]  # of what it learned from, as it is and gently changed, in the order of `labels`
    labels: NDArray[np.int64]


def judge(
    engine: Engine, each: Round, plan: TrainingPlan, *, seed: int, turns: int, advance: Advance = lambda _images: None
) -> Judged:
    """Show a network what it learned from and what it did not.

    A committee's members see an image turned differently; a single member's mean over `turns` stands for that.
    """
    # The gate learns from images under somewhat other light and stain too: a new lamp alone is no reason to refuse.
    unseen = _see(engine, each.validation, plan, changed=None, turns=turns, advance=advance)
    views = [_see(engine, each.train, plan, changed=changed, advance=advance) for changed in (None, seed)]
    learned = labels_of(each.train)
    gate = fit_scope(
        np.concatenate([view.deep for view in views]).astype(np.float64),
        np.concatenate([view.looks for view in views]),
        np.concatenate([learned] * len(views)),
    )
    return Judged(
        logits=unseen.logits,
        distances=[distances(gate, deep, looks) for deep, looks in zip(unseen.deep, unseen.looks, strict=True)],
        gate=gate,
        looks=np.concatenate([view.looks for view in views]),
        labels=np.concatenate([learned] * len(views)),
    )


def join_judged(judged: Sequence[Judged]) -> dict[str, NDArray[np.float32]]:
    """The gate of all members together; an image's own statistics are the same for each, so all of them count."""
    if len(judged) == 1:
        return dict(judged[0].gate)
    looks, labels = (np.concatenate(parts) for parts in zip(*((e.looks, e.labels) for e in judged), strict=True))
    return join_gates([each.gate for each in judged]) | fit_part("look", looks, labels)


def labels_of(samples: Sequence[Sample]) -> NDArray[np.int64]:
    """The class indices of images (N)."""
    return np.array([sample.label for sample in samples], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What a network made of images: logits (N x classes), pooled features (N x C), and the images' looks (N x L)."""

    logits: NDArray[np.float32]
    deep: NDArray[np.float32]
    looks: NDArray[np.float64]


def images_judged(each: Round) -> int:
    """How many images `judge` looks at: those a network learned from twice, as they are and gently changed."""
    return len(each.validation) + 2 * len(each.train)


def _see(
    engine: Engine,
    samples: Sequence[Sample],
    plan: TrainingPlan,
    *,
    changed: int | None,
    advance: Advance,
    turns: int = 1,
) -> Seen:
    """Show a network images, with a seed each under other light and stain; logits are the mean over quarter turns."""
    logits, deep, looks = [], [], []
    for start in range(0, len(samples), 64):
        images = [read_pixels(sample) for sample in samples[start : start + 64]]
        if changed is not None:
            rngs = [np.random.default_rng((changed, start + index)) for index in range(len(images))]
            images = [augment_colour(image, rng, GENTLE) for image, rng in zip(images, rngs, strict=True)]
        pixels = [prepare(image, plan.recipe) for image in images]
        answers = [engine.run([np.rot90(image, turn) for image in pixels]) for turn in range(turns)]
        logits += [np.mean([answer.logits for answer in each], axis=0) for each in zip(*answers, strict=True)]
        deep += [answer.features.mean(axis=(0, 1), dtype=np.float32) for answer in answers[0]]
        nuclei = [segment(image, plan.recipe.segmentation) for image in images]
        looks += [look(prepared, found) for prepared, found in zip(pixels, nuclei, strict=True)]
        advance(len(images))
    return Seen(logits=np.stack(logits), deep=np.stack(deep), looks=np.stack(looks))
