"""Model bundles: a zip of manifest.json and weights.safetensors and nothing else. Reading one executes nothing."""

import hashlib
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from mlcore.assays import ASSAYS
from mlcore.catalogue import NAMES, Shape, weight_shapes
from mlcore.files import replace_file
from mlcore.manifest import FORMAT, Manifest
from mlcore.preprocessing import Recipe
from mlcore.records import InvalidRecord, from_json, to_json
from mlcore.scope import array_problem

MANIFEST = "manifest.json"
WEIGHTS = "weights.safetensors"
NETWORK, SCOPE = "network/", "scope/"  # what the names of the arrays begin with

MAX_BYTES = 128 * 2**20  # the largest network in the catalogue needs 89 MB
_MAX_MANIFEST_BYTES = 2**20
_OTHER_FORMATS = (
    (b"\x89HDF", "an HDF5 file (.h5 or an old .keras)"),
    (b"\x80", "a Python pickle"),
    (b"\x08", "an ONNX or TensorFlow file"),
)
_LARGEST_SIDE = 2048  # pixels
_LARGEST_KERNEL = 31  # pixels; morphology grows with its square

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
    tensors = {f"{NETWORK}{name}": np.ascontiguousarray(value, np.float32) for name, value in network.items()}
    tensors |= {f"{SCOPE}{name}": np.ascontiguousarray(value, np.float32) for name, value in scope.items()}
    weights = save(tensors)
    manifest = replace(manifest, weights_sha256=hashlib.sha256(weights).hexdigest())
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content, method in (
            (MANIFEST, json.dumps(to_json(manifest), indent=1, allow_nan=False).encode(), zipfile.ZIP_DEFLATED),
            (WEIGHTS, weights, zipfile.ZIP_STORED),
        ):
            member = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            archive.writestr(member, content, compress_type=method)
    data = buffer.getvalue()
    digest = read_bundle(data).digest
    with replace_file(path) as aside:
        aside.write_bytes(data)
    return digest


def read_bundle(source: Path | bytes) -> Bundle:
    """Read and check a bundle from a file or from its bytes; InvalidBundle when anything about it is wrong."""
    data = _bytes(source)
    manifest_bytes, weights = _members(data)
    manifest = _parse_manifest(manifest_bytes)
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
    return _parse_manifest(_members(_bytes(source))[0])


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


def _members(data: bytes) -> tuple[bytes, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            _check_members(members)
            by_name = {member.filename: member for member in members}
            return archive.read(by_name[MANIFEST]), archive.read(by_name[WEIGHTS])
    except InvalidBundle:
        raise
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        EOFError,
        OSError,
        ValueError,
        RuntimeError,
        NotImplementedError,
        OverflowError,
    ) as error:
        raise InvalidBundle("the model bundle is truncated or damaged") from error


def _check_members(members: list[zipfile.ZipInfo]) -> None:
    names = sorted(member.filename for member in members)
    if names != sorted((MANIFEST, WEIGHTS)):
        raise InvalidBundle(f"a model bundle holds {MANIFEST} and {WEIGHTS} and nothing else")
    for member in members:
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or member.flag_bits & 1:
            raise InvalidBundle("the model bundle is packed in a way that is not allowed")
        limit = _MAX_MANIFEST_BYTES if member.filename == MANIFEST else MAX_BYTES
        if member.file_size > limit:
            raise InvalidBundle(f"{member.filename} is larger than {limit // 2**20} MB when unpacked")


def _parse_manifest(content: bytes) -> Manifest:
    try:
        manifest = from_json(Manifest, json.loads(content.decode("utf-8")))
    except InvalidRecord as error:
        raise InvalidBundle(f"the manifest is not valid: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidBundle("the manifest is not valid JSON") from error
    _check_manifest(manifest)
    return manifest


def _check_manifest(manifest: Manifest) -> None:
    if manifest.format != FORMAT:
        raise InvalidBundle(f"the bundle's format {manifest.format} is not known; this program reads {FORMAT}")
    assay = ASSAYS.get(manifest.assay)
    if assay is None:
        raise InvalidBundle(f"the model is for the unknown assay {manifest.assay!r}")
    if manifest.classes != assay.classes:
        raise InvalidBundle(f"the model's classes are not those of the assay: {', '.join(assay.classes)}")
    if manifest.architecture.name not in NAMES:
        raise InvalidBundle(f"the architecture {manifest.architecture.name!r} is not known")
    if manifest.architecture.input_size != manifest.recipe.input_size:
        raise InvalidBundle("the recipe's input size is not the network's")
    if not assay.minimum_side <= manifest.recipe.input_size <= _LARGEST_SIDE:
        raise InvalidBundle(f"the input size {manifest.recipe.input_size} is out of range")
    _check_recipe(manifest.recipe)
    calibration = manifest.calibration
    if calibration.temperature <= 0 or set(calibration.conformal) != set(assay.classes):
        raise InvalidBundle("the calibration does not fit the classes")


def _check_recipe(recipe: Recipe) -> None:
    """Numbers that would make preprocessing fail, or take for ever, are refused here."""
    parts = recipe.segmentation
    fits = (
        1 <= recipe.white_percentile <= 100,  # noqa: PLR2004  percent
        all(0 <= side <= recipe.input_size for side in recipe.hidden_corner),
        all(0 <= side <= _LARGEST_KERNEL for side in (parts.opening, parts.closing)),
        parts.smallest_area >= 0,
    )
    if not all(fits):
        raise InvalidBundle("the recipe holds a number that is out of range")


def _arrays(weights: bytes) -> Arrays:
    try:
        arrays = load(weights)
    except (SafetensorError, ValueError, KeyError, TypeError, OverflowError) as error:
        raise InvalidBundle("the weights are not valid safetensors") from error
    for name, array in arrays.items():
        if array.dtype != np.float32:
            raise InvalidBundle(f"the array {name} is not float32")
        if not np.isfinite(array).all():
            raise InvalidBundle(f"the array {name} holds a value that is not a number")
    return arrays


def _check_network(manifest: Manifest, network: Arrays) -> None:
    shape = Shape(manifest.architecture.input_size, len(manifest.classes))
    wanted = weight_shapes(manifest.architecture.name, shape)
    if wanted.keys() != network.keys():
        raise InvalidBundle(f"the weights are not those of the architecture {manifest.architecture.name}")
    for name, size in wanted.items():
        if network[name].shape != size:
            raise InvalidBundle(f"the weights' shape does not fit: {name} is {network[name].shape}, not {size}")
