"""`train` as a person sees it: plain lines in a log file, and Ctrl-C that loses nothing worth keeping."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest

from mlcore.bundle import read_bundle
from mlcore.images import decode
from tests.mlcore.conftest import ROOT

Training = subprocess.Popen[str]
QUICK = ("--architecture", "prototype-breast")
_LONG = "500"  # epochs: nobody waits for them


def _interruptible() -> None:
    """Under nohup, children would ignore Ctrl-C."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@contextmanager
def training(data: Path, out: Path, *options: str, epochs: str = _LONG) -> Iterator[Training]:
    command = [sys.executable, "-m", "mlcore", "train", "--assay", "breast", "--data", str(data)]
    with subprocess.Popen(
        [*command, *(options or QUICK), "--epochs", epochs, "--out", str(out)],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_interruptible,  # noqa: PLW1509  no threads here
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: IO[str] | None, words: str) -> str:
    """What was printed up to the line with these words."""
    assert stream is not None
    found = ""
    for line in stream:
        found += line
        if words in line:
            return found
    pytest.fail(f"{words!r} was not printed, but\n{found}")


def test_ctrl_c_keeps_the_best_so_far_and_says_what_was_written(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "stopped.bundle"
    with training(drawn, out) as process:
        read_until(process.stderr, "epoch 2 of 500")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1]

    assert process.returncode == 0, said
    (only,) = read_bundle(out).manifest.training.members
    history = only.history
    assert 2 <= len(history) < 500
    assert f"Stopped after epoch {len(history)}; epoch " in said
    assert "is kept" in said
    written = [out.with_suffix(suffix) for suffix in (".bundle", ".md", ".history.csv", ".learning-curve.png")]
    assert f"Written: {', '.join(map(str, written))}" in said
    assert len(written[2].read_text().splitlines()) == 1 + len(history)
    assert min(decode(written[3].read_bytes()).shape[:2]) > 300


def test_ctrl_c_leaves_a_committee_of_the_networks_that_learned(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "smaller.bundle"
    with training(drawn, out, "--members", "3", epochs="2") as process:
        read_until(process.stderr, "Training network 2 of 3: epoch 1 of 2")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=120)[1]

    assert process.returncode == 0, said
    manifest = read_bundle(out).manifest
    assert manifest.architecture.members == 2
    assert len(manifest.training.members[0].history) == 2
    assert sum(manifest.data.validation.values()) < sum(manifest.data.train.values())


def test_a_second_ctrl_c_ends_at_once(drawn: Path, tmp_path: Path) -> None:
    out = tmp_path / "ended.bundle"
    with training(drawn, out) as process:
        read_until(process.stderr, "epoch 1 of 500")
        process.send_signal(signal.SIGINT)
        read_until(process.stderr, "Calibrating")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert "Traceback" not in said
    assert "no model was written" in said
    assert "--resume" in said
    assert not out.exists()
    assert out.with_suffix(".state").exists()


def test_ctrl_c_before_the_first_epoch_is_over_writes_nothing(drawn: Path, tmp_path: Path) -> None:
    with training(drawn, tmp_path / "none.bundle") as process:
        read_until(process.stderr, "images to train on")
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=60)[1]

    assert process.returncode == 130
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_log_file_gets_plain_lines(drawn: Path, tmp_path: Path) -> None:
    with training(drawn, tmp_path / "short.bundle", epochs="2") as process:
        said = process.communicate(timeout=120)[1]

    assert process.returncode == 0, said
    lines = [line for line in said.splitlines() if ": epoch " in line]
    assert [line.rpartition(": loss")[0] for line in lines] == ["Training: epoch 1 of 2", "Training: epoch 2 of 2"]
    assert "(best so far)" in lines[0]
    assert "\x1b" not in said
    assert "━" not in said
