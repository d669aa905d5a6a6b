"""How far a long run is: a bar with the time left on a terminal, a line a minute where output goes to a file."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

_SECONDS_A_LINE = 60.0

Show = Callable[[int, str], None]  # called with what is done and the time left in words


class Counter:
    """Counts what is done and estimates the time left from what was done since the start."""

    def __init__(self, total: int, show: Show, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._total, self._show, self._clock = total, show, clock
        self._started = clock()
        self._done = self._worked = 0

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._worked += count
        self._reach(self._done + count)

    def skip_to(self, done: int) -> None:
        """So many are done in all; those skipped took no time, as when a stopped run goes on."""
        self._reach(done)

    def _reach(self, done: int) -> None:
        self._done = min(done, self._total)
        self._show(self._done, self._left())

    def _left(self) -> str:
        if not self._worked or self._done == self._total:
            return ""
        elapsed = self._clock() - self._started
        return time_left((self._total - self._done) * elapsed / self._worked)


def time_left(seconds: float) -> str:
    """A time still to wait, in words."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return "less than a minute left"
    hours, rest = divmod(minutes, 60)
    return f"about {hours} h {rest} min left" if hours else f"about {minutes} min left"


@contextmanager
def counting(console: Console, title: str, *, total: int, unit: str) -> Iterator[Counter]:
    """A counter whose state is seen: as a bar, or as lines when the console is no terminal."""
    if not console.is_terminal:
        yield Counter(total, lines(console, title, total=total, unit=unit))
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn(unit))
    with Progress(*columns, TimeElapsedColumn(), TextColumn("{task.fields[left]}"), console=console) as bar:
        task = bar.add_task(title, total=total, left="")
        yield Counter(total, lambda done, left: bar.update(task, completed=done, left=left))


def lines(console: Console, title: str, *, total: int, unit: str, clock: Callable[[], float] = time.monotonic) -> Show:
    """Shows a counter's state as plain lines, one a minute at most."""
    last = clock()

    def show(done: int, left: str) -> None:
        nonlocal last
        if clock() - last >= _SECONDS_A_LINE:
            last = clock()
            console.print(f"{title}: {done} of {total} {unit}, {left}", soft_wrap=True, markup=False, highlight=False)

    return show
