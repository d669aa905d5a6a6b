"""Pictures beside what the model made of them: the image, where it looked, and the class probabilities."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from mlcore.datasets import Sample, read_pixels
from mlcore.figure_style import BLUE, MUTED, save, style
from mlcore.measuring import Measured
from mlcore.occlusion import occlusion_map
from mlcore.outcomes import Outcome
from mlcore.overlays import thumbnail
from mlcore.predictor import Predictor

_MISTAKES = 12
_EXAMPLES = 8
_COLUMNS = 2
_TILE, _TITLE, _PICTURE = (5.4, 2.1), 0.3, 1.7  # inches: width and height of a tile, its title, a picture's side
_PLACES = ((0.05, _PICTURE), (1.83, _PICTURE), (4.35, 0.55))  # from the tile's left: picture, map, bars; their widths
_SIDE = 320  # pixels of a picture on the sheet
_BARS = 4
_STRONGEST = 0.75  # how opaque a map gets

CLASS_ACTIVATION, OCCLUSION = "class activation map", "occlusion map"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was written: its file, what each tile shows, and how the maps on it were made."""

    path: Path
    tiles: list[dict[str, Any]]
    maps: str


@dataclass(frozen=True, slots=True, eq=False)
class _Tile:
    image: NDArray[np.uint8]
    true: str
    outcome: Outcome
    evidence: NDArray[np.float32]

    @property
    def suggested(self) -> str:
        return _suggested(self.outcome)


def most_confident_mistakes(measured: Measured) -> list[int]:
    """The indices of wrong suggestions, the most confident first."""
    wrong = np.flatnonzero(measured.p.argmax(axis=1) != measured.labels)
    order = np.argsort(-measured.p[wrong].max(axis=1), kind="stable")
    return [int(index) for index in wrong[order][:_MISTAKES]]


def random_examples(measured: Measured) -> list[int]:
    """Indices of images drawn at random, as many of each class; always the same ones."""
    rng = np.random.default_rng(0)
    present = np.unique(measured.labels)
    each = max(1, _EXAMPLES // len(present))
    return [int(i) for label in present for i in rng.permutation(np.flatnonzero(measured.labels == label))[:each]]


def draw_sheet(predictor: Predictor, samples: Sequence[Sample], path: Path) -> Sheet | None:
    """Write a sheet of these images; None, and no file, when there are none."""
    path.unlink(missing_ok=True)
    if not samples:
        return None
    images = [read_pixels(sample) for sample in samples]
    outcomes = predictor.predict(images)
    classes = predictor.manifest.classes
    tiles = []
    for sample, image, outcome in zip(samples, images, outcomes, strict=True):
        evidence = outcome.activation_map
        if evidence is None:
            evidence = occlusion_map(predictor, image, _suggested(outcome))
        tiles.append(_Tile(thumbnail(image, _SIDE), classes[sample.label], outcome, evidence))
    _draw(tiles, path)
    described = [
        {
            "file": sample.path.name,
            "true": tile.true,
            "suggested": tile.suggested,
            "confidence": tile.outcome.confidence,
            "verdict": tile.outcome.verdict.value,
        }
        for sample, tile in zip(samples, tiles, strict=True)
    ]
    covered = outcomes[0].activation_map is None
    return Sheet(path=path, tiles=described, maps=OCCLUSION if covered else CLASS_ACTIVATION)


def _suggested(outcome: Outcome) -> str:
    """The most probable class, also out of scope, where the model itself gives none."""
    return max(outcome.probabilities, key=outcome.probabilities.__getitem__)


def _draw(tiles: list[_Tile], path: Path) -> None:
    wide, high = _COLUMNS * _TILE[0], -(-len(tiles) // _COLUMNS) * _TILE[1]
    with style():
        figure = Figure(figsize=(wide, high))
        for number, tile in enumerate(tiles):
            row, column = divmod(number, _COLUMNS)
            top = high - row * _TILE[1] - _TITLE
            places = [
                figure.add_axes(
                    ((column * _TILE[0] + left) / wide, (top - _PICTURE) / high, size / wide, _PICTURE / high)
                )
                for left, size in _PLACES
            ]
            _draw_tile(places, tile, number + 1)
        save(figure, path)


def _draw_tile(places: list[Axes], tile: _Tile, number: int) -> None:
    picture, looked, bars = places
    height, width = tile.image.shape[:2]
    extent = (0, width, height, 0)
    for place in (picture, looked):
        place.set_axis_off()
        place.imshow(tile.image, extent=extent, interpolation="bicubic")
    shown = mpl.colormaps["inferno"](tile.evidence)
    shown[..., 3] = _STRONGEST * tile.evidence
    looked.imshow(shown, extent=extent, interpolation="bilinear")
    verdict = tile.outcome.verdict.value.replace("_", " ")
    words = f"{number}. {tile.true}, suggested {tile.suggested} {tile.outcome.confidence:.2f} ({verdict})"
    picture.set_title(words, fontsize=9.5)
    _draw_bars(bars, tile)


def _draw_bars(axes: Axes, tile: _Tile) -> None:
    by_class = tile.outcome.probabilities
    names = list(by_class)
    colours = [BLUE if name == tile.suggested else MUTED for name in names]
    axes.barh(range(len(names)), list(by_class.values()), color=colours, height=0.6)
    for place, value in enumerate(by_class.values()):
        axes.text(1.1, place, f"{value:.2f}", va="center", fontsize=9)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    for name, words in zip(names, axes.get_yticklabels(), strict=True):
        words.set_fontweight("bold" if name == tile.true else "normal")
    spare = max(0.0, (_BARS - len(names)) / 2)  # two bars are no thicker than four
    axes.set(xlim=(0, 1), xticks=[], ylim=(len(names) - 0.5 + spare, -0.5 - spare))
    axes.tick_params(length=0)
    axes.grid(visible=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
