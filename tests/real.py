"""Choosing among the real images, where there are any."""

from pathlib import Path

FOLDERS = {"leukemia": "leukemia/*", "breast": "breast/testSet/*"}


def forty_real_images(data: Path, assay: str) -> list[Path]:
    """Forty images of an assay, as many of each class, none of them twice."""
    classes = sorted(path for path in data.glob(FOLDERS[assay]) if path.is_dir())
    return [path for folder in classes for path in sorted(folder.iterdir())[: 40 // len(classes)]]
