"""What is done between the servers' start and the application's: each step can be done again at every start."""

import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded import static_files
from embedded.console import say
from embedded.place import CHECKOUT, Place
from embedded.problem import Problem, Stopped
from embedded.supervisor import Supervisor

LINES_SHOWN = 15


@dataclass(frozen=True)
class Step:
    """One command of manage.py, and what people call it."""

    title: str
    arguments: tuple[str, ...]


def steps(*, collect: bool) -> Iterator[Step]:
    """The steps in their order; static files only when they are to be collected."""
    yield Step("Database schema", ("migrate", "--no-input"))
    if bundles := sorted(str(path.relative_to(CHECKOUT)) for path in CHECKOUT.glob("bundles/*.bundle")):
        yield Step("Models", ("register_model", *bundles, "--activate"))
    yield Step("Demo data", ("seed_demo",))
    if collect:
        yield Step("Static files", ("collectstatic", "--no-input"))


def bring_up_to_date(supervisor: Supervisor, *, at: Place, environment: Mapping[str, str]) -> None:
    """Take every step; raises Problem with the end of its output when one fails."""
    static_root = Path(environment["STATIC_ROOT"])
    collect = not static_files.are_current(static_root)
    for step in steps(collect=collect):
        began = time.monotonic()
        status = _take(step, supervisor, log=at.logs / "start.log", environment=environment)
        if supervisor.asked_to_stop:
            raise Stopped
        if status != 0:
            raise Problem(f"{step.title}: this failed. {_end_of(at.logs / 'start.log')}")
        say(f"  {step.title}: done ({time.monotonic() - began:.1f} s)")
    if collect:
        static_files.remember(static_root)


def _take(step: Step, supervisor: Supervisor, *, log: Path, environment: Mapping[str, str]) -> int:
    command = [sys.executable, "manage.py", *step.arguments]
    with log.open("wb") as output:
        return supervisor.run(command, environment=environment, foreground=False, output=output)


def _end_of(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()[-LINES_SHOWN:]
    return "\n".join([f"The end of {log}:", *(f"  {line}" for line in lines)])
