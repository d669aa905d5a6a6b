"""Fitting a network: batches drawn while it runs, averaged weights, the best epoch kept, and a state to resume from."""

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.architectures import build
from mlcore.augmentation import augment
from mlcore.calibration import calibrated_loss
from mlcore.catalogue import Shape
from mlcore.datasets import InvalidDataset, Sample, read_pixels
from mlcore.metrics import balanced_accuracy
from mlcore.plans import TrainingPlan
from mlcore.preprocessing import Recipe, prepare, resize
from mlcore.pretrained import pretrained_weights
from mlcore.settling import settle
from mlcore.training_state import State, read_state, write_state

_PATIENCE = 6  # epochs without a better one, after which a run ends early

Weights = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Epoch:
    """What an epoch came to: mean training loss, and the averaged weights' figures on the validation groups.

    The validation loss is the one that calibration leaves.
    """

    number: int
    loss: float
    validation_loss: float
    validation_balanced_accuracy: float


def best_epoch(history: Sequence[Epoch]) -> Epoch:
    """The epoch whose weights are kept: the lowest loss on the validation groups."""
    return min(history, key=lambda epoch: epoch.validation_loss)


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
        self.problem: InvalidDataset | None = None  # what went wrong, which Keras would wrap in an error of its own

    def __len__(self) -> int:
        return math.ceil(len(self._samples) / self._plan.batch)

    def __getitem__(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        try:
            return self._batch(index)
        except InvalidDataset as error:
            self.problem = error
            raise

    def _batch(self, index: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        plan = self._plan
        rng = np.random.default_rng((self._seed, self._epoch, index))
        chosen = [self._samples[i] for i in self._order[index * plan.batch : (index + 1) * plan.batch]]
        pixels = [
            augment(resize(read_pixels(s), plan.recipe.input_size), rng, plan.augmentation, plan.recipe) for s in chosen
        ]
        return np.stack(pixels), np.eye(self._classes, dtype=np.float32)[[s.label for s in chosen]]


class _Averaging(keras.callbacks.Callback):  # type: ignore[misc]
    """A running average of all weights, the moving statistics of batch normalisation included."""

    def __init__(self, averaged: Weights, momentum: float) -> None:
        super().__init__()
        self.averaged = averaged
        self._momentum = momentum

    def on_train_batch_end(self, batch: int, logs: Mapping[str, float] | None = None) -> None:  # noqa: ARG002  Keras calls it
        if keras.backend.backend() == "jax":  # its fit keeps the weights to itself until someone asks
            self.model.jax_state_sync()
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
        pixels = np.stack([prepare(read_pixels(s), recipe) for s in samples[start : start + batch]])
        out = network.predict_on_batch(pixels)
        logits.append(np.asarray(out[0], np.float32))
        pooled.append(np.asarray(out[1], np.float32).mean(axis=(1, 2)))
    return np.concatenate(logits), np.concatenate(pooled)


def class_weights(samples: Sequence[Sample], classes: int) -> NDArray[np.float64]:
    """Weights that let every class count the same, mean 1 over the images."""
    counts = np.bincount([sample.label for sample in samples], minlength=classes)
    return len(samples) / (classes * counts.astype(np.float64))


class Trainer:
    """One run of `train`: start with `fit`, or go on from the state file of a run that was stopped."""

    def __init__(self, plan: TrainingPlan, shape: Shape, *, epochs: int, seed: int, state: Path) -> None:
        keras.utils.set_random_seed(seed)
        self._plan, self._shape, self._epochs, self._seed, self._state = plan, shape, epochs, seed, state
        self.network = _network(plan, shape)
        if plan.pretrained:
            set_weights(self.network, get_weights(self.network) | pretrained_weights())
        self._learner = _learner(self.network, plan, shape, seed=seed)
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
        """Train to the last epoch, or until Ctrl-C; `advance` is called a batch, `report` an epoch.

        UnusableState when the state file is of another run, InvalidDataset when an image can no longer be read.
        """
        self._compile(steps=math.ceil(len(train) / self._plan.batch))
        self._run = self._describe_run(train, validation)
        self._load_state()
        interrupted = False
        try:
            for number in range(len(self._history), self._epochs):
                if self._epochs_without_a_better_one() >= _PATIENCE:
                    break
                epoch = self._run_epoch(number, train, validation, advance)
                report(epoch)
        except KeyboardInterrupt:
            if not self._history:
                raise
            interrupted = True
        set_weights(self.network, self._best)
        settle(self.network, train, self._plan.recipe, seed=self._seed)
        return Fitted(weights=get_weights(self.network), history=tuple(self._history), interrupted=interrupted)

    def _epochs_without_a_better_one(self) -> int:
        return len(self._history) - best_epoch(self._history).number if self._history else 0

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
        try:
            fitted = self._learner.fit(
                batches,
                verbose=0,
                shuffle=False,  # the batches are; Keras would draw from a state that a resumed run does not have
                class_weight={label: float(weight) for label, weight in enumerate(weights)},
                callbacks=[averaging, _Progress(advance)],
            )
        except Exception as error:
            if batches.problem:
                raise batches.problem from error
            raise
        live = get_weights(self._learner)
        set_weights(self.network, self._averaged)
        logits, _ = predict_logits(self.network, validation, plan.recipe)
        set_weights(self._learner, live)
        labels = np.array([sample.label for sample in validation])
        loss = float(fitted.history["loss"][-1])
        epoch = Epoch(
            number + 1, loss, calibrated_loss(logits, labels), balanced_accuracy(logits.astype(np.float64), labels)
        )
        self._history.append(epoch)
        if best_epoch(self._history) is epoch:
            self._best = {name: value.copy() for name, value in self._averaged.items()}
        self._save_state()
        return epoch

    def _describe_run(self, train: Sequence[Sample], validation: Sequence[Sample]) -> dict[str, str]:
        """What makes this run another than others, in words that a message can use."""

        def images(samples: Sequence[Sample]) -> str:
            return _digest([(sample.digest, sample.label) for sample in samples])

        return {
            "settings": _digest(astuple(replace(self._plan, epochs=0))),
            "epochs": str(self._epochs),
            "seed": str(self._seed),
            "training images": images(train),
            "validation images": images(validation),
            "backend": str(keras.backend.backend()),
        }

    def _save_state(self) -> None:
        state = State(
            run=self._run,
            history=[(e.number, e.loss, e.validation_loss, e.validation_balanced_accuracy) for e in self._history],
            live=get_weights(self._learner),
            averaged=self._averaged,
            best=self._best,
            optimizer=[_value(variable) for variable in self._learner.optimizer.variables],
            random=[_value(variable) for variable in _random_states(self._learner)],
        )
        write_state(self._state, state)

    def _load_state(self) -> None:
        state = read_state(self._state, run=self._run)
        if state is None:
            return
        self._history = [Epoch(*row) for row in state.history]
        set_weights(self._learner, state.live)
        self._averaged, self._best = state.averaged, state.best
        for variable, value in zip(self._learner.optimizer.variables, state.optimizer, strict=True):
            variable.assign(value)
        for variable, value in zip(_random_states(self._learner), state.random, strict=True):
            variable.assign(value)


def _network(plan: TrainingPlan, shape: Shape) -> Any:
    return build(plan.architecture, shape, any_size=plan.augmentation.crop != shape.input_size)


def _learner(network: Any, plan: TrainingPlan, shape: Shape, *, seed: int) -> Any:
    """The network as it learns: to its logits alone, or a twin of it that starts alike and computes in bfloat16.

    Measuring and settling stay with the network itself, which computes in float32 as it will be served.
    """
    if plan.precision == "float32":
        return keras.Model(network.inputs, network.outputs[0])
    before = keras.config.dtype_policy()
    keras.utils.set_random_seed(seed)  # for the same dropout
    keras.config.set_dtype_policy(plan.precision)
    try:
        twin = _network(plan, shape)
    finally:
        keras.config.set_dtype_policy(before)
    set_weights(twin, get_weights(network))
    return keras.Model(twin.inputs, twin.outputs[0])


def _random_states(network: Any) -> list[Any]:
    """The variables that dropout draws from: Keras does not count them among the weights."""
    weights = {id(variable) for variable in network.weights}
    return [variable for variable in network.variables if id(variable) not in weights]


def _value(variable: Any) -> NDArray[Any]:
    return np.array(keras.ops.convert_to_numpy(variable.value))


def _digest(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()
