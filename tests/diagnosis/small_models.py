"""Bundles of one small network with random weights: quick to register and to export."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from mlcore.bundle import write_bundle
from tests.mlcore import bundles

WHY = {"why": "figures", "reason": "Measured last week."}


def write_small(path: Path, *, scale: float = 1.0, name: str = "small") -> Path:
    described = bundles.manifest()
    architecture = replace(described.architecture, members=1)
    described = replace(described, name=name, architecture=architecture)
    network = {key: (value * np.float32(scale)) for key, value in bundles.network(described).items()}
    write_bundle(path, described, network, bundles.scope(described))
    return path
