"""How each assay's model is trained: the committed recipe, so that anyone can repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mlcore.assays import get_assay
from mlcore.augmentation import Augmentation
from mlcore.preprocessing import Recipe


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The defaults of `train` for one assay."""

    architecture: str
    recipe: Recipe
    augmentation: Augmentation
    epochs: int
    batch: int
    learning_rate: float  # the peak: reached after one epoch, then cosine decay to zero
    weight_decay: float
    label_smoothing: float
    averaging: float  # momentum of the running average of the weights, a step


PLANS: Mapping[str, TrainingPlan] = MappingProxyType(
    {
        "leukemia": TrainingPlan(
            architecture="compact-leukemia",
            recipe=Recipe(
                input_size=224,
                normalisation="white-patch",
                white_percentile=90,
                hidden_corner=(48, 36),  # the largest scale bar seen, with room
                segmentation=get_assay("leukemia").segmentation,
            ),
            augmentation=Augmentation(
                gain=0.25, density=(0.7, 1.4), blur=0.25, jpeg=0.25, scale=0.1, crop=192, free_rotation=False
            ),
            epochs=26,
            batch=32,
            learning_rate=2e-3,
            weight_decay=1e-3,
            label_smoothing=0.05,
            averaging=0.99,
        ),
        "breast": TrainingPlan(
            architecture="compact-breast",
            recipe=Recipe(
                input_size=50,
                normalisation="none",
                white_percentile=90,
                hidden_corner=(0, 0),
                segmentation=get_assay("breast").segmentation,
            ),
            augmentation=Augmentation(
                gain=0.15, density=(0.75, 1.33), blur=0.1, jpeg=0.1, scale=0.12, crop=50, free_rotation=True
            ),
            epochs=16,
            batch=64,
            learning_rate=2e-3,
            weight_decay=2e-3,
            label_smoothing=0.1,
            averaging=0.99,
        ),
    }
)
