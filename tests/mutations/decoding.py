"""The decode path alone, on thousands of changed files: in a process that may die, under limits of memory and time.

Each file is read as an upload is: its header, whether it is whole, then all its pixels. `UnreadableImage` is an answer;
any other error, an end of the process, and a file that takes too long or too much memory are defects.
"""

import io
import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection

from mlcore.images import UnreadableImage, check_whole, decode, read_header
from tests.mutations import Mutant, mutant

MEMORY = 2048 * 1024 * 1024  # bytes: what a worker may take (WORKER_MEMORY_MB)
PATIENCE = 20.0  # seconds for one file, on a machine that is busy
SAME_TIME = multiprocessing.get_context("fork")  # what is loaded is there at once


@dataclass(frozen=True)
class Found:
    """What became of a file: `read`, a code of `UnreadableImage`, or, with `is_defect`, what must not be.

    `peak` is the most memory, in bytes, that the process has needed so far.
    """

    number: int
    outcome: str
    seconds: float
    is_defect: bool = False
    peak: int = 0


def read(data: bytes) -> str:
    """Read a file as an upload is read; `read`, or the code of why it cannot be. Anything else is raised."""
    with suppress(UnreadableImage):
        check_whole(data)
    try:
        header = read_header(io.BytesIO(data))
        pixels = decode(data)
    except UnreadableImage as refusal:
        return refusal.code
    if pixels.shape != (header.height, header.width, 3):
        raise AssertionError(f"the header says {header.height} x {header.width}, the pixels are {pixels.shape}")
    return "read"


def all_read(numbers: range, *, seed: int, read: Callable[[bytes], str] = read) -> Iterator[Found]:
    """What becomes of each file. When one brings the process down, another goes on with the next."""
    while numbers:
        last = numbers[0] - 1
        ours, theirs = SAME_TIME.Pipe(duplex=False)
        process = SAME_TIME.Process(target=_read_each, args=(theirs, numbers, seed, read))
        process.start()
        theirs.close()
        with ours, suppress(EOFError):
            while True:
                found: Found = ours.recv()
                last = found.number
                yield found
        process.join()
        numbers = numbers[numbers.index(last) + 1 if last in numbers else 0 :]
        if numbers:
            yield Found(numbers[0], _end_of(process.exitcode or 0), 0.0, is_defect=True)
            numbers = numbers[1:]


def _read_each(tell: Connection, numbers: range, seed: int, read: Callable[[bytes], str]) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # decoders in C have a lot to say
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, also in the middle of a decoder
    for number in numbers:
        signal.setitimer(signal.ITIMER_REAL, PATIENCE)
        tell.send(_found(mutant(number, seed=seed), read))
    signal.setitimer(signal.ITIMER_REAL, 0)


def _found(one: Mutant, read: Callable[[bytes], str]) -> Found:
    began = time.perf_counter()
    try:
        outcome, is_defect = read(one.content), False
    except Exception as error:  # noqa: BLE001  whatever it is, it is what we look for
        outcome, is_defect = f"{type(error).__name__}: {error}"[:200], True
    seconds = time.perf_counter() - began
    return Found(one.number, outcome, seconds, is_defect, 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def _end_of(code: int) -> str:
    if code == -signal.SIGALRM:
        return f"took longer than {PATIENCE:.0f} s"
    return f"the process ended by {signal.Signals(-code).name}" if code < 0 else f"the process ended with {code}"
