"""On the path of a worker under test: an image with the word POISON in it kills the process that opens it."""

import os
import signal
from typing import Any, BinaryIO

from PIL import Image

_open = Image.open


def _open_or_die(file: BinaryIO, *arguments: Any, **options: Any) -> Image.Image:
    if b"POISON" in file.read():
        os.kill(os.getpid(), signal.SIGKILL)
    file.seek(0)
    return _open(file, *arguments, **options)


Image.open = _open_or_die  # type: ignore[assignment]  # only in this worker
