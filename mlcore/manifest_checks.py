"""What a manifest must satisfy beyond its types: numbers that would make a prediction fail, lie or take for ever."""

import datetime

from mlcore.assays import ASSAYS
from mlcore.catalogue import COMMITTEES, MOST_MEMBERS, NAMES
from mlcore.manifest import FORMAT, Calibration, Manifest, Scope
from mlcore.preprocessing import Recipe
from mlcore.segmentation import SegmentationRecipe

_LARGEST_SIDE = 2048  # pixels
_LARGEST_KERNEL = 31  # pixels; morphology grows with its square
_LARGEST_BIAS = 20.0  # of a logit; beyond, the image no longer counts
_LONGEST = {"name": 100, "version": 50, "commit": 100, "command": 1000}  # characters


def manifest_problem(manifest: Manifest) -> str | None:
    """What is wrong with it, in one sentence; None when nothing is."""
    return _identity_problem(manifest) or _number_problem(manifest) or _word_problem(manifest)


def _identity_problem(manifest: Manifest) -> str | None:
    if manifest.format != FORMAT:
        return f"the bundle's format {manifest.format} is not known; this program reads {FORMAT}"
    assay = ASSAYS.get(manifest.assay)
    if assay is None:
        return f"the model is for the unknown assay {manifest.assay!r}"
    if manifest.classes != assay.classes:
        return f"the model's classes are not those of the assay: {', '.join(assay.classes)}"
    return _architecture_problem(manifest)


def _architecture_problem(manifest: Manifest) -> str | None:
    name, members = manifest.architecture.name, manifest.architecture.members
    if name not in NAMES:
        return f"the architecture {name!r} is not known"
    if not 1 <= members <= (MOST_MEMBERS if name in COMMITTEES else 1):
        return f"the architecture {name} cannot have {members} members"
    if manifest.architecture.input_size != manifest.recipe.input_size:
        return "the recipe's input size is not the network's"
    return None


def _number_problem(manifest: Manifest) -> str | None:
    assay, size = ASSAYS[manifest.assay], manifest.recipe.input_size
    if not assay.minimum_side <= size <= _LARGEST_SIDE:
        return f"the input size {size} is out of range"
    if not (_fits_recipe(manifest.recipe) and _fits_segmentation(manifest.recipe.segmentation)):
        return "the recipe holds a number that is out of range"
    if not _fits_calibration(manifest.calibration, assay.classes):
        return "the calibration does not fit the classes, or holds a number that is out of range"
    if not _fits_scope(manifest.scope):
        return "the in-scope limits are out of range"
    return None


def _fits_recipe(recipe: Recipe) -> bool:
    corner = recipe.hidden_corner
    return 1 <= recipe.white_percentile <= 100 and all(0 <= side <= recipe.input_size for side in corner)  # noqa: PLR2004


def _fits_segmentation(parts: SegmentationRecipe) -> bool:
    levels = (parts.saturation_floor, parts.saturation_ceiling, parts.value_ceiling)
    return (
        0 <= parts.white_percentile <= 100  # noqa: PLR2004
        and 0 <= parts.hue_from <= parts.hue_to <= 179  # noqa: PLR2004  OpenCV's hues
        and all(0 <= level <= 255 for level in levels)  # noqa: PLR2004
        and all(0 <= side <= _LARGEST_KERNEL for side in (parts.opening, parts.closing))
        and 0 <= parts.smallest_area <= 1
    )


def _fits_calibration(calibration: Calibration, classes: tuple[str, ...]) -> bool:
    shares = (*calibration.conformal.values(), calibration.coverage, calibration.confident_from)
    return (
        set(calibration.conformal) == set(calibration.bias) == set(classes)
        and all(abs(value) <= _LARGEST_BIAS for value in calibration.bias.values())
        and 0.01 <= calibration.temperature <= 100  # noqa: PLR2004  beyond, probabilities are all 0 and 1, or all equal
        and all(0 <= share <= 1 for share in shares)
    )


def _fits_scope(scope: Scope) -> bool:
    least, most = scope.sides
    return (
        scope.deep_limit > 0
        and scope.look_limit > 0
        and 0 <= scope.valid_share <= 1
        and 1 <= least <= most
        and scope.aspect >= 1
    )


def _word_problem(manifest: Manifest) -> str | None:
    training = manifest.training
    words = {
        "name": manifest.name,
        "version": manifest.version,
        "commit": training.commit,
        "command": training.command,
    }
    for name, text in words.items():
        if not text.strip() or not text.isprintable() or len(text) > _LONGEST[name]:
            return f"the model's {name} is empty, too long, or no plain text"
    try:
        datetime.date.fromisoformat(manifest.created)
    except ValueError:
        return "the day the model was made is no date"
    return None
