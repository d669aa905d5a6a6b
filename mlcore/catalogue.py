"""What the named networks are, without building one: importing this brings in no machine-learning framework."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Shape:
    """What a network is built for: the side in pixels of its square input, and the number of classes.

    A committee has several members: networks of one kind, each trained on other groups, that answer together.
    """

    input_size: int
    classes: int
    members: int = 1


WeightShapes = dict[str, tuple[int, ...]]

_STAGES = (48, 96, 160)


@dataclass(frozen=True, slots=True)
class InvertedBlock:
    """A block of EfficientNet: widened, looked at by a depthwise convolution, narrowed again."""

    name: str
    incoming: int  # channels
    expansion: int  # times as many channels inside
    channels: int
    stride: int
    kernel: int  # side in pixels


def _lite_blocks() -> Iterator[InvertedBlock]:
    """EfficientNet-Lite0's first five stages of seven: the rest looks at places larger than a cell."""
    stages = ((1, 16, 1, 1, 3), (6, 24, 2, 2, 3), (6, 40, 2, 2, 5), (6, 80, 3, 2, 3), (6, 112, 3, 1, 5))
    number, incoming = 0, LITE_STEM
    for expansion, channels, repeats, stride, kernel in stages:
        for repeat in range(repeats):
            yield InvertedBlock(f"block{number}", incoming, expansion, channels, stride if repeat == 0 else 1, kernel)
            number, incoming = number + 1, channels


LITE_STEM = 32  # channels
LITE_BLOCKS: tuple[InvertedBlock, ...] = tuple(_lite_blocks())
HYPERCOLUMN = {"block2": 2, "block4": 1, "block7": 0, "block10": 0}  # ends of stages; how often their maps are halved


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
    yield from _logits(before, shape)


def member_name(number: int) -> str:
    """What the names of a committee member's layers begin with; the first is number 1."""
    return f"member{number}_"


def _lite(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _lite_members(shape)
    yield from _logits(LITE_BLOCKS[-1].channels * shape.members, shape)


def _lite_hypercolumn(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    features = sum(block.channels for block in LITE_BLOCKS if block.name in HYPERCOLUMN) * shape.members
    yield from _lite_members(shape)
    yield from _norm("hypercolumn_norm", features)
    yield from _logits(features, shape)


def _logits(features: int, shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "logits/kernel", (features, shape.classes)
    yield "logits/bias", (shape.classes,)


def _lite_members(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    for number in range(1, shape.members + 1):
        for name, size in _lite_member():
            yield member_name(number) + name, size


def _lite_member() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "stem/kernel", (3, 3, 3, LITE_STEM)
    yield from _norm("stem_norm", LITE_STEM)
    for block in LITE_BLOCKS:
        inside = block.incoming * block.expansion
        if block.expansion > 1:
            yield f"{block.name}_expand/kernel", (1, 1, block.incoming, inside)
            yield from _norm(f"{block.name}_expand_norm", inside)
        yield f"{block.name}_depthwise/kernel", (block.kernel, block.kernel, inside, 1)
        yield from _norm(f"{block.name}_depthwise_norm", inside)
        yield f"{block.name}_project/kernel", (1, 1, inside, block.channels)
        yield from _norm(f"{block.name}_project_norm", block.channels)


def _prototype(shape: Shape) -> Iterator[tuple[str, tuple[int, ...]]]:
    before, side = 3, shape.input_size
    for number, channels in enumerate((32, 64, 128), start=1):
        yield f"conv{number}/kernel", (3, 3, before, channels)
        yield f"conv{number}/bias", (channels,)
        before, side = channels, (side - 2) // 2
    yield "dense/kernel", (side * side * before, 256)
    yield "dense/bias", (256,)
    yield from _logits(256, shape)


_SHAPES: Mapping[str, Callable[[Shape], Iterator[tuple[str, tuple[int, ...]]]]] = MappingProxyType(
    {
        "compact-leukemia": lambda shape: _compact(shape, stem=5),
        "compact-breast": lambda shape: _compact(shape, stem=3),
        "efficientnet-lite": _lite,
        "efficientnet-lite-hypercolumn": _lite_hypercolumn,
        "prototype-leukemia": _prototype,
        "prototype-breast": _prototype,
    }
)

NAMES: tuple[str, ...] = tuple(_SHAPES)
COMMITTEES = frozenset(
    {"efficientnet-lite", "efficientnet-lite-hypercolumn"}
)  # the networks that may have several members
MOST_MEMBERS = 8


def weight_shapes(name: str, shape: Shape) -> WeightShapes:
    """The name and shape of every weight of a network; KeyError for an unknown network."""
    return dict(_SHAPES[name](shape))
