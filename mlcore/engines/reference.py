"""The reference engine: the network in Keras, and its export to OpenVINO. Never imported by what serves."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray
from openvino.frontend.tensorflow import utils

from mlcore.architectures import build
from mlcore.bundle import Bundle
from mlcore.engines import Engine, Forward
from mlcore.engines.openvino import OpenVinoEngine


def network_of(bundle: Bundle) -> Any:
    """The bundle's network as a Keras model of two outputs: logits and the last feature maps."""
    network: Any = build(bundle.manifest.architecture.name, bundle.manifest.shape)
    for variable in network.weights:
        variable.assign(bundle.network[variable.path])
    return network


class ReferenceEngine:
    """A bundle's network in Keras."""

    def __init__(self, bundle: Bundle) -> None:
        self._network = network_of(bundle)

    def run(self, pixels: Sequence[NDArray[np.float32]]) -> list[Forward]:
        """Run prepared images (each S x S x 3) as one batch."""
        logits, features = self._network.predict_on_batch(np.stack(pixels))
        return [Forward(*pair) for pair in zip(np.asarray(logits), np.asarray(features), strict=True)]

    def export(self, path: Path) -> None:
        """Write the network for OpenVINO: `path` (.xml) and the file of weights beside it (.bin)."""
        with _openvino_on_new_pythons():
            self._network.export(str(path), format="openvino", verbose=False)


def serving_engine(bundle: Bundle) -> Engine:
    """The engine that serves, for a network that was never written to a file; it is measured with what will be used.

    Only TensorFlow's networks can be exported: those of another backend are given to it as they are.
    """
    reference = ReferenceEngine(bundle)
    if keras.backend.backend() != "tensorflow":
        return reference
    with tempfile.TemporaryDirectory() as folder:
        graph = Path(folder) / "network.xml"
        reference.export(graph)
        weights = graph.with_suffix(".bin").read_bytes()
        return OpenVinoEngine(graph.read_bytes(), weights, input_size=bundle.manifest.recipe.input_size)


@contextmanager
def _openvino_on_new_pythons() -> Iterator[None]:
    """OpenVINO 2026.4 undoes an import by `exec("del tensorflow")`, which from Python 3.13 on raises NameError.

    TensorFlow is loaded at that point; whether a name for it comes and goes makes no difference.
    """
    module: Any = utils
    module.exec = lambda _source: None
    try:
        yield
    finally:
        del module.exec
