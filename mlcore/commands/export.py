"""`export`: write a model's form for the serving engine, checked against the reference."""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.assays import get_assay
from mlcore.bundle import Bundle, InvalidBundle, read_bundle
from mlcore.engines import TOLERANCE, Engine
from mlcore.engines.agreement import check_images, largest_difference
from mlcore.engines.exported import GRAPH, WEIGHTS, ExportFailed, seal_export
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.predictor import Predictor
from mlcore.preprocessing import prepare


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Export; status 1 when the bundle is no good or the engines disagree."""
    try:
        _export(read_bundle(args.model), args.out)
    except (InvalidBundle, ExportFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


def _export(bundle: Bundle, out: Path) -> None:
    # Imported only now: a bundle that is no good is told at once, not after ten seconds of loading Keras.
    from mlcore.engines.reference import ReferenceEngine  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    recipe = bundle.manifest.recipe
    reference = ReferenceEngine(bundle)
    reference.export(out / GRAPH)
    graph, weights = (out / GRAPH).read_bytes(), (out / WEIGHTS).read_bytes()
    serving = OpenVinoEngine(graph, weights, input_size=recipe.input_size)
    images = check_images(get_assay(bundle.manifest.assay), recipe.input_size)
    difference = largest_difference(reference, serving, [prepare(image, recipe) for image in images])
    if not difference <= TOLERANCE:
        raise ExportFailed(f"the serving engine's answers differ from the reference's by {difference:.2g}")
    _require_outcomes(bundle, serving, images)
    seal_export(out, digest=bundle.digest, difference=difference)


def _require_outcomes(bundle: Bundle, engine: Engine, images: list[NDArray[np.uint8]]) -> None:
    """The whole way from pixels to an outcome, once: what fails here would fail with every patient's image."""
    try:
        outcomes = Predictor(bundle, engine).predict(images)
    except (ValueError, LookupError, ArithmeticError, cv2.error) as error:
        raise ExportFailed(f"the model cannot read its check images: {error}") from error
    if not all(np.isfinite([*one.probabilities.values(), one.in_scope_score]).all() for one in outcomes):
        raise ExportFailed("the model's answers to its check images are no numbers")
