"""Fitting a network: batches drawn while it runs, averaged weights, the best epoch kept, and a state to resume from."""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file, save_file

from mlcore.architectures import build
from mlcore.augmentation import augment
from mlcore.catalogue import Shape
from mlcore.datasets import Sample
from mlcore.files import replace_file
from mlcore.images import decode
from mlcore.plans import TrainingPlan
from mlcore.preprocessing import Recipe, prepare, resize

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to: mean training loss, and the averaged weights' figures on the validation groups."""

    number: int
    loss: float
    validation_loss: float
    validation_balanced_accuracy: float


@dataclass(frozen=True, slots=True)
class Fitted:
    """The best epoch's weights by name, every epoch's figures, and whether someone stopped it before the end."""

    weights: Weights
    history: tuple[Epoch, ...]
    interrupted: bool


class Batches(keras.utils.PyDataset):  # type: ignore[misc]  # Keras ships no types
    """Training batches, changed at random; the same seed, epoch and batch give the same pixels."""

    def __init__(self, samples: Sequence[Sample], plan: TrainingPlan, *, classes: int, seed: int, epoch: int) -> None:
        super().__init__(workers=1, use_multiprocessing=False, max_queue_size=6)
        self._samples, self._plan, self._classes = samples, plan, classes
        self._seed, self._epoch = seed, epoch
        self._order = np.random.default_rng((seed, epoch)).permutation(len(samples))

    def __len__(self) -> int:
        return math.ceil(len(self._samples) / self._plan.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        plan = self._plan
        rng = np.random.default_rng((self._seed, self._epoch, index))
        chosen = [self._samples[i] for i in self._order[index * plan.batch : (index + 1) * plan.batch]]
        pixels = [
            augment(resize(decode(s.path.read_bytes()), plan.recipe.input_size), rng, plan.augmentation, plan.recipe)
            for s in chosen
        ]
        return np.stack(pixels), np.eye(self._classes, dtype=np.float32)[[s.label for s in chosen]]


class _Averaging(keras.callbacks.Callback):  # type: ignore[misc]
    """A running average of all weights, the moving statistics of batch normalisation included."""

    def __init__(self, averaged: Weights, momentum: float) -> None:
        super().__init__()
        self.averaged = averaged
        self._momentum = momentum

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002  Keras calls it
        for name, value in get_weights(self.model).items():
            average = self.averaged[name]
            average += (1 - self._momentum) * (value - average)


class _Progress(keras.callbacks.Callback):  # type: ignore[misc]
    def __init__(self, advance: Callable[[], None]) -> None:
        super().__init__()
        self._advance = advance

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002  Keras calls it
        self._advance()


def get_weights(network: Any) -> Weights:
    """All weights by their path in the network, as float32 arrays of their own."""
    return {v.path: np.array(keras.ops.convert_to_numpy(v.value), np.float32) for v in network.weights}


def set_weights(network: Any, weights: Mapping[str, NDArray[np.float32]]) -> None:
    """Put weights into a network; KeyError when one is missing, ValueError when a shape does not fit."""
    for variable in network.weights:
        variable.assign(weights[variable.path])


def predict_logits(
    network: Any, samples: Sequence[Sample], recipe: Recipe, *, batch: int = 64
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Logits (N x classes) and pooled last features (N x channels) of images, without augmentation."""
    logits, pooled = [], []
    for start in range(0, len(samples), batch):
        pixels = np.stack([prepare(decode(s.path.read_bytes()), recipe) for s in samples[start : start + batch]])
        out = network.predict_on_batch(pixels)
        logits.append(np.asarray(out[0], np.float32))
        pooled.append(np.asarray(out[1], np.float32).mean(axis=(1, 2)))
    return np.concatenate(logits), np.concatenate(pooled)


def class_weights(samples: Sequence[Sample], classes: int) -> NDArray[np.float64]:
    """Weights that let every class count the same, mean 1 over the images."""
    counts = np.bincount([sample.label for sample in samples], minlength=classes)
    return len(samples) / (classes * counts.astype(np.float64))


def balanced_accuracy(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The mean over the classes of the share of their images that is recognised."""
    right = logits.argmax(axis=1) == labels
    return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def log_loss(logits: NDArray[np.float32], labels: NDArray[np.int64]) -> float:
    """The mean over the classes of the mean negative log-likelihood of their images."""
    shifted = logits.astype(np.float64) - logits.max(axis=1, keepdims=True)
    losses = np.log(np.exp(shifted).sum(axis=1)) - shifted[np.arange(len(labels)), labels]
    return float(np.mean([losses[labels == label].mean() for label in np.unique(labels)]))


class Trainer:
    """One run of `train`: start with `fit`, or go on from the state file of a run that was stopped."""

    def __init__(self, plan: TrainingPlan, shape: Shape, *, epochs: int, seed: int, state: Path) -> None:
        keras.utils.set_random_seed(seed)
        self._plan, self._shape, self._epochs, self._seed, self._state = plan, shape, epochs, seed, state
        self.network = build(plan.architecture, shape, any_size=plan.augmentation.crop != shape.input_size)
        self._learner = keras.Model(self.network.inputs, self.network.outputs[0])
        self._averaged = get_weights(self.network)
        self._best = dict(self._averaged)
        self._history: list[Epoch] = []

    def fit(
        self,
        train: Sequence[Sample],
        validation: Sequence[Sample],
        *,
        advance: Callable[[], None],
        report: Callable[[Epoch], None],
    ) -> Fitted:
        """Train to the last epoch, or until Ctrl-C; `advance` is called a batch, `report` an epoch."""
        self._compile(steps=math.ceil(len(train) / self._plan.batch))
        self._load_state()
        interrupted = False
        try:
            for number in range(len(self._history), self._epochs):
                epoch = self._run_epoch(number, train, validation, advance)
                report(epoch)
        except KeyboardInterrupt:
            if not self._history:
                raise
            interrupted = True
        set_weights(self.network, self._best)
        return Fitted(weights=self._best, history=tuple(self._history), interrupted=interrupted)

    def _compile(self, *, steps: int) -> None:
        plan = self._plan
        schedule = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=plan.learning_rate / 20,
            warmup_target=plan.learning_rate,
            warmup_steps=steps,
            decay_steps=max(1, steps * (self._epochs - 1)),
        )
        optimizer = keras.optimizers.AdamW(schedule, weight_decay=plan.weight_decay)
        optimizer.exclude_from_weight_decay(var_names=["gamma", "beta", "bias"])
        loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=plan.label_smoothing)
        # XLA on a CPU halves the speed of these networks; JAX compiles by itself.
        self._learner.compile(optimizer=optimizer, loss=loss, jit_compile=keras.backend.backend() == "jax")
        optimizer.build(self._learner.trainable_variables)

    def _run_epoch(
        self, number: int, train: Sequence[Sample], validation: Sequence[Sample], advance: Callable[[], None]
    ) -> Epoch:
        plan = self._plan
        batches = Batches(train, plan, classes=self._shape.classes, seed=self._seed, epoch=number)
        weights = class_weights(train, self._shape.classes)
        averaging = _Averaging(self._averaged, min(plan.averaging, (1 + number) / (4 + number)))
        fitted = self._learner.fit(
            batches,
            verbose=0,
            class_weight={label: float(weight) for label, weight in enumerate(weights)},
            callbacks=[averaging, _Progress(advance)],
        )
        live = get_weights(self.network)
        set_weights(self.network, self._averaged)
        logits, _ = predict_logits(self.network, validation, plan.recipe)
        set_weights(self.network, live)
        labels = np.array([sample.label for sample in validation])
        epoch = Epoch(
            number + 1, float(fitted.history["loss"][-1]), log_loss(logits, labels), balanced_accuracy(logits, labels)
        )
        if all(epoch.validation_loss < earlier.validation_loss for earlier in self._history):
            self._best = {name: value.copy() for name, value in self._averaged.items()}
        self._history.append(epoch)
        self._save_state()
        return epoch

    def _save_state(self) -> None:
        optimizer = {
            f"optimizer/{number}": np.array(keras.ops.convert_to_numpy(variable.value))
            for number, variable in enumerate(self._learner.optimizer.variables)
        }
        groups = {"live": get_weights(self.network), "averaged": self._averaged, "best": self._best}
        tensors = {f"{group}/{name}": value for group, part in groups.items() for name, value in part.items()}
        history = json.dumps(
            [(e.number, e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in self._history]
        )
        with replace_file(self._state) as aside:
            save_file({**tensors, **optimizer}, aside, metadata={"history": history})

    def _load_state(self) -> None:
        if not self._state.exists():
            return
        tensors = load_file(self._state)
        self._history = [Epoch(*row) for row in json.loads(_metadata(self._state)["history"])]

        def part(group: str) -> Weights:
            return {name.removeprefix(f"{group}/"): t for name, t in tensors.items() if name.startswith(f"{group}/")}

        set_weights(self.network, part("live"))
        self._averaged, self._best = part("averaged"), part("best")
        for number, variable in enumerate(self._learner.optimizer.variables):
            variable.assign(tensors[f"optimizer/{number}"])


def _metadata(path: Path) -> dict[str, str]:
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        metadata: dict[str, str] = json.loads(file.read(size))["__metadata__"]
    return metadata
