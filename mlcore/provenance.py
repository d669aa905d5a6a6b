"""Where the data of a model came from, and the state of the source that made it."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Source:
    """A published data set."""

    title: str
    citation: str
    licence: str


OWN_IMAGES = Source(title="Images of one's own.", citation="none", licence="the owner's")

PUBLISHED: Mapping[str, Source] = MappingProxyType(
    {
        "leukemia": Source(
            title=(
                "Acute Lymphoblastic Leukemia (ALL) image data set: peripheral blood smear fields of 89 people, "
                "224 x 224 pixels; 2,493 of the 3,256 published images. Patients' ids are not published: images are "
                "grouped by runs of consecutive numbers and by near duplicates, so one patient's images may still be "
                "on two sides."
            ),
            citation=(
                "Aria M, Ghaderzadeh M, Bashash D, Abolghasemi H, Asadi F, Hosseini A. Acute Lymphoblastic Leukemia "
                "(ALL) image dataset. Kaggle, 2021. doi:10.34740/KAGGLE/DSV/2175623"
            ),
            licence="Open Database License (ODbL); contents of the authors. No image is distributed with this model.",
        ),
        "breast": Source(
            title=(
                "Breast Histopathology Images: 50 x 50 pixel patches at 40x of whole-slide images of invasive ductal "
                "carcinoma; 9,534 patches of 224 patients, at most 100 a patient."
            ),
            citation=(
                "Cruz-Roa A et al. Automatic detection of invasive ductal carcinoma in whole slide images with "
                "convolutional neural networks. Proc. SPIE 9041, 2014. Janowczyk A, Madabhushi A. Deep learning for "
                "digital pathology image analysis. J Pathol Inform 7:29, 2016."
            ),
            licence="CC0",
        ),
    }
)


def source_commit() -> str:
    """The commit of this source tree, with `+` when files differ from it; `unknown` outside a git checkout."""
    root = Path(__file__).parent

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603

    try:
        changed = git("status", "--porcelain", "--", str(root))
        return git("rev-parse", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
