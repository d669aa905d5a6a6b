"""How long is left, on a terminal and in a log file."""

import io

import pytest
from rich.console import Console

from mlcore.progress import Counter, counting, lines, time_left


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (12, "less than a minute left"),
        (95, "about 2 min left"),
        (3540, "about 59 min left"),
        (7500, "about 2 h 5 min left"),
    ],
)
def test_it_says_the_time_left_in_words(seconds: float, words: str) -> None:
    assert time_left(seconds) == words


def test_it_goes_by_what_was_done_so_far() -> None:
    clock, shown = Clock(), []
    counter = Counter(100, lambda done, left: shown.append((done, left)), clock=clock)

    clock.now = 60
    counter.advance(10)

    assert shown == [(10, "about 9 min left")]


def test_what_an_earlier_run_did_does_not_count_as_speed() -> None:
    clock, shown = Clock(), []
    counter = Counter(100, lambda done, left: shown.append((done, left)), clock=clock)

    clock.now = 60
    counter.advance(10)
    counter.skip_to(60)

    assert shown[-1] == (60, "about 4 min left")


def test_a_log_file_gets_a_line_a_minute() -> None:
    clock, file = Clock(), io.StringIO()
    show = lines(Console(file=file, width=40), "Training", total=500, unit="batches", clock=clock)

    for second in range(150):
        clock.now = second
        show(second, "about 6 min left")

    assert file.getvalue().splitlines() == [
        "Training: 60 of 500 batches, about 6 min left",
        "Training: 120 of 500 batches, about 6 min left",
    ]


def test_a_terminal_gets_a_bar() -> None:
    file = io.StringIO()
    console = Console(file=file, force_terminal=True, width=100)

    with counting(console, "Measuring", total=4, unit="images") as counter:
        counter.advance(4)

    assert "4/4" in file.getvalue()
    assert "━" in file.getvalue()
