"""Model bundles: a zip of manifest.json and weights.safetensors and nothing else. Reading one executes nothing."""

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mlcore.archive import InvalidArchive, unpack
from mlcore.catalogue import weight_shapes
from mlcore.files import replace_file
from mlcore.manifest import Manifest
from mlcore.manifest_checks import manifest_problem
from mlcore.records import InvalidRecord, from_json, to_json
from mlcore.scope import array_problem
from mlcore.strict_json import InvalidJson, parse_json

MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
NETWORK, SCOPE = "network/", "scope/"  # what the names of the arrays begin with

MAX_BYTES = 128 * 2**20  # the largest network in the catalogue needs 89 MB
_MAX_MANIFEST_BYTES = 2**20
_MAX_HEADER_BYTES = 2**20  # of the weights: their names and shapes
_LIMITS = {MANIFEST: _MAX_MANIFEST_BYTES, WEIGHTS: MAX_BYTES}
_OTHER_FORMATS = (
    (b"\x89HDF", "an HDF5 file (.h5 or an old .keras)"),
    (b"\x80", "a Python pickle"),
    (b"\x08", "an ONNX or TensorFlow file"),
)

Arrays = dict[str, NDArray[np.float32]]


class InvalidBundle(ValueError):
    """The file is no usable model bundle; the message is one sentence that says why."""


@dataclass(frozen=True, slots=True, eq=False)
class Bundle:
    """A checked model: what it says about itself, its arrays, and the SHA-256 of its file."""

    manifest: Manifest
    network: Arrays  # the network's weights by name
    scope: Arrays  # the statistics of the in-scope gate
    digest: str


def write_bundle(path: Path, manifest: Manifest, network: Mapping[str, NDArray[np.float32]], scope: Arrays) -> str:
    """Write a bundle beside `path` and put it in place; returns its digest. The same content gives the same bytes."""
    tensors: dict[str, NDArray[np.floating]] = {f"{NETWORK}{name}": _smallest(value) for name, value in network.items()}
    tensors |= {f"{SCOPE}{name}": np.ascontiguousarray(value, np.float32) for name, value in scope.items()}
    weights = save(tensors)
    manifest = replace(manifest, weights_sha256=hashlib.sha256(weights).hexdigest())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content, method in (
            (MANIFEST, json.dumps(to_json(manifest), indent=1, allow_nan=False).encode(), zipfile.ZIP_DEFLATED),
            (WEIGHTS, weights, zipfile.ZIP_DEFLATED),
        ):
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, compress_type=method)
    data = buffer.getvalue()
    digest = read_bundle(data).digest
    with replace_file(path) as aside:
        aside.write_bytes(data)
    return digest


def _smallest(value: NDArray[np.float32]) -> NDArray[np.floating]:
    """Kept in 16 bits where nothing is lost by it."""
    half = np.ascontiguousarray(value, np.float16)
    return half if np.array_equal(half, value) else np.ascontiguousarray(value, np.float32)


def read_bundle(source: Path | bytes) -> Bundle:
    """Read and check a bundle from a file or from its bytes; InvalidBundle when anything about it is wrong."""
    data = _bytes(source)
    members = _unpack(data)
    weights, manifest = members[WEIGHTS], _parse_manifest(members[MANIFEST])
    if hashlib.sha256(weights).hexdigest() != manifest.weights_sha256:
        raise InvalidBundle("the weights are not those the manifest names: their digest differs")
    arrays = _arrays(weights)
    network = {name.removeprefix(NETWORK): a for name, a in arrays.items() if name.startswith(NETWORK)}
    scope = {name.removeprefix(SCOPE): a for name, a in arrays.items() if name.startswith(SCOPE)}
    if len(network) + len(scope) != len(arrays):
        raise InvalidBundle("the weights hold arrays that belong to nothing")
    _check_network(manifest, network)
    if problem := array_problem(scope, classes=len(manifest.classes)):
        raise InvalidBundle(f"the in-scope statistics do not fit: {problem}")
    return Bundle(manifest=manifest, network=network, scope=scope, digest=hashlib.sha256(data).hexdigest())


def read_manifest(source: Path | bytes) -> Manifest:
    """The checked manifest of a bundle, without looking at the weights."""
    return _parse_manifest(_unpack(_bytes(source))[MANIFEST])


def _bytes(source: Path | bytes) -> bytes:
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with source.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            raise InvalidBundle(f"the model file cannot be read: {error.strerror}") from error
    if len(data) > MAX_BYTES:
        raise InvalidBundle(f"the model file is larger than {MAX_BYTES // 2**20} MB")
    if not data.startswith(b"PK\x03\x04"):
        kind = next((kind for start, kind in _OTHER_FORMATS if data.startswith(start)), "something else")
        raise InvalidBundle(f"not a model bundle, but {kind}" if data else "the model file is empty")
    return data


def _unpack(data: bytes) -> dict[str, bytes]:
    try:
        return unpack(data, _LIMITS)
    except InvalidArchive as error:
        raise InvalidBundle(str(error)) from error


def _parse_manifest(content: bytes) -> Manifest:
    try:
        manifest = from_json(Manifest, parse_json(content))
    except (InvalidRecord, InvalidJson) as error:
        raise InvalidBundle(f"the manifest is not valid: {error}") from error
    if problem := manifest_problem(manifest):
        raise InvalidBundle(problem)
    return manifest


def _arrays(weights: bytes) -> Arrays:
    if int.from_bytes(weights[:8], "little") > _MAX_HEADER_BYTES:
        raise InvalidBundle("the weights are not valid safetensors")
    try:
        arrays = load(weights)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise InvalidBundle("the weights are not valid safetensors") from error
    for name, array in arrays.items():
        if array.dtype not in (np.float16, np.float32):
            raise InvalidBundle(f"the array {name} is neither float32 nor float16")
        if not np.isfinite(array).all():
            raise InvalidBundle(f"the array {name} holds a value that is not a number")
    return {name: array.astype(np.float32) for name, array in arrays.items()}


def _check_network(manifest: Manifest, network: Arrays) -> None:
    shape = manifest.shape
    wanted = weight_shapes(manifest.architecture.name, shape)
    if wanted.keys() != network.keys():
        raise InvalidBundle(f"the weights are not those of the architecture {manifest.architecture.name}")
    for name, size in wanted.items():
        if network[name].shape != size:
            raise InvalidBundle(f"the weights' shape does not fit: {name} is {network[name].shape}, not {size}")
