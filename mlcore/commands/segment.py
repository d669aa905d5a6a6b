"""`segment`: write the nucleus masks of images, or compare them with masks drawn by hand."""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.assays import ASSAYS, Assay, get_assay
from mlcore.files import replace_file
from mlcore.images import UnreadableImage, decode
from mlcore.overlays import encode_png
from mlcore.segmentation import segment

_NUCLEUS = 255  # what hand-drawn masks call a nucleus; 128 is cytoplasm, 0 background
_IMAGES = (".bmp", ".jpg", ".jpeg", ".tif", ".tiff")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `segment`."""
    parser.add_argument("--assay", choices=sorted(ASSAYS), required=True)
    parser.add_argument("--out", type=Path, metavar="DIR", help="where NAME_mask.png is written")
    parser.add_argument(
        "--truth", type=Path, metavar="DIR", help="measure instead: images with hand-drawn masks NAME.png beside them"
    )
    parser.add_argument("images", nargs="*", type=Path, metavar="IMAGE")


def run(args: argparse.Namespace) -> int:
    """Write the masks (0 or 255, the image's own size); status 1 when an image cannot be read."""
    assay = get_assay(args.assay)
    if args.truth:
        return _compare(assay, args.truth)
    if not args.out or not args.images:
        sys.stderr.write("segment needs --out DIR and images, or --truth DIR\n")
        return 2
    args.out.mkdir(parents=True, exist_ok=True)
    return max(_write_mask(assay, path, args.out) for path in args.images)


def _write_mask(assay: Assay, path: Path, out: Path) -> int:
    try:
        image = decode(path.read_bytes())
    except (OSError, UnreadableImage) as error:
        sys.stderr.write(f"{path}: {error}\n")
        return 1
    found = segment(image, assay.segmentation)
    target = out / f"{path.stem}_mask.png"
    with replace_file(target) as aside:
        aside.write_bytes(encode_png(found.mask))
    sys.stdout.write(f"{target}: {found.contour_count} nuclei on {found.area_fraction:.1%} of the image\n")
    return 0


def _compare(assay: Assay, root: Path) -> int:
    by_folder: dict[Path, list[float]] = {}
    for path, image, nucleus in _pairs(root):
        mask = segment(image, assay.segmentation).mask > 0
        by_folder.setdefault(path.parent, []).append(dice(mask, nucleus))
    if not by_folder:
        sys.stderr.write(f"{root} holds no image with a mask NAME.png beside it\n")
        return 1
    for folder, values in by_folder.items():
        sys.stdout.write(f"{folder}: mean Dice {np.mean(values):.3f}, least {min(values):.3f}, {len(values)} images\n")
    everything = [value for values in by_folder.values() for value in values]
    sys.stdout.write(f"mean Dice {np.mean(everything):.3f} over {len(everything)} images\n")
    return 0


def dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    """Twice the shared area over the sum of both; 1 when both are empty."""
    total = int(one.sum()) + int(other.sum())
    return 2 * int((one & other).sum()) / total if total else 1.0


def _pairs(root: Path) -> Iterator[tuple[Path, NDArray[np.uint8], NDArray[np.bool_]]]:
    """Images and their nuclei; read with OpenCV, as such sets come as BMP and are one's own files."""
    for path in sorted(root.rglob("*")):
        truth = path.with_suffix(".png")
        if path.suffix.lower() in _IMAGES and truth.is_file():
            image, mask = cv2.imread(str(path)), cv2.imread(str(truth), cv2.IMREAD_GRAYSCALE)
            if image is not None and mask is not None and image.shape[:2] == mask.shape:
                rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)
                yield path, rgb, mask == _NUCLEUS
