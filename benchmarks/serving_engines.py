"""Which engine serves our networks best: images a second, time to load, memory, and distance from the reference.

    pip install onnxruntime onnx tf2onnx        # in an environment of its own: the project needs none of them
    python -m benchmarks.serving_engines --model bundles/leukemia.bundle --architecture prototype-leukemia

Each engine runs in a fresh process, the engines one after another, several rounds of that: on a machine that is also
doing something else the ratios hold where the figures do not. Without onnxruntime its lines are left out.
"""

import argparse
import importlib
import importlib.util
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from mlcore.bundle import read_bundle
from mlcore.catalogue import NAMES, Shape

BATCHES = (1, 8, 32)
SHAPES = {"leukemia": Shape(224, 4), "breast": Shape(50, 2)}
Run = Callable[[NDArray[np.float32]], NDArray[np.float32]]


def main() -> None:
    """Measure and print a table a network."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", action="append", default=[], metavar="FILE.bundle")
    parser.add_argument("--architecture", action="append", default=[], choices=NAMES, help="with random weights")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=1.5, help="a measurement (default: %(default)s)")
    parser.add_argument("--prepare", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.prepare:
        prepare(options.prepare[0], Path(options.prepare[1]))
    elif options.measure:
        print(json.dumps(measure(options.measure[0], Path(options.measure[1]), options.seconds)))
    else:
        for network in (*options.model, *options.architecture):
            compare(network, rounds=options.rounds, seconds=options.seconds)


def compare(network: str, *, rounds: int, seconds: float) -> None:
    """Every engine in turn, `rounds` times, and the medians."""
    engines = [name for name in ENGINES if name != "onnxruntime" or importlib.util.find_spec("onnxruntime")]
    found: dict[str, list[dict[str, float]]] = {name: [] for name in engines}
    with tempfile.TemporaryDirectory() as folder:
        ourselves("--prepare", network, folder)
        for _ in range(rounds):
            for name in engines:
                line = ourselves("--measure", name, folder, "--seconds", str(seconds))
                found[name].append(json.loads(line.splitlines()[-1]))
    speeds = [f"batch {size}" for size in BATCHES]
    table = Table("engine", *speeds, "of it", "p95 of one", "ready after", "memory", "difference", title=network)
    for name in engines:
        table.add_row(name, *_row(found[name], found[engines[0]]))
    Console(width=130).print(table)


def _row(rounds: list[dict[str, float]], first: list[dict[str, float]]) -> list[str]:
    def median(key: str) -> float:
        return statistics.median(one[key] for one in rounds)

    ratios = [
        statistics.median(a[f"{size}"] / b[f"{size}"] for a, b in zip(rounds, first, strict=True)) for size in BATCHES
    ]
    return [
        *(f"{median(str(size)):.0f}/s" for size in BATCHES),
        " ".join(f"{ratio:.2f}" for ratio in ratios),
        f"{1000 * median('p95'):.1f} ms",
        f"{median('ready'):.1f} s",
        f"{median('memory'):.0f} MB",
        f"{median('difference'):.1g}",
    ]


def ourselves(*arguments: str) -> str:
    """This script in a process of its own; what it printed."""
    root = Path(__file__).parent.parent
    quiet = {"PYTHONPATH": str(root), "KERAS_BACKEND": "tensorflow", "TF_CPP_MIN_LOG_LEVEL": "3"}
    command = [sys.executable, __file__, *arguments]
    return subprocess.run(command, env={**os.environ, **quiet}, stdout=subprocess.PIPE, text=True, check=True).stdout


def prepare(network: str, folder: Path) -> None:
    """Export a network for every engine, and keep the reference's answers."""
    model = build(network)
    model.export(str(folder / "network.xml"), format="openvino", verbose=False)
    if importlib.util.find_spec("onnxruntime"):
        model.export(str(folder / "network.onnx"), format="onnx", verbose=False)
    (folder / "network.txt").write_text(network)
    side = model.inputs[0].shape[1]
    pixels = np.random.default_rng(0).random((max(BATCHES), side, side, 3), dtype=np.float32)
    np.savez(folder / "check.npz", pixels=pixels, logits=np.asarray(model.predict_on_batch(pixels)[0]))


def build(network: str) -> Any:
    """The network of a bundle, or one of that name with random weights, in Keras."""
    import keras  # noqa: PLC0415  the other engines' processes must not carry it

    from mlcore import architectures  # noqa: PLC0415

    keras.utils.set_random_seed(1)
    if network in NAMES:
        return architectures.build(network, SHAPES[network.rpartition("-")[2]])
    bundle = read_bundle(Path(network))
    described = bundle.manifest.architecture
    model = architectures.build(described.name, Shape(described.input_size, len(bundle.manifest.classes)))
    for variable in model.weights:
        variable.assign(bundle.network[variable.path])
    return model


def measure(engine: str, folder: Path, seconds: float) -> dict[str, float]:
    """Time to load, images a second for each batch size, and the memory of this process."""
    start = time.perf_counter()
    run = ENGINES[engine](folder)
    found = {"ready": time.perf_counter() - start}
    check = np.load(folder / "check.npz")
    found["difference"] = float(np.abs(run(check["pixels"]) - check["logits"]).max())
    for size in BATCHES:
        times = _time(run, check["pixels"][:size], seconds)
        found[str(size)] = size * len(times) / sum(times)
        found.setdefault("p95", float(np.quantile(times, 0.95)))  # of the first: a single image
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _time(run: Run, pixels: NDArray[np.float32], seconds: float) -> Sequence[float]:
    run(pixels)
    times: list[float] = []
    while sum(times) < seconds:
        start = time.perf_counter()
        run(pixels)
        times.append(time.perf_counter() - start)
    return times


def openvino(folder: Path) -> Run:
    """Our own serving engine: float32, one image a request."""
    from mlcore.engines.openvino import OpenVinoEngine  # noqa: PLC0415

    graph, weights = (folder / "network.xml").read_bytes(), (folder / "network.bin").read_bytes()
    side = np.load(folder / "check.npz")["pixels"].shape[1]
    engine = OpenVinoEngine(graph, weights, input_size=side)
    return lambda pixels: np.stack([answer.logits for answer in engine.run(list(pixels))])


def openvino_default(folder: Path) -> Run:
    """OpenVINO as it comes, with bfloat16 where the CPU has it: one image a request as well."""
    import openvino as ov  # noqa: PLC0415

    model = ov.Core().read_model(folder / "network.xml")
    side = np.load(folder / "check.npz")["pixels"].shape[1]
    model.reshape([1, side, side, 3])
    queue = ov.AsyncInferQueue(ov.Core().compile_model(model, "CPU", {"PERFORMANCE_HINT": "THROUGHPUT"}))

    def run(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
        answers: dict[int, NDArray[np.float32]] = {}

        def keep(request: Any, number: int) -> None:
            answers[number] = request.get_output_tensor(0).data[0].copy()
            request.get_output_tensor(1).data.copy()  # the feature maps are wanted too

        queue.set_callback(keep)
        for number, image in enumerate(pixels):
            queue.start_async({0: image[None]}, number)
        queue.wait_all()
        return np.stack([answers[number] for number in range(len(pixels))])

    return run


def onnxruntime(folder: Path) -> Run:
    """ONNX Runtime in float32, all images of a batch together."""
    ort = importlib.import_module("onnxruntime")
    session = ort.InferenceSession(folder / "network.onnx", providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda pixels: np.asarray(session.run(None, {name: pixels})[0])


def keras(folder: Path) -> Run:
    """The reference."""
    model = build((folder / "network.txt").read_text())
    return lambda pixels: np.asarray(model.predict_on_batch(pixels)[0])


ENGINES: dict[str, Callable[[Path], Run]] = {
    "openvino float32": openvino,
    "openvino default": openvino_default,
    "onnxruntime": onnxruntime,
    "keras": keras,
}

if __name__ == "__main__":
    main()
