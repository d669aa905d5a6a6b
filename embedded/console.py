"""What the person at the terminal sees of us."""

import sys


def say(text: str = "") -> None:
    """Write one line at once, also when the output is a file or a pipe."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def complain(text: str) -> None:
    """Write one line to the error output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
