"""On the path of a web server or worker under test: what is to happen to it, and where, stands in files outside.

- An image with the word POISON in it kills the process that opens it, one with HANG FOR EVER holds it, one with
  GORGE ON MEMORY eats all there is.
- The file that DOOM names holds the name of a step (see `STEPS`): the process that gets there next takes the file away
  and dies, with its parent where the file says `and parent`, or sleeps as many seconds as the file says.
- CLOCK_OFF is how many seconds this process' clock is wrong.
- With UNLIMITED an analysis may take as long as it likes, so that one can outlast its lease.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from pathlib import Path
from typing import Any, BinaryIO

import wrapt
from PIL import Image

# Each step's name, the module in whose words it is spoken of, and before or after which call it lies.
STEPS = [
    ("the header is read", "diagnosis.services.uploads", "_check", "after"),
    ("the file is stored", "diagnosis.services.uploads", "_record", "before"),
    ("the rows are written", "diagnosis.services.uploads", "show_duplicates", "before"),
    ("the rows hold", "diagnosis.services.uploads", "_record", "after"),
    ("the batch is claimed", "diagnosis.services.analysis_queue", "claim", "after"),
    ("the image is decoded", "diagnosis.services.analysing", "_decode", "after"),
    ("the model has spoken", "mlcore.predictor", "Predictor.predict", "after"),
    ("the pictures are stored", "diagnosis.services.analysing", "_store_rows", "before"),
    ("the results are written", "diagnosis.services.analysis_queue", "finish", "after"),
    ("the results hold", "diagnosis.services.analysing", "_store_rows", "after"),
]


def fulfil(step: str) -> None:
    """Do what the file says, if it speaks of this step. Only one process takes it away."""
    doom = Path(os.environ.get("DOOM", os.devnull))
    with suppress(OSError):
        what, _, how = doom.read_text(encoding="utf-8").partition("\n")
        if what == step:
            doom.unlink()
            _end(how)


def _end(how: str) -> None:
    if how.isdigit():
        time.sleep(int(how))
        return
    if how == "and parent":
        os.kill(os.getppid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def _doomed(step: str, when: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def stepping(*arguments: Any, **named: Any) -> Any:
        if when == "before":
            fulfil(step)
        answer = function(*arguments, **named)
        if when == "after":
            fulfil(step)
        return answer

    return stepping


def _lay(step: str, name: str, when: str) -> Callable[[Any], None]:
    def into(module: Any) -> None:
        *way, last = name.split(".")
        place = getattr(module, way[0]) if way else module
        setattr(place, last, _doomed(step, when, getattr(place, last)))

    return into


def _without_limits(tasks: Any) -> None:
    tasks.analyse_queued.soft_time_limit = tasks.analyse_queued.time_limit = 600


def _open_or_suffer(file: BinaryIO, *arguments: Any, **options: Any) -> Image.Image:
    content = file.read()
    if b"POISON" in content:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"HANG FOR EVER" in content:
        time.sleep(3600)
    if b"GORGE ON MEMORY" in content:
        hoard = []
        while True:
            hoard.append(bytearray(b"x") * 64 * 1024 * 1024)
    file.seek(0)
    return _open(file, *arguments, **options)


_open = Image.open
if "celery" in " ".join(sys.orig_argv):  # web servers read headers with it
    Image.open = _open_or_suffer  # type: ignore[assignment]  # only in this process
if "DOOM" in os.environ:
    for step, module, name, when in STEPS:
        wrapt.register_post_import_hook(_lay(step, name, when), module)
if "UNLIMITED" in os.environ:
    wrapt.register_post_import_hook(_without_limits, "diagnosis.tasks")
if off := int(os.environ.get("CLOCK_OFF", "0")):
    import time_machine

    time_machine.travel(time.time() + off, tick=True).start()
