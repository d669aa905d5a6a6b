"""The assays: what is looked at, which classes there are, and what a model for it may be used for."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from mlcore.segmentation import SegmentationRecipe


@dataclass(frozen=True, slots=True)
class Assay:
    """One kind of examination. Adding an assay is adding one value here and a model bundle."""

    slug: str
    name: str
    classes: tuple[str, ...]  # in the order of the model's outputs
    malignant: frozenset[str]
    input_size: int  # side in pixels of the square the network sees
    minimum_side: int  # images with a shorter side are refused
    sides: tuple[int, int]  # the shorter side in pixels of what a model can be asked about; beyond: out of scope
    aspect: float  # the longer side over the shorter, at most, or out of scope: the network sees a square
    segmentation: SegmentationRecipe
    intended_use: str
    not_for: tuple[str, ...]


_LEUKEMIA = Assay(
    slug="leukemia",
    name="Leukemia (blood smear)",
    classes=("Benign", "Early", "Pre", "Pro"),
    malignant=frozenset({"Early", "Pre", "Pro"}),
    input_size=224,
    minimum_side=112,
    sides=(160, 1024),  # fields of 224 pixels; finer pictures of the same field lose only detail
    aspect=1.25,  # 4:3 pictures would press the cells flat
    segmentation=SegmentationRecipe(
        white_percentile=90,  # the empty field: lamps and cameras differ, the stain does not
        hue_from=118,  # blue-violet; red cells of a blue-grey smear lie below
        hue_to=179,  # up to magenta; orange and yellow lie beyond
        tones=3,  # plasma, red cells and cytoplasm, nuclei
        saturation_floor=50,  # pale pro-B blasts reach 60 to 90, red cells of such smears stay below 45
        saturation_ceiling=255,
        value_ceiling=255,  # stained nuclei are as bright in blue as the background: their value tells nothing
        opening=3,
        closing=5,
        fill_holes=True,  # a nucleus has none
        smallest_area=0.0008,  # 40 pixels of a 224 x 224 field: a platelet, not a nucleus
        separate_touching=True,
    ),
    intended_use=(
        "A second opinion on fields of Giemsa- or Wright-stained peripheral blood smears from people suspected of "
        "acute lymphoblastic leukemia: benign (haematogones), or blasts of the early pre-B, pre-B or pro-B stage."
    ),
    not_for=(
        "deciding without a doctor, or without flow cytometry where a diagnosis depends on it",
        "bone marrow, other leukemias, lymphomas, or any other disease",
        "single-cell crops, whole-slide scans, other stains, or a microscope it was not checked on",
    ),
)

_BREAST = Assay(
    slug="breast",
    name="Breast tissue (H&E)",
    classes=("Benign", "Malignant"),
    malignant=frozenset({"Malignant"}),
    input_size=50,
    minimum_side=32,
    sides=(40, 100),  # patches of 50 pixels, or of 100 at half the pixel's size: larger ones show another magnification
    aspect=1.25,
    segmentation=SegmentationRecipe(
        white_percentile=0,  # a patch may hold no white at all
        hue_from=115,  # haematoxylin: blue-violet
        hue_to=160,  # eosin-pink stroma lies above
        tones=2,
        saturation_floor=45,  # grey dust and out-of-focus edges
        saturation_ceiling=120,  # in a patch full of nuclei the threshold would part dark from darker
        value_ceiling=215,  # stroma and fat are brighter
        opening=1,  # at 50 x 50 pixels a nucleus is 3 to 6 pixels wide: opening would remove it
        closing=2,
        fill_holes=False,  # nuclei around a duct or vessel enclose what is no nucleus
        smallest_area=0.0024,  # 6 pixels of a 50 x 50 patch
        separate_touching=True,
    ),
    intended_use=(
        "A second opinion on 50 x 50 pixel patches, at about 2 micrometres a pixel, of breast tissue stained with "
        "haematoxylin and eosin: does the patch show invasive ductal carcinoma? Benign means only that it does not."
    ),
    not_for=(
        "deciding without a pathologist, grading, staging, receptor status or margins",
        "other tumours of the breast, other organs, cytology, frozen sections or immunohistochemistry",
        "patches at another magnification, or from a scanner it was not checked on",
    ),
)

ASSAYS: Mapping[str, Assay] = MappingProxyType({assay.slug: assay for assay in (_LEUKEMIA, _BREAST)})


def get_assay(slug: str) -> Assay:
    """The assay of that slug; KeyError with the known ones when there is none."""
    try:
        return ASSAYS[slug]
    except KeyError:
        raise KeyError(f"unknown assay {slug!r}; known are {', '.join(ASSAYS)}") from None
