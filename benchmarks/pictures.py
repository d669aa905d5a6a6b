"""The images that speed is measured with: real ones where SECOND_READ_DATA names a folder of them, else drawn ones."""

import os
from collections.abc import Iterator
from itertools import count, zip_longest
from pathlib import Path

import cv2

from mlcore.assays import get_assay
from mlcore.synthetic import draw

QUALITY = 90  # of JPEG: a drawn image has about as many bytes as a real one


def pictures(assay: str) -> Iterator[bytes]:
    """Image files of an assay, no two alike; real ones first, as many as there are."""
    yield from _real(assay)
    yield from _drawn(assay)


def source(assay: str) -> str:
    """What they are, for the table."""
    real = sum(1 for _ in _real(assay))
    return f"{real} real images, then drawn ones" if real else "drawn images"


def _real(assay: str) -> Iterator[bytes]:
    folder = os.environ.get("SECOND_READ_DATA")
    if not folder:
        return
    classes = [sorted((Path(folder) / assay / kind).glob("*.jpg")) for kind in get_assay(assay).classes]
    seen = set()
    for one_of_each in zip_longest(*classes):
        for path in filter(None, one_of_each):
            content = path.read_bytes()
            if content not in seen:
                seen.add(content)
                yield content


def _drawn(assay: str) -> Iterator[bytes]:
    kinds = get_assay(assay).classes
    for seed in count(1):
        pixels = cv2.cvtColor(draw(assay, kinds[seed % len(kinds)], seed), cv2.COLOR_RGB2BGR)
        yield cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])[1].tobytes()
