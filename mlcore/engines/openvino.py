"""The serving engine: OpenVINO in float32, one image a request, so that no answer depends on its neighbours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from mlcore.engines import Forward


class OpenVinoEngine:
    """A network compiled for this CPU.

    Requests run side by side in a queue; each holds a single image, so the same image gives the same digits alone
    or among others. float32 is forced: bfloat16 is three times as fast, but its digits depend on the CPU.
    """

    def __init__(self, graph: bytes, weights: bytes, *, input_size: int, threads: int | None = None) -> None:
        core = ov.Core()
        model = core.read_model(model=graph, weights=weights)
        model.reshape([1, input_size, input_size, 3])
        options: dict[str, Any] = {
            "PERFORMANCE_HINT": "THROUGHPUT",
            "INFERENCE_PRECISION_HINT": "f32",
            "ENABLE_CPU_PINNING": False,  # several workers would all be pinned to the first cores
        }
        if threads:
            options |= {"INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": threads}
        self._compiled = core.compile_model(model, "CPU", options)
        self._queue = ov.AsyncInferQueue(self._compiled)

    def run(self, pixels: Sequence[NDArray[np.float32]]) -> list[Forward]:
        """Run prepared images (each S x S x 3)."""
        answers: dict[int, Forward] = {}

        def keep(request: Any, number: int) -> None:
            logits, features = (request.get_output_tensor(index).data[0].copy() for index in (0, 1))
            answers[number] = Forward(logits=logits, features=features)

        self._queue.set_callback(keep)
        for number, image in enumerate(pixels):
            self._queue.start_async({0: np.ascontiguousarray(image[None], np.float32)}, number)
        self._queue.wait_all()
        return [answers[number] for number in range(len(pixels))]
