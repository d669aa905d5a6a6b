"""Is this image of the kind the model knows? Distances from the training images, in features and in looks.

Mahalanobis distance to the nearest class with one covariance for all (Lee et al., NeurIPS 2018), once of the
network's pooled last features, once of plain statistics of the image: colours, contrast at several scales, size and
number of nuclei. The second catches what the first is blind to: blank, blurred, inverted or magnified images.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.manifest import Scope
from mlcore.segmentation import Segmentation, histogram

Arrays = Mapping[str, NDArray[np.float32]]
Part = Literal["deep", "look"]

_PERCENTILES = (5, 25, 50, 75, 95)
_BANDS = 5
_PARTS = ("deep", "look")
_KEPT, _KEPT_OF_A_GROUP, _GROUPS_SERVED = 0.97, 0.95, 0.9
_WRONG_SIZE = 0.1  # well below the limit of 0.5


@dataclass(frozen=True, slots=True)
class Distances:
    """Squared Mahalanobis distances to the nearest class."""

    deep: float
    look: float


def look(prepared: NDArray[np.float32], nuclei: Segmentation) -> NDArray[np.float64]:
    """Plain statistics of a prepared image (S x S x 3, 0 to 1) and of the nuclei found in the image it was made of."""
    pixels = np.round(prepared * 255).astype(np.uint8)
    hsv = cv2.cvtColor(pixels, cv2.COLOR_RGB2HSV)
    colours, deviations = (values.ravel() / 255 for values in cv2.meanStdDev(pixels))
    saturation = [float(values[1, 0]) for values in cv2.meanStdDev(hsv)]
    grey = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), dtype=np.float32)
    return np.concatenate(
        [
            *(_percentiles(pixels[..., channel]) for channel in range(3)),
            colours,
            np.log(deviations + 0.01),
            _stain_correlations(pixels),
            [saturation[0] / 255, np.log(saturation[1] + 1)],
            _contrasts(grey),
            _nuclei(nuclei),
        ]
    )


def _percentiles(plane: NDArray[np.uint8]) -> NDArray[np.float64]:
    shares = np.cumsum(histogram(plane)) / plane.size
    return np.searchsorted(shares, np.array(_PERCENTILES) / 100) / 255


def _stain_correlations(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """How the channels' optical densities go together: the colours of the stain, whatever its strength."""
    table = -np.log(np.maximum(np.arange(256, dtype=np.float32) / 255, 0.02))
    density = cv2.LUT(cv2.resize(pixels, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), table).reshape(-1, 3)
    covariance = np.cov(density, rowvar=False) + 1e-4 * np.eye(3)
    deviations = np.sqrt(np.diag(covariance))
    return np.asarray((covariance / np.outer(deviations, deviations))[np.triu_indices(3, 1)], dtype=np.float64)


def _contrasts(grey: NDArray[np.float32]) -> NDArray[np.float64]:
    """The logarithm of the contrast at scales of 1, 2, 4, 8 and 16 pixels: blur and magnification move it."""
    values = []
    for _ in range(_BANDS):
        smooth = np.asarray(cv2.GaussianBlur(grey, (5, 5), 1.0), dtype=np.float32)
        values.append(np.log(float(cv2.meanStdDev(grey - smooth)[1][0, 0]) + 0.1))
        grey = np.asarray(cv2.resize(smooth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), dtype=np.float32)
    return np.array(values)


def _nuclei(found: Segmentation) -> NDArray[np.float64]:
    count = max(found.contour_count, 1)
    return np.array(
        [np.sqrt(found.area_fraction), np.log1p(found.contour_count), np.log(found.area_fraction / count + 1e-4)]
    )


def fit_scope(
    deep: NDArray[np.float64], looks: NDArray[np.float64], labels: NDArray[np.int64]
) -> dict[str, NDArray[np.float32]]:
    """The statistics of training images: pooled features (N x C), looks (N x L), class indices (N)."""
    return fit_part("deep", deep, labels) | fit_part("look", looks, labels)


def fit_part(part: Part, values: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, NDArray[np.float32]]:
    """The statistics of one part (N x features): a mean for each class, and what makes directions count the same."""
    means = np.stack([values[labels == label].mean(axis=0) for label in np.unique(labels)])
    centred = values - means[labels]
    covariance = centred.T @ centred / len(values)
    # Shrinkage towards the diagonal keeps directions that hardly vary from deciding everything.
    covariance = 0.95 * covariance + 0.05 * np.diag(np.diag(covariance)) + 1e-5 * np.eye(len(covariance))
    eigenvalues, eigenvectors = np.linalg.eigh(covariance)
    whitening = eigenvectors / np.sqrt(np.maximum(eigenvalues, 1e-9))
    return {f"{part}_means": means.astype(np.float32), f"{part}_whitening": whitening.astype(np.float32)}


def distances(
    arrays: Mapping[str, NDArray[np.floating]], deep: NDArray[np.float32], looks: NDArray[np.float64]
) -> Distances:
    """The distances of one image: pooled features (C) and look (L)."""
    return Distances(
        *(
            float(
                ((((values - arrays[f"{part}_means"]) @ arrays[f"{part}_whitening"]).astype(np.float64)) ** 2)
                .sum(axis=1)
                .min()
            )
            for part, values in zip(_PARTS, (deep.astype(np.float64), looks), strict=True)
        )
    )


def fit_limits(found: Sequence[Distances], groups: Sequence[int], *, sides: tuple[int, int], aspect: float) -> Scope:
    """The tightest limits that keep 97 % of the validation images, and 95 % of them in nine groups of ten.

    Groups (patients, blocks) differ: limits that refuse 3 % on average may refuse a third of one patient's images.
    Each distance alone keeps the same share.
    """
    deep = np.array([item.deep for item in found])
    looks = np.array([item.look for item in found])
    members = [np.flatnonzero(np.array(groups) == group) for group in np.unique(groups)]
    for share in np.linspace(_KEPT, 1, 61):
        limits = (float(np.quantile(deep, share)), float(np.quantile(looks, share)))
        inside = (deep <= limits[0]) & (looks <= limits[1])
        served = np.mean([inside[rows].mean() >= _KEPT_OF_A_GROUP for rows in members])
        if inside.mean() >= _KEPT and served >= _GROUPS_SERVED:
            break
    return Scope(
        deep_limit=limits[0], look_limit=limits[1], sides=sides, aspect=aspect, valid_share=float(inside.mean())
    )


def in_scope_score(found: Distances, size: tuple[int, int], limits: Scope) -> float:
    """1 in the middle of what the model knows, 0.5 at the limit, towards 0 far away; `size` is height and width.

    An image of another size or shape than the limits allow is outside, however familiar it looks once it is resized:
    it shows cells at another magnification, or pressed flat.
    """
    worst = max(found.deep / limits.deep_limit, found.look / limits.look_limit)
    score = 1.0 / (1.0 + worst)
    shorter, longer = sorted(size)
    fits = limits.sides[0] <= shorter <= limits.sides[1] and longer <= limits.aspect * shorter
    return score if fits else min(score, _WRONG_SIZE)


def array_problem(arrays: Arrays, *, classes: int) -> str | None:
    """What is wrong with the gate's arrays, None when they fit together."""
    if set(arrays) != {f"{part}_{name}" for part in _PARTS for name in ("means", "whitening")}:
        return "arrays are missing or too many"
    for part in _PARTS:
        means, whitening = arrays[f"{part}_means"], arrays[f"{part}_whitening"]
        if means.ndim != 2 or len(means) != classes or whitening.shape != (means.shape[1], means.shape[1]):  # noqa: PLR2004
            return f"the {part} arrays have the wrong shape"
    return None
