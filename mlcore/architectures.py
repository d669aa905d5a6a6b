"""The networks by name, in Keras 3 for any backend. A model file never carries code: it names one of these."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import keras
from keras import layers

from mlcore.catalogue import HYPERCOLUMN, LITE_BLOCKS, LITE_STEM, InvertedBlock, Shape, member_name


@dataclass(frozen=True, slots=True)
class Outputs:
    """The two tensors every network gives: logits (N x classes) and the last feature maps (N x h x w x c)."""

    logits: Any
    features: Any


Builder = Callable[[Any, Shape], Outputs]


def _residual_block(x: Any, channels: int, stride: int, name: str) -> Any:
    shortcut = x
    if stride > 1 or x.shape[-1] != channels:
        shortcut = layers.Conv2D(channels, 1, strides=stride, use_bias=False, name=f"{name}_shortcut")(x)
        shortcut = layers.BatchNormalization(name=f"{name}_shortcut_norm", momentum=0.97)(shortcut)
    for number, step in ((1, stride), (2, 1)):
        x = layers.Conv2D(channels, 3, strides=step, padding="same", use_bias=False, name=f"{name}_conv{number}")(x)
        x = layers.BatchNormalization(name=f"{name}_norm{number}", momentum=0.97)(x)
        if number == 1:
            x = layers.ReLU(name=f"{name}_relu1")(x)
    return layers.ReLU(name=f"{name}_out")(layers.Add(name=f"{name}_add")([x, shortcut]))


def _compact(x: Any, shape: Shape, *, stem: int, stem_stride: int, pool: bool) -> Outputs:
    x = layers.Conv2D(48, stem, strides=stem_stride, padding="same", use_bias=False, name="stem")(x)
    x = layers.ReLU(name="stem_relu")(layers.BatchNormalization(name="stem_norm", momentum=0.97)(x))
    if pool:
        x = layers.MaxPooling2D(2, name="stem_pool")(x)
    for stage, channels in enumerate((48, 96, 160), start=1):
        for block in (1, 2):
            stride = 2 if block == 1 and stage > 1 else 1
            x = _residual_block(x, channels, stride, f"stage{stage}_block{block}")
    pooled = layers.Dropout(0.2, name="dropout")(layers.GlobalAveragePooling2D(name="pool")(x))
    return Outputs(logits=layers.Dense(shape.classes, dtype="float32", name="logits")(pooled), features=x)


def _compact_leukemia(x: Any, shape: Shape) -> Outputs:
    """A residual network of 1.2 million parameters for fields of cells: it looks at a quarter of the resolution."""
    return _compact(x, shape, stem=5, stem_stride=2, pool=True)


def _compact_breast(x: Any, shape: Shape) -> Outputs:
    """The same network for small patches: the first stage keeps the full resolution."""
    return _compact(x, shape, stem=3, stem_stride=1, pool=False)


def _efficientnet_lite(x: Any, shape: Shape) -> Outputs:
    """EfficientNet-Lite0 (Tan and Le, ICML 2019; its Lite form by Google, 2020) up to its fifth stage, 0.7 million
    parameters a member. Each member of a committee sees the image turned by another quarter; the dense layer on all
    their features averages what they say, so a class activation map is the members' mean too.
    """
    maps = _committee(x, shape, lambda seen, member: _lite_maps(seen, member)[LITE_BLOCKS[-1].name])
    pooled = layers.Dropout(0.25, name="dropout")(layers.GlobalAveragePooling2D(name="pool")(maps))
    return Outputs(logits=layers.Dense(shape.classes, dtype="float32", name="logits")(pooled), features=maps)


def _efficientnet_lite_hypercolumn(x: Any, shape: Shape) -> Outputs:
    """The same members, judged by their second to fifth stage together (hypercolumns: Hariharan et al., CVPR 2015).

    A small patch shows little form; fine texture and colour, which the early stages see, are evidence of their own.
    """
    columns = _committee(x, shape, _hypercolumn)
    # Fitted to pooled features, whose spread differs from stage to stage, and laid over the maps they were pooled from.
    norm = layers.BatchNormalization(name="hypercolumn_norm", momentum=0.97)
    pooled = norm(layers.GlobalAveragePooling2D(keepdims=True, name="pool")(columns))
    pooled = layers.Dropout(0.25, name="dropout")(layers.Flatten(name="flatten")(pooled))
    logits = layers.Dense(shape.classes, dtype="float32", name="logits")(pooled)
    return Outputs(logits=logits, features=norm(columns, training=False))


def _committee(x: Any, shape: Shape, maps_of: Callable[[Any, str], Any]) -> Any:
    """All members' maps side by side, on the image as it was sent though each saw it turned by another quarter."""
    found = []
    for number in range(shape.members):
        turned = keras.ops.rot90(x, number, axes=(1, 2)) if number % 4 else x
        maps = maps_of(turned, member_name(number + 1))
        found.append(keras.ops.rot90(maps, -number, axes=(1, 2)) if number % 4 else maps)
    return layers.Concatenate(name="features")(found) if len(found) > 1 else found[0]


def _hypercolumn(x: Any, member: str) -> Any:
    """The maps of several stages, the earlier ones brought down to the last one's resolution."""
    maps, column = _lite_maps(x, member), []
    for block, halvings in HYPERCOLUMN.items():
        stage = maps[block]
        for _ in range(halvings):
            stage = layers.AveragePooling2D(2, padding="same")(stage)
        column.append(stage)
    return layers.Concatenate(name=f"{member}column")(column)


def _lite_maps(x: Any, member: str) -> dict[str, Any]:
    """What each block of a member gives, by the block's name."""
    x = layers.Rescaling(2.0, -1.0, name=f"{member}range")(x)
    x = layers.Conv2D(LITE_STEM, 3, strides=2, padding="same", use_bias=False, name=f"{member}stem")(x)
    x = _lite_activation(_lite_norm(x, f"{member}stem_norm"), f"{member}stem")
    maps = {}
    for block in LITE_BLOCKS:
        maps[block.name] = x = _inverted_block(x, block, f"{member}{block.name}")
    return maps


def _inverted_block(x: Any, block: InvertedBlock, name: str) -> Any:
    before = x
    if block.expansion > 1:
        wide = layers.Conv2D(block.incoming * block.expansion, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _lite_activation(_lite_norm(wide, f"{name}_expand_norm"), f"{name}_expand")
    x = layers.DepthwiseConv2D(
        block.kernel, strides=block.stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _lite_activation(_lite_norm(x, f"{name}_depthwise_norm"), f"{name}_depthwise")
    x = layers.Conv2D(block.channels, 1, use_bias=False, name=f"{name}_project")(x)
    x = _lite_norm(x, f"{name}_project_norm")
    same = block.stride == 1 and block.incoming == block.channels
    return layers.Add(name=f"{name}_add")([before, x]) if same else x


def _lite_norm(x: Any, name: str) -> Any:
    return layers.BatchNormalization(name=name, momentum=0.97, epsilon=1e-3)(x)


def _lite_activation(x: Any, name: str) -> Any:
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def _prototype(x: Any, shape: Shape) -> Outputs:
    """Three convolutions with pooling, 32, 64 and 128 channels, then a dense layer of 256 on all of it."""
    for number, channels in enumerate((32, 64, 128), start=1):
        x = layers.Conv2D(channels, 3, activation="relu", name=f"conv{number}")(x)
        x = layers.MaxPooling2D(2, name=f"pool{number}")(x)
    hidden = layers.Dense(256, activation="relu", name="dense")(layers.Flatten(name="flatten")(x))
    hidden = layers.Dropout(0.5, name="dropout")(hidden)
    return Outputs(logits=layers.Dense(shape.classes, dtype="float32", name="logits")(hidden), features=x)


ARCHITECTURES: Mapping[str, Builder] = MappingProxyType(
    {
        "compact-leukemia": _compact_leukemia,
        "compact-breast": _compact_breast,
        "efficientnet-lite": _efficientnet_lite,
        "efficientnet-lite-hypercolumn": _efficientnet_lite_hypercolumn,
        "prototype-leukemia": _prototype,
        "prototype-breast": _prototype,
    }
)


def build(name: str, shape: Shape, *, any_size: bool = False) -> Any:
    """A new network with outputs `[logits, features]`, randomly initialised; KeyError for an unknown name.

    `any_size` leaves height and width open, so that training may look at crops.
    """
    side = None if any_size else shape.input_size
    inputs = keras.Input((side, side, 3), name="pixels")
    outputs = ARCHITECTURES[name](inputs, shape)
    return keras.Model(inputs, [outputs.logits, outputs.features], name=name.replace("-", "_"))
