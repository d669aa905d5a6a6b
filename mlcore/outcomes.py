"""What the model says about one image."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray


class Verdict(StrEnum):
    """How much the model's suggestion is worth."""

    CONFIDENT = "confident"  # one class is left, and it is probable
    REFER = "refer"  # several classes are possible, or none is probable: a doctor decides from the image alone
    OUT_OF_SCOPE = "out_of_scope"  # not the kind of image the model knows: it suggests nothing


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The model's answer for one image.

    Out of scope, `label` and `prediction_set` are empty: the probabilities are kept for the record and mean nothing.
    """

    probabilities: dict[str, float]  # in the classes' order; they sum to 1
    malignant_probability: float
    label: str
    confidence: float
    prediction_set: tuple[str, ...]
    verdict: Verdict
    in_scope_score: float  # 1 in the middle of what the model knows, 0.5 at the limit
    mask: NDArray[np.uint8]  # H x W, 0 or 255, the image's own size
    mask_area_fraction: float
    contour_count: int
    activation_map: NDArray[np.float32] | None  # 0 to 1, at most 1024 on the longer side; None: the network has none
    model: str  # the bundle's digest
