"""`export`: write a model's form for the serving engine, checked against the reference."""

import argparse
import sys
from pathlib import Path

import numpy as np

from mlcore.assays import get_assay
from mlcore.bundle import Bundle, InvalidBundle, read_bundle
from mlcore.engines import TOLERANCE, Engine
from mlcore.engines.exported import GRAPH, WEIGHTS, seal_export
from mlcore.engines.openvino import OpenVinoEngine
from mlcore.preprocessing import prepare
from mlcore.synthetic import draw


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `export`."""
    parser.add_argument("--model", type=Path, required=True, metavar="FILE.bundle")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")


def run(args: argparse.Namespace) -> int:
    """Export; status 1 when the bundle is no good or the engines disagree."""
    try:
        bundle = read_bundle(args.model)
    except InvalidBundle as error:
        sys.stderr.write(f"{error}\n")
        return 1
    args.out.mkdir(parents=True, exist_ok=True)
    # Imported only now: a bundle that is no good is told at once, not after ten seconds of loading Keras.
    from mlcore.engines.reference import ReferenceEngine  # noqa: PLC0415

    reference = ReferenceEngine(bundle)
    reference.export(args.out / GRAPH)
    serving = OpenVinoEngine(
        (args.out / GRAPH).read_bytes(),
        (args.out / WEIGHTS).read_bytes(),
        input_size=bundle.manifest.recipe.input_size,
    )
    difference = largest_difference(bundle, reference, serving)
    if not difference <= TOLERANCE:
        sys.stderr.write(f"the serving engine's answers differ from the reference's by {difference:.2g}\n")
        return 1
    seal_export(args.out, digest=bundle.digest, difference=difference)
    return 0


def largest_difference(bundle: Bundle, one: Engine, other: Engine) -> float:
    """How far the two engines' logits are apart on drawn images of every class."""
    assay = get_assay(bundle.manifest.assay)
    images = [draw(assay.slug, kind, seed) for kind in assay.classes for seed in range(2)]
    pixels = [prepare(image, bundle.manifest.recipe) for image in images]
    pairs = zip(one.run(pixels), other.run(pixels), strict=True)
    return max(float(np.abs(a.logits - b.logits).max()) for a, b in pairs)
