"""The OpenVINO form of a bundle: made once per digest by a process of its own, sealed, and checked when loaded.

Keras and TensorFlow (800 MB, ten seconds) live and die in that process; what serves never imports them.
"""

import fcntl
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlcore
from mlcore.records import InvalidRecord, from_json, to_json
from mlcore.strict_json import parse_json

GRAPH, WEIGHTS, SEAL = "network.xml", "network.bin", "seal.json"
_EXPORT_SECONDS = 300


class ExportFailed(RuntimeError):
    """The OpenVINO form could not be made, or it does not answer as the reference does."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What an export was made of, what it consists of, and how far its answers were from the reference's."""

    bundle: str
    graph: str
    weights: str
    difference: float


@dataclass(frozen=True, slots=True, eq=False)
class Exported:
    """The checked content of an export."""

    graph: bytes
    weights: bytes
    seal: Seal


def exported(bundle_path: Path, *, digest: str, cache: Path) -> Exported:
    """The export of a bundle with that digest from the cache, made first when it is missing or damaged.

    ExportFailed when it cannot be made, or when the engines' answers to the model's check images differ by more than
    the tolerance: no model is served, or may be activated, that has no export.
    """
    folder = cache / digest
    try:
        return _exported(bundle_path, folder, digest=digest)
    except OSError as error:
        raise ExportFailed(f"the export cannot be kept in {cache}: {error.strerror}") from error


def _exported(bundle_path: Path, folder: Path, *, digest: str) -> Exported:
    found = read_export(folder, digest=digest)
    if found is None:
        with _alone(
            folder.with_name(f"{digest}.lock")
        ):  # the worker processes of a machine start together: one exports
            found = read_export(folder, digest=digest)
            if found is None:
                _export(bundle_path, folder)
                found = read_export(folder, digest=digest)
    if found is None:
        raise ExportFailed("the model file changed while it was exported")
    return found


def read_export(folder: Path, *, digest: str) -> Exported | None:
    """The export in a folder; None when there is none, it is of another bundle, or a bit of it has changed."""
    try:
        seal = from_json(Seal, parse_json((folder / SEAL).read_bytes()))
        graph, weights = (folder / GRAPH).read_bytes(), (folder / WEIGHTS).read_bytes()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, ValueError, InvalidRecord):
        return None
    if seal != Seal(digest, _digest(graph), _digest(weights), seal.difference):
        return None
    return Exported(graph=graph, weights=weights, seal=seal)


def seal_export(folder: Path, *, digest: str, difference: float) -> None:
    """Write the seal of a finished export."""
    graph, weights = (folder / GRAPH).read_bytes(), (folder / WEIGHTS).read_bytes()
    seal = Seal(bundle=digest, graph=_digest(graph), weights=_digest(weights), difference=difference)
    (folder / SEAL).write_text(json.dumps(to_json(seal)))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Wait for, and hold, a lock among the processes of this machine; a process that dies lets go of it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _export(bundle_path: Path, folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".export-"))
    try:
        command = [sys.executable, "-m", "mlcore", "export", "--model", str(bundle_path), "--out", str(aside)]
        environment = {
            **os.environ,
            "PYTHONPATH": str(Path(mlcore.__file__).parent.parent),
            "KERAS_BACKEND": "tensorflow",  # the reference, also where JAX or PyTorch trains
        }
        with _unlimited_memory():
            done = subprocess.run(  # noqa: S603  our own module
                command, env=environment, capture_output=True, text=True, timeout=_EXPORT_SECONDS, check=False
            )
        if done.returncode != 0:
            raise ExportFailed(f"the model could not be exported: {_last_line(done.stderr)}")
        _put_in_place(aside, folder)
    except subprocess.TimeoutExpired as error:
        raise ExportFailed("the export of the model took too long") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextmanager
def _unlimited_memory() -> Iterator[None]:
    """For the process that is started inside: what limits a worker's own memory is too little for TensorFlow."""
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _put_in_place(aside: Path, folder: Path) -> None:
    """Rename; two processes may do this at once, and whichever comes second finds a folder that is just as good."""
    try:
        aside.rename(folder)
    except OSError:
        damaged = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".old-"))
        folder.rename(damaged / "export")
        aside.rename(folder)
        shutil.rmtree(damaged, ignore_errors=True)


def _last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason given"
