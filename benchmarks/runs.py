"""One measure in a process of its own: what came of it is kept beside, so that one can be repeated alone."""

import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks import figures, machine
from benchmarks.figures import Figure
from benchmarks.measures import Measure

CLEANING_UP = 30.0  # seconds for one that is ended, to end what it started


@dataclass(frozen=True)
class Run:
    """What came of a measure. `problem` is empty when it went to its end; else it has no figures, or not all."""

    name: str
    at: str
    commit: str
    load: float
    seconds: float
    problem: str
    figures: list[Figure]


def run(measure: Measure, folder: Path, *, quick: bool) -> Run:
    """Do it and keep what came of it in `folder`: NAME.json, and in NAME.log what it said."""
    load, at, started = machine.load(), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()), time.monotonic()
    found = folder / f"{measure.name}.figures.json"
    found.unlink(missing_ok=True)
    problem = _done(measure, found, folder / f"{measure.name}.log", quick=quick)
    seconds = time.monotonic() - started
    kept = figures.read(found) if found.exists() else []
    done = Run(measure.name, at, machine.commit(), load, seconds, problem, kept)
    (folder / f"{measure.name}.json").write_text(json.dumps(asdict(done), indent=1) + "\n", encoding="utf-8")
    found.unlink(missing_ok=True)
    return done


def kept(measure: Measure, folder: Path) -> Run | None:
    """What came of it the last time; None when it was never done."""
    path = folder / f"{measure.name}.json"
    if not path.exists():
        return None
    told = json.loads(path.read_text(encoding="utf-8"))
    return Run(**told | {"figures": [Figure(**one) for one in told["figures"]]})


def _done(measure: Measure, found: Path, log: Path, *, quick: bool) -> str:
    """What went wrong; empty when nothing did."""
    if importlib.util.find_spec(measure.module) is None:
        return f"There is no {measure.module}."
    limit = 60 * measure.minutes
    with log.open("wb") as output:
        process = subprocess.Popen(
            measure.command(str(found), quick=quick),
            cwd=machine.CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            return f"It was ended after {limit:.0f} s; see {log}."
        finally:
            _end(process)
    if status:
        return f"It failed with status {status}; see {log}."
    return "" if found.exists() else f"It told no figures; see {log}."


def _end(process: subprocess.Popen[bytes]) -> None:
    """With whatever it left running: gently at first, since it has servers to stop."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(CLEANING_UP)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
