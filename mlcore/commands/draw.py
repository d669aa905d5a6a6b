"""`draw`: images drawn from a seed, for demonstrations."""

import argparse
from pathlib import Path

from mlcore.assays import ASSAYS, get_assay
from mlcore.overlays import encode_png
from mlcore.synthetic import draw


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `draw`."""
    parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--count", type=int, default=5, help="images a class (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> int:
    """Write a folder a class of drawn images, as `train` and `evaluate` take them."""
    for kind in get_assay(args.assay).classes:
        folder = args.out / kind
        folder.mkdir(parents=True, exist_ok=True)
        for seed in range(args.seed, args.seed + args.count):
            (folder / f"drawn-{seed:04d}.png").write_bytes(encode_png(draw(args.assay, kind, seed)))
    return 0
