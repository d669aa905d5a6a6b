"""Images drawn from a seed, for tests, demo and screenshots: no patient's image is needed for any of them.

They resemble smears and H&E patches in colour and texture. They are no evidence of anything; whoever shows one
marks it as drawn.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from mlcore.synthetic.smears import draw_smear
from mlcore.synthetic.tissue import draw_tissue

__all__ = ["draw", "draw_smear", "draw_tissue", "out_of_focus"]


def draw(assay: str, kind: str, seed: int) -> NDArray[np.uint8]:
    """An image (H x W x 3, 8-bit RGB) of that assay and class; KeyError for an unknown one."""
    return {"leukemia": draw_smear, "breast": draw_tissue}[assay](kind, seed)


def out_of_focus(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The same image with the objective turned too far: its cells can be seen, but not what is in them."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), image.shape[0] / 40), dtype=np.uint8)
