"""What `make bench` measures, in this order, and how long each may take."""

import sys
from dataclasses import dataclass

ON_A_DATABASE = ("-m", "embedded", "exec", "--temporary", "--", sys.executable)


@dataclass(frozen=True)
class Measure:
    """A module of benchmarks/ that takes `--figures FILE` and `--quick`."""

    name: str
    title: str
    minutes: float  # after which it is ended
    needs_database: bool = False
    arguments: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return f"benchmarks.{self.name}"

    def command(self, figures: str, *, quick: bool) -> list[str]:
        """Its program and arguments; one that asks a database gets one that is thrown away."""
        around = ON_A_DATABASE if self.needs_database else ()
        options = ["--figures", figures, *(["--quick"] if quick else self.arguments)]
        return [sys.executable, *around, "-m", self.module, *options]


MEASURES = (
    Measure("throughput", "From upload to stored result", 8),
    Measure("fairness", "One doctor's many images and another's one", 4),
    Measure("lists", "Lists and pages as the tables grow", 12, needs_database=True),
    Measure("training_memory", "Training", 12),
    Measure("processes", "Memory and start of the processes", 5),
    Measure("upload_memory", "Memory while large files are uploaded", 6),
    Measure("capacity", "What an image costs for good, and many claimers", 5),
    Measure("audit_cost", "What the audit trail costs an upload", 4, needs_database=True),
    Measure("scaling", "More worker processes", 6),
    Measure("hosts", "A worker on a second host", 6),
)
