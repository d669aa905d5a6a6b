"""`segment`: write the nucleus masks of images."""

import argparse
import sys
from pathlib import Path

import cv2

from mlcore.assays import ASSAYS, get_assay
from mlcore.images import UnreadableImage, decode
from mlcore.segmentation import segment


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `segment`."""
    parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE")


def run(args: argparse.Namespace) -> int:
    """Write NAME_mask.png (0 or 255, the image's own size) for each image; status 1 when one cannot be read."""
    assay = get_assay(args.assay)
    args.out.mkdir(parents=True, exist_ok=True)
    status = 0
    for path in args.images:
        try:
            image = decode(path.read_bytes())
        except (OSError, UnreadableImage) as error:
            sys.stderr.write(f"{path}: {error}\n")
            status = 1
            continue
        found = segment(image, assay.segmentation)
        target = args.out / f"{path.stem}_mask.png"
        cv2.imwrite(str(target), found.mask)
        sys.stdout.write(f"{target}: {found.contour_count} nuclei on {found.area_fraction:.1%} of the image\n")
    return status
