"""What a model bundle says about itself."""

from dataclasses import dataclass
from typing import Any

from mlcore.catalogue import Shape
from mlcore.preprocessing import Recipe

FORMAT = 2


@dataclass(frozen=True, slots=True)
class Architecture:
    """A network by its name in the catalogue, and what it was built for."""

    name: str
    input_size: int
    members: int  # networks that answer together


@dataclass(frozen=True, slots=True)
class Calibration:
    """Fitted on validation groups, which the weights never saw."""

    temperature: float  # logits are divided by this before the softmax
    bias: dict[str, float]  # added to each class' divided logit: no class is suggested too easily
    conformal: dict[str, float]  # a class is in the prediction set when its probability is at least this
    coverage: float  # the share of images whose true class is meant to be in the set
    confident_from: float  # a lower probability is referred even when the set has one member


@dataclass(frozen=True, slots=True)
class Scope:
    """When an image counts as being of the kind the model knows; the arrays are beside the weights."""

    deep_limit: float  # distance of the network's features
    look_limit: float  # distance of the image's own statistics
    sides: tuple[int, int]  # the shorter side in pixels, least and most: beyond, the magnification is another
    aspect: float  # the longer side over the shorter, at most: the network sees every image as a square
    valid_share: float  # share of validation images inside the limits


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What the model learned from."""

    title: str
    citation: str
    licence: str
    digest: str  # over the digests and classes of all images
    skipped: int
    split: str  # how the sets were told apart
    train: dict[str, int]  # images a class
    validation: dict[str, int]  # for a committee all of them again, each judged by the member that had not seen it
    test: dict[str, int]
    groups: dict[str, int]  # joined groups a set


@dataclass(frozen=True, slots=True)
class MemberTraining:
    """How one network learned: the epoch that was kept, and every epoch's figures."""

    best_epoch: int
    history: tuple[tuple[float, ...], ...]  # an epoch: loss, validation loss, validation balanced accuracy


@dataclass(frozen=True, slots=True)
class Training:
    """How the model was made, so that it can be made again."""

    command: str
    seed: int
    start: str  # the weights it began with
    epochs: int
    backend: str
    commit: str
    members: tuple[MemberTraining, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest of a bundle. `metrics` are the figures of `evaluate` on the test groups."""

    format: int
    name: str
    version: str
    created: str  # ISO date
    assay: str
    classes: tuple[str, ...]
    architecture: Architecture
    recipe: Recipe
    calibration: Calibration
    scope: Scope
    data: TrainingData
    training: Training
    metrics: dict[str, Any]
    intended_use: str
    not_for: tuple[str, ...]
    weights_sha256: str

    @property
    def shape(self) -> Shape:
        """What the network is built for."""
        return Shape(self.architecture.input_size, len(self.classes), self.architecture.members)
