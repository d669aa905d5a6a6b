"""`benchmark`: images a second, latency, loading time and memory of each engine on this machine."""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import mlcore
from mlcore.assays import get_assay
from mlcore.bundle import InvalidBundle, read_bundle
from mlcore.commands.predict import default_cache
from mlcore.engines import Engine
from mlcore.engines.exported import ExportFailed, exported
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.images import decode
from mlcore.overlays import encode_png
from mlcore.predictor import Predictor
from mlcore.synthetic import draw

_BATCHES = (1, 8, 32)
_WORDS = {
    "openvino": "OpenVINO",
    "keras": "Keras",
    "predictor": "all steps",
}
_LEGEND = (
    "OpenVINO serves, in float32; Keras is the reference; all steps: decoding, segmentation, inference and map, as "
    "in a worker. ms: a whole batch, median / 95th percentile. Memory: the most that a fresh process took."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `benchmark`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=2.0, help="a measurement (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object an engine")
    parser.add_argument("--engine", choices=tuple(_WORDS), help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the table; status 1 when the model is no good.

    Each engine is measured in a process of its own, so that its memory is its own.
    """
    if args.engine:
        sys.stdout.write(json.dumps(_measure(args)) + "\n")
        return 0
    try:
        bundle = read_bundle(args.model)
        exported(args.model, digest=bundle.digest, cache=args.cache)
    except (InvalidBundle, ExportFailed) as error:
        sys.stderr.write(f"{args.model}: {error}\n")
        return 1
    console = Console(markup=False, width=None if sys.stdout.isatty() else 110)
    table = _table()
    for engine, words in _WORDS.items():
        found = _in_own_process(args, engine)
        if args.json:
            sys.stdout.write(json.dumps({"engine": engine, **found}) + "\n")
        else:
            table.add_row(words, *_cells(found))
    if not args.json:
        side = bundle.manifest.recipe.input_size
        console.print(f"{bundle.manifest.name} {bundle.manifest.version}, {side} x {side} pixels, on {_machine()}")
        console.print(table)
        console.print(_LEGEND)
    return 0


def _table() -> Table:
    table = Table("engine")
    for size in _BATCHES:
        table.add_column(f"batch {size}\nimages/s", justify="right")
        table.add_column("p50 / p95\nms", justify="right")
    table.add_column("ready\nafter", justify="right")
    table.add_column("memory\n", justify="right")
    return table


def _cells(found: dict[str, float]) -> list[str]:
    cells = []
    for size in _BATCHES:
        cells.append(f"{found[f'images_per_second_{size}']:.0f}")
        cells.append(f"{found[f'p50_ms_{size}']:.1f} / {found[f'p95_ms_{size}']:.1f}")
    return [*cells, f"{found['ready_s']:.1f} s", f"{found['memory_mb']:.0f} MB"]


def _machine() -> str:
    return f"{len(os.sched_getaffinity(0))} cores, {platform.system()} {platform.machine()}"


def _in_own_process(args: argparse.Namespace, engine: str) -> dict[str, float]:
    command = [sys.executable, "-m", "mlcore", "benchmark", "--model", str(args.model), "--cache", str(args.cache)]
    command += ["--seconds", str(args.seconds), "--engine", engine]
    quiet = {"PYTHONPATH": str(Path(mlcore.__file__).parent.parent), "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run(  # noqa: S603  our own module
        command, env={**os.environ, **quiet}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(args: argparse.Namespace) -> dict[str, float]:
    start = time.perf_counter()
    prepare_batch = _ENGINES[args.engine](args)
    found = {"ready_s": time.perf_counter() - start}
    for size in _BATCHES:
        times = _times(prepare_batch(size), args.seconds)
        found[f"images_per_second_{size}"] = size * len(times) / sum(times)
        for percent in (50, 95):
            found[f"p{percent}_ms_{size}"] = 1000 * float(np.percentile(times, percent))
    found["memory_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _times(run_batch: Callable[[], object], seconds: float) -> Sequence[float]:
    run_batch()
    times: list[float] = []
    while sum(times) < seconds:
        start = time.perf_counter()
        run_batch()
        times.append(time.perf_counter() - start)
    return times


Batches = Callable[[int], Callable[[], object]]  # a batch size -> what runs one batch of it


def _batches(engine: Engine, side: int) -> Batches:
    def batch(size: int) -> Callable[[], object]:
        pixels = list(np.random.default_rng(0).random((size, side, side, 3), dtype=np.float32))
        return lambda: engine.run(pixels)

    return batch


def _openvino(args: argparse.Namespace) -> Batches:
    bundle = read_bundle(args.model)
    export = exported(args.model, digest=bundle.digest, cache=args.cache)
    side = bundle.manifest.recipe.input_size
    return _batches(OpenVinoEngine(export.graph, export.weights, input_size=side), side)


def _keras(args: argparse.Namespace) -> Batches:
    # Imported here alone: the other engines' processes must not carry Keras.
    from mlcore.engines.reference import ReferenceEngine  # noqa: PLC0415

    bundle = read_bundle(args.model)
    return _batches(ReferenceEngine(bundle), bundle.manifest.recipe.input_size)


def _predictor(args: argparse.Namespace) -> Batches:
    """All that a worker does with an image's bytes: decode, segment, infer, judge, explain."""
    predictor = Predictor.load(args.model, cache=args.cache)
    assay = get_assay(predictor.manifest.assay)

    def batch(size: int) -> Callable[[], object]:
        kinds = [assay.classes[number % len(assay.classes)] for number in range(size)]
        files = [encode_png(draw(assay.slug, kind, number)) for number, kind in enumerate(kinds)]
        return lambda: predictor.predict([decode(file) for file in files])

    return batch


_ENGINES: dict[str, Callable[[argparse.Namespace], Batches]] = {
    "openvino": _openvino,
    "keras": _keras,
    "predictor": _predictor,
}
