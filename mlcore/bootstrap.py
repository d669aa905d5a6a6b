"""How far a figure might be off: 95 % intervals by drawing groups again and again, with replacement.

Groups are drawn, not images (the cluster bootstrap; Davison and Hinkley 1997, 3.8): images of one patient are alike,
and a model that is wrong about one of them is wrong about the next.
"""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 1000

Rows = NDArray[np.int64]
Interval = list[float]


def intervals(
    groups: NDArray[np.int64], figures: Callable[[Rows], Mapping[str, float]], *, seed: int = 0
) -> dict[str, Interval]:
    """Low and high of each figure; `figures` gets the indices of the drawn images, and nan where it says nothing.

    A figure that hardly any draw gives has no interval and is left out; of a single group nothing can be said.
    """
    members = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    if len(members) == 1:
        return {}
    rng = np.random.default_rng(seed)
    drawn: dict[str, list[float]] = {}
    for _ in range(RESAMPLES):
        rows = np.concatenate([members[index] for index in rng.integers(0, len(members), len(members))])
        for name, value in figures(rows).items():
            drawn.setdefault(name, []).append(value)
    return {
        name: [float(bound) for bound in np.nanquantile(values, (0.025, 0.975))]
        for name, values in drawn.items()
        if np.isfinite(values).mean() > 0.5  # noqa: PLR2004  most draws
    }
