"""Model bundles: what is right comes back bit for bit; whatever is wrong is refused in one sentence."""

import contextlib
import hashlib
import io
import json
import os
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

from mlcore.bundle import MANIFEST, WEIGHTS, InvalidBundle, read_bundle, read_manifest, write_bundle
from mlcore.records import to_json
from tests.mlcore import bundles

Change = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid bundle."""
    path = tmp_path_factory.mktemp("bundle") / "good.bundle"
    bundles.write(path)
    return path


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(content: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def with_manifest(path: Path, change: Change) -> bytes:
    content = members(path)
    document = json.loads(content[MANIFEST])
    change(document)
    return packed({**content, MANIFEST: json.dumps(document).encode()})


def with_weights(path: Path, change: Change) -> bytes:
    """The bundle with other weights, and a manifest that names their digest."""
    content = members(path)
    arrays: dict[str, Any] = dict(load(content[WEIGHTS]))
    change(arrays)
    weights = save(arrays)
    document = json.loads(content[MANIFEST]) | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    return packed({MANIFEST: json.dumps(document).encode(), WEIGHTS: weights})


def nested(levels: int) -> list[Any]:
    return [nested(levels - 1)] if levels else []


def reason(data: bytes) -> str:
    with pytest.raises(InvalidBundle) as caught:
        read_bundle(data)
    return str(caught.value)


def test_it_gives_back_what_was_written(good: Path) -> None:
    bundle = read_bundle(good)

    assert bundle.digest == hashlib.sha256(good.read_bytes()).hexdigest()
    assert bundle.manifest == replace(bundles.manifest(), weights_sha256=bundle.manifest.weights_sha256)
    for name, array in bundles.network(bundle.manifest).items():
        assert np.array_equal(bundle.network[name], array)
    assert read_manifest(good) == bundle.manifest


def test_the_same_content_gives_the_same_bytes(good: Path, tmp_path: Path) -> None:
    bundles.write(tmp_path / "again.bundle")

    assert (tmp_path / "again.bundle").read_bytes() == good.read_bytes()


def test_it_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InvalidBundle, match="cannot be read"):
        read_bundle(tmp_path / "none.bundle")


@settings(max_examples=60, deadline=None)
@given(share=st.floats(0, 0.9999))
def test_it_refuses_a_truncated_file(good: Path, share: float) -> None:
    data = good.read_bytes()

    assert reason(data[: int(len(data) * share)])


@settings(max_examples=100, deadline=None)
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_changes_the_digest(good: Path, place: int, bit: int) -> None:
    data = bytearray(good.read_bytes())
    data[place % len(data)] ^= 1 << bit

    try:
        bundle = read_bundle(bytes(data))
    except InvalidBundle:
        return
    assert bundle.digest != hashlib.sha256(good.read_bytes()).hexdigest()


def test_it_refuses_an_extra_member(good: Path) -> None:
    assert "nothing else" in reason(packed({**members(good), "code.py": b"print()"}))


def test_it_refuses_a_member_twice(good: Path) -> None:
    buffer = io.BytesIO(good.read_bytes())
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr(MANIFEST, b"{}")

    assert "nothing else" in reason(buffer.getvalue())


@pytest.mark.parametrize("name", ["../manifest.json", "/manifest.json", "folder/manifest.json", "manifest.json/"])
def test_it_refuses_paths(good: Path, name: str) -> None:
    content = members(good)

    assert "nothing else" in reason(packed({name: content[MANIFEST], WEIGHTS: content[WEIGHTS]}))


def test_it_refuses_other_weights_than_the_manifest_names(good: Path) -> None:
    content = members(good)
    weights = bytearray(content[WEIGHTS])
    weights[-1] ^= 1

    assert "digest" in reason(packed({**content, WEIGHTS: bytes(weights)}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda m: m["architecture"].update(name="inception"), "not known"),
        (lambda m: m.update(assay="lung"), "unknown assay"),
        (lambda m: m.update(classes=["Malignant", "Benign"]), "classes"),
        (lambda m: m.update(format=99), "format 99"),
        (lambda m: m.update(surprise=1), "surprise"),
        (lambda m: m.pop("recipe"), "recipe"),
        (lambda m: m.update(name=3), "name must be of type str"),
        (lambda m: m["recipe"].update(input_size=True), "input_size"),
        (lambda m: m["recipe"].update(input_size=64), "input size"),
        (lambda m: m["recipe"].update(normalisation="magic"), "normalisation"),
        (lambda m: m["recipe"]["segmentation"].update(closing=5000), "out of range"),
        (lambda m: m["recipe"].update(hidden_corner=[-1, 5]), "out of range"),
        (lambda m: m["calibration"].update(temperature=0.0), "calibration"),
        (lambda m: m["calibration"].update(temperature=float("inf")), "finite"),
        (lambda m: m["metrics"].update(deep=nested(100)), "deeper"),
        (lambda m: m["calibration"].update(temperature=-1.5), "calibration"),
        (lambda m: m["calibration"].update(temperature=1e-300), "calibration"),
        (lambda m: m["calibration"].update(confident_from=1.5), "calibration"),
        (lambda m: m["calibration"].update(conformal={"Benign": 0.5}), "calibration"),
        (lambda m: m["calibration"].update(conformal={"Benign": 0.5, "Malignant": -1}), "calibration"),
        (lambda m: m["scope"].update(deep_limit=0), "in-scope"),
        (lambda m: m["recipe"]["segmentation"].update(hue_to=400), "out of range"),
        (lambda m: m["recipe"]["segmentation"].update(smallest_area=-0.1), "out of range"),
        (lambda m: m["recipe"].update(input_size=10**30), "too large"),
        (lambda m: m["metrics"].update(accuracy=float("nan")), "finite"),
        (lambda m: m["metrics"].update(accuracy=float("-inf")), "finite"),
        (lambda m: m.update(name="a\x00b"), "cannot be stored"),
        (lambda m: m.update(name="\ud800"), "cannot be stored"),
        (lambda m: m.update(name="x" * 101), "name"),
        (lambda m: m.update(name=" "), "name"),
        (lambda m: m.update(version="1\n2"), "version"),
        (lambda m: m.update(created="yesterday"), "date"),
        (lambda m: m.update(classes="Benign"), "list"),
        (lambda m: m.update(recipe=[]), "object"),
        (lambda m: m["architecture"].update(name="compact-breast", members=1), "not those of the architecture"),
        (lambda m: m["architecture"].update(members=9), "cannot have 9 members"),
        (lambda m: m["architecture"].update(name="compact-breast"), "cannot have 4 members"),
        (lambda m: m["calibration"].update(bias={"Benign": 0.0}), "calibration"),
        (lambda m: m["calibration"].update(bias={"Benign": 0.0, "Malignant": 900.0}), "calibration"),
        (lambda m: m["scope"].update(sides=[100, 40]), "in-scope"),
        (lambda m: m["scope"].update(aspect=0.5), "in-scope"),
    ],
)
def test_it_refuses_a_manifest_that_does_not_fit(good: Path, change: Change, words: str) -> None:
    assert words in reason(with_manifest(good, change))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (b'"format": 2,', b'"format": 2, "format": 2,', "twice"),
        (b'"temperature": 1.5', b'"temperature": 1e999', "finite"),
        (b'"temperature": 1.5', b'"temperature": ' + b"9" * 5000, "JSON"),
    ],
)
def test_it_refuses_json_that_readers_disagree_on(good: Path, old: bytes, new: bytes, words: str) -> None:
    content = members(good)
    assert old in content[MANIFEST]

    assert words in reason(packed({**content, MANIFEST: content[MANIFEST].replace(old, new)}))


@pytest.mark.parametrize("content", [b"", b"[1, 2]", b"{" * 10_000, b"\xff\xfe", b"null", b"[" * 100_000])
def test_it_refuses_a_manifest_that_is_no_manifest(good: Path, content: bytes) -> None:
    assert "manifest" in reason(packed({**members(good), MANIFEST: content}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.update({"network/logits/bias": np.zeros(3, np.float32)}), "shape does not fit"),
        (lambda a: a.update({"network/logits/bias": np.array([0, np.nan], np.float32)}), "not a number"),
        (lambda a: a.update({"network/logits/bias": np.array([0, np.inf], np.float32)}), "not a number"),
        (lambda a: a.update({"network/logits/bias": np.zeros(2, np.float64)}), "neither float32 nor float16"),
        (lambda a: a.update({"network/extra": np.zeros(2, np.float32)}), "architecture"),
        (lambda a: a.update({"elsewhere": np.zeros(2, np.float32)}), "belong to nothing"),
        (lambda a: a.pop("network/logits/bias"), "architecture"),
        (lambda a: a.pop("scope/deep_means"), "in-scope"),
        (lambda a: a.update({"scope/deep_means": np.zeros((2, 7), np.float32)}), "in-scope"),
        (lambda a: a.update({"scope/look_means": np.zeros((2, 7), np.float32)}), "in-scope"),
    ],
)
def test_it_refuses_weights_that_do_not_fit(good: Path, change: Change, words: str) -> None:
    assert words in reason(with_weights(good, change))


def test_it_refuses_what_is_no_safetensors(good: Path) -> None:
    weights = b"\x00" * 100
    document = json.loads(members(good)[MANIFEST]) | {"weights_sha256": hashlib.sha256(weights).hexdigest()}

    assert "safetensors" in reason(packed({MANIFEST: json.dumps(document).encode(), WEIGHTS: weights}))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"\x89HDF\r\n\x1a\n" + b"\x00" * 100, "HDF5"),
        (b"\x80\x04\x95" + b"\x00" * 100, "pickle"),
        (b"\x08\x07\x12\x05keras" + b"\x00" * 100, "ONNX"),
        (b"MZ" + b"\x00" * 100, "something else"),
    ],
)
def test_it_refuses_other_model_files_under_our_name(content: bytes, words: str) -> None:
    assert words in reason(content)


def test_it_refuses_a_keras_file_under_our_name() -> None:
    assert "nothing else" in reason(packed({"config.json": b"{}", "metadata.json": b"{}", "model.weights.h5": b""}))


def refused_within(data: bytes, *, megabytes: int) -> str:
    """Why it is refused, in a process that may take no more memory than so much above what it was given."""
    code = (
        "import resource, sys\n"
        "from mlcore.bundle import InvalidBundle, read_bundle\n"
        "data = sys.stdin.buffer.read()\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "try:\n    read_bundle(data)\n"
        "except InvalidBundle as error:\n    print(error)\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, timeout=120, check=True)
    message, grown_kb = done.stdout.decode().splitlines()
    assert int(grown_kb) < 1024 * megabytes
    return message


def test_it_refuses_a_zip_bomb_without_unpacking_it(good: Path) -> None:
    bomb = packed({MANIFEST: members(good)[MANIFEST], WEIGHTS: b"\x00" * (200 * 2**20)}, zipfile.ZIP_DEFLATED)

    assert "larger than" in refused_within(bomb, megabytes=20)


def test_it_refuses_a_member_that_lies_about_its_size(good: Path) -> None:
    data = bytearray(
        packed({MANIFEST: members(good)[MANIFEST], WEIGHTS: b"\x00" * (200 * 2**20)}, zipfile.ZIP_DEFLATED)
    )
    entry = data.rindex(b"PK\x01\x02")
    data[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")

    assert "truncated or damaged" in refused_within(bytes(data), megabytes=20)


def test_it_refuses_a_manifest_without_end(good: Path) -> None:
    content = {**members(good), MANIFEST: b" " * (2**20 + 1)}

    assert "larger than 1 MB" in reason(packed(content, zipfile.ZIP_DEFLATED))


def test_it_refuses_a_million_members_without_listing_them(good: Path) -> None:
    content = good.read_bytes()
    entry = content[content.rindex(b"PK\x01\x02") : -22]
    start = len(content)
    directory = entry * 300_000
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), start, 0)

    assert "nothing else" in refused_within(content + directory + end, megabytes=20)


def test_it_refuses_a_member_that_the_directory_does_not_name(good: Path) -> None:
    hidden = packed({"code.py": bytes(10_000)})

    assert "nothing else" in reason(hidden[:10_100] + good.read_bytes())


def test_it_refuses_a_link(good: Path) -> None:
    buffer = io.BytesIO()
    content = members(good)
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo(MANIFEST)
        link.external_attr = 0o120777 << 16
        archive.writestr(link, content[MANIFEST])
        archive.writestr(WEIGHTS, content[WEIGHTS])

    assert "not a plain file" in reason(buffer.getvalue())


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_it_refuses_other_ways_of_packing(good: Path, method: int) -> None:
    assert "not allowed" in reason(packed(members(good), method))


def test_it_refuses_an_encrypted_member(good: Path) -> None:
    data = bytearray(good.read_bytes())
    entry = data.index(b"PK\x01\x02")
    data[entry + 8] |= 1

    assert "not allowed" in reason(bytes(data))


@settings(max_examples=60, deadline=None)
@given(place=st.integers(min_value=0), value=st.integers(0, 255))
def test_any_other_byte_in_the_weights_header_is_refused_or_read(good: Path, place: int, value: int) -> None:
    """The digest in the manifest fits, as in a bundle that someone made with ill intent."""
    content = members(good)
    weights = bytearray(content[WEIGHTS])
    weights[place % 2000] = value
    document = json.loads(content[MANIFEST]) | {"weights_sha256": hashlib.sha256(weights).hexdigest()}
    made = packed({MANIFEST: json.dumps(document).encode(), WEIGHTS: bytes(weights)})

    with contextlib.suppress(InvalidBundle):
        read_bundle(made)


def test_writing_refuses_what_reading_would_refuse(tmp_path: Path) -> None:
    described = bundles.manifest()

    with pytest.raises(InvalidBundle):
        write_bundle(tmp_path / "bad.bundle", described, {"logits/bias": np.zeros(2, np.float32)}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_the_old_file(good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.bundle"
    path.write_bytes(good.read_bytes())

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        bundles.write(path, version="2.0.0")

    assert path.read_bytes() == good.read_bytes()
    assert [child.name for child in tmp_path.iterdir()] == ["model.bundle"]


def test_reading_a_bundle_imports_no_framework(good: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom mlcore.bundle import read_bundle\n"
        "import mlcore.images, mlcore.overlays, mlcore.synthetic, mlcore.assays\n"
        f"read_bundle(Path({str(good)!r}))\n"
        "heavy = ('tensorflow', 'keras', 'openvino', 'jax', 'torch', 'sklearn')\n"
        "print([name for name in heavy if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

    assert done.stdout.strip() == "[]"


def test_a_manifest_survives_json(good: Path) -> None:
    described = read_manifest(good)

    assert json.loads(json.dumps(to_json(described)))["recipe"]["segmentation"]["hue_from"] == 115
