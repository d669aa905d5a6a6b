"""What the named networks are, without building one: importing this brings in no machine-learning framework."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is built for: the side in pixels of its square input, and the number of classes."""

    input_size: int
    classes: int


WeightShapes = dict[str, tuple[int, ...]]

_STAGES = (48, 96, 160)


def _norm(name: str, channels: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for part in ("gamma", "beta", "moving_mean", "moving_variance"):
        yield f"{name}/{part}", (channels,)


def _compact(shape: Shape, *, stem: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "stem/kernel", (stem, stem, 3, _STAGES[0])
    yield from _norm("stem_norm", _STAGES[0])
    before = _STAGES[0]
    for stage, channels in enumerate(_STAGES, start=1):
        for block in (1, 2):
            name = f"stage{stage}_block{block}"
            if before != channels:
                yield f"{name}_shortcut/kernel", (1, 1, before, channels)
                yield from _norm(f"{name}_shortcut_norm", channels)
            yield f"{name}_conv1/kernel", (3, 3, before, channels)
            yield from _norm(f"{name}_norm1", channels)
            yield f"{name}_conv2/kernel", (3, 3, channels, channels)
            yield from _norm(f"{name}_norm2", channels)
            before = channels
    yield "logits/kernel", (before, shape.classes)
    yield "logits/bias", (shape.classes,)


def _prototype(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    before, side = 3, shape.input_size
    for number, channels in enumerate((32, 64, 128), start=1):
        yield f"conv{number}/kernel", (3, 3, before, channels)
        yield f"conv{number}/bias", (channels,)
        before, side = channels, (side - 2) // 2
    yield "dense/kernel", (side * side * before, 256)
    yield "dense/bias", (256,)
    yield "logits/kernel", (256, shape.classes)
    yield "logits/bias", (shape.classes,)


_SHAPES: Mapping[str, Callable[[Shape], Iterator[tuple[str, tuple[int, ...]]]]] = MappingProxyType(
    {
        "compact-leukemia": lambda shape: _compact(shape, stem=5),
        "compact-breast": lambda shape: _compact(shape, stem=3),
        "prototype-leukemia": _prototype,
        "prototype-breast": _prototype,
    }
)

NAMES: tuple[str, ...] = tuple(_SHAPES)


def weight_shapes(name: str, shape: Shape) -> WeightShapes:
    """The name and shape of every weight of a network; KeyError for an unknown network."""
    return dict(_SHAPES[name](shape))
