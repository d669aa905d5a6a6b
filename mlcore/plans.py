"""How each assay's model is trained: the committed recipe, so that anyone can repeat it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from mlcore.assays import get_assay
from mlcore.augmentation import Augmentation
from mlcore.preprocessing import Recipe


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """The defaults of `train` for one assay."""

    architecture: str
    members: int  # networks that answer together, each trained without another part of the groups; 1: a single one
    pretrained: bool  # start from weights learned on ImageNet
    recipe: Recipe
    augmentation: Augmentation
    epochs: int
    batch: int
    learning_rate: float  # the peak: reached after one epoch, then cosine decay to zero
    weight_decay: float
    label_smoothing: float
    averaging: float  # momentum of the running average of the weights, a step
    precision: Literal["float32", "mixed_bfloat16"] = "float32"  # of the arithmetic of learning; weights are float32


PLANS: Mapping[str, TrainingPlan] = MappingProxyType(
    {
        "leukemia": TrainingPlan(
            architecture="efficientnet-lite",
            members=3,
            pretrained=True,
            recipe=Recipe(
                input_size=192,
                normalisation="white-patch",
                white_percentile=90,
                hidden_corner=(41, 31),  # the largest scale bar seen, with room
                segmentation=get_assay("leukemia").segmentation,
            ),
            augmentation=Augmentation(
                gain=0.25, density=(0.7, 1.4), blur=0.25, jpeg=0.25, scale=0.1, crop=168, free_rotation=False
            ),
            epochs=14,
            batch=32,
            learning_rate=1e-3,
            weight_decay=1e-3,
            label_smoothing=0.05,
            averaging=0.99,
        ),
        "breast": TrainingPlan(
            architecture="efficientnet-lite-hypercolumn",
            members=4,
            pretrained=True,
            recipe=Recipe(
                input_size=100,  # twice a patch's own size: the first convolution halves it again
                normalisation="none",
                white_percentile=90,
                hidden_corner=(0, 0),
                segmentation=get_assay("breast").segmentation,
            ),
            augmentation=Augmentation(
                gain=0.2, density=(0.75, 1.33), blur=0.1, jpeg=0.1, scale=0.12, crop=96, free_rotation=True
            ),
            epochs=7,  # from the eighth on, unseen patients gain nothing
            batch=64,
            learning_rate=1e-3,
            weight_decay=1e-3,
            label_smoothing=0.1,
            averaging=0.99,
        ),
    }
)


def plan_for(assay: str, architecture: str | None = None) -> TrainingPlan:
    """The assay's plan, for its own network or for another of the catalogue, which then starts from nothing."""
    plan = PLANS[assay]
    if architecture is None or architecture == plan.architecture:
        return plan
    size, (width, height) = get_assay(assay).input_size, plan.recipe.hidden_corner
    recipe = replace(
        plan.recipe,
        input_size=size,
        hidden_corner=(round(width * size / plan.recipe.input_size), round(height * size / plan.recipe.input_size)),
    )
    alone = replace(plan, architecture=architecture, members=1, pretrained=False, recipe=recipe)
    if architecture.startswith("prototype"):
        # As the prototypes did it: plain Adam on whole images (their dense layer fixes the size), ten epochs.
        whole = replace(plan.augmentation, crop=size)
        return replace(alone, augmentation=whole, epochs=10, weight_decay=0.0, label_smoothing=0.0, averaging=0.0)
    crop = replace(plan.augmentation, crop=round(plan.augmentation.crop * size / plan.recipe.input_size))
    return replace(alone, augmentation=crop, epochs=2 * plan.epochs, learning_rate=2e-3)
