"""`benchmark`: images a second and latency of each engine on this machine."""

import argparse
import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from mlcore.bundle import InvalidBundle, read_bundle
from mlcore.commands.predict import default_cache
from mlcore.engines import Engine
from mlcore.engines.exported import ExportFailed, exported
from mlcore.engines.openvino import OpenVinoEngine

_BATCHES = (1, 8, 32)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `benchmark`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--cache", type=Path, default=default_cache(), metavar="DIR", help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=2.0, help="a measurement (default: %(default)s)")
    parser.add_argument("--engine", choices=("openvino", "keras"), help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Print the table; each engine is measured in a process of its own, so that its memory is its own."""
    if args.engine:
        sys.stdout.write(json.dumps(_measure(args)) + "\n")
        return 0
    try:
        bundle = read_bundle(args.model)
        exported(args.model, digest=bundle.digest, cache=args.cache)
    except (InvalidBundle, ExportFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    table = Table("engine", *(f"batch {size}: images/s (ms)" for size in _BATCHES), "ready after", "memory")
    for engine in ("openvino", "keras"):
        found = _in_own_process(args, engine)
        speeds = [f"{found[str(size)]:.0f} ({1000 * size / found[str(size)]:.1f})" for size in _BATCHES]
        table.add_row(engine, *speeds, f"{found['ready']:.1f} s", f"{found['memory']:.0f} MB")
    Console().print(table)
    return 0


def _in_own_process(args: argparse.Namespace, engine: str) -> dict[str, float]:
    command = [sys.executable, "-m", "mlcore", "benchmark", "--model", str(args.model), "--cache", str(args.cache)]
    command += ["--seconds", str(args.seconds), "--engine", engine]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603  our own module
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _measure(args: argparse.Namespace) -> dict[str, float]:
    start = time.perf_counter()
    engine = _ENGINES[args.engine](args)
    found = {"ready": time.perf_counter() - start}
    side = read_bundle(args.model).manifest.recipe.input_size
    rng = np.random.default_rng(0)
    for size in _BATCHES:
        pixels = list(rng.random((size, side, side, 3), dtype=np.float32))
        engine.run(pixels)
        rounds, begun = 0, time.perf_counter()
        while time.perf_counter() - begun < args.seconds:
            engine.run(pixels)
            rounds += 1
        found[str(size)] = rounds * size / (time.perf_counter() - begun)
    found["memory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found


def _openvino(args: argparse.Namespace) -> Engine:
    bundle = read_bundle(args.model)
    export = exported(args.model, digest=bundle.digest, cache=args.cache)
    return OpenVinoEngine(export.graph, export.weights, input_size=bundle.manifest.recipe.input_size)


def _keras(args: argparse.Namespace) -> Engine:
    # Imported here alone: the other engine's process must not carry Keras.
    from mlcore.engines.reference import ReferenceEngine  # noqa: PLC0415

    return ReferenceEngine(read_bundle(args.model))


_ENGINES: dict[str, Callable[[argparse.Namespace], Engine]] = {"openvino": _openvino, "keras": _keras}
