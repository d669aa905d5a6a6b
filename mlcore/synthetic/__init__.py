"""Images drawn from a seed, for tests, demo and screenshots: no patient's image is needed for any of them.

They resemble smears and H&E patches in colour and texture. They are no evidence of anything; whoever shows one
marks it as drawn.
"""

import numpy as np
from numpy.typing import NDArray

from mlcore.synthetic.smears import draw_smear
from mlcore.synthetic.tissue import draw_tissue

__all__ = ["draw", "draw_smear", "draw_tissue"]


def draw(assay: str, kind: str, seed: int) -> NDArray[np.uint8]:
    """An image (H x W x 3, 8-bit RGB) of that assay and class; KeyError for an unknown one."""
    return {"leukemia": draw_smear, "breast": draw_tissue}[assay](kind, seed)
