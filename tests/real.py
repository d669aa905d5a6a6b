"""Choosing among the real images, where there are any."""

from itertools import islice
from pathlib import Path

FOLDERS = {"leukemia": "leukemia/*", "breast": "breast/testSet/*"}


def forty_real_images(data: Path, assay: str) -> list[Path]:
    """Forty different images of an assay, as many of each class; the set has byte-identical pairs."""
    classes = sorted(path for path in data.glob(FOLDERS[assay]) if path.is_dir())
    return [path for folder in classes for path in islice(_different(folder), 40 // len(classes))]


def _different(folder: Path) -> list[Path]:
    by_content = {path.read_bytes(): path for path in sorted(folder.iterdir(), reverse=True)}
    return sorted(by_content.values())
