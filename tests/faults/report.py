"""Runs what was asked for, tells it as tables, and writes the page that is kept."""

import argparse
import shutil
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from django.utils import timezone

from benchmarks import machine
from embedded.console import say
from embedded.place import CHECKOUT
from tests.faults.at_random import Storm, suffer_at_random
from tests.faults.campaign import Outcome, one_after_another
from tests.faults.faults import FAULTS, Fault
from tests.faults.harm import lease, sweep
from tests.faults.site import Site
from tests.faults.waits import Waits

HEAD = """\
| fault | images | lasted s | recovered s | at most s | longest without reading s | slowest upload s | taken up again | not acknowledged at once | remarks | what is wrong |
|---|---|---|---|---|---|---|---|---|---|---|"""  # noqa: E501  a row of a table

LOGS = CHECKOUT / "var" / "faults-logs"
PAGES = CHECKOUT / "benchmarks"
NOTHING = "nothing: no image lost, none doubled, none with the result of another"
NIGHT = 10_000  # images; what is shorter is a try


def run(site: Site, options: argparse.Namespace) -> int:
    """Do what was asked for; 1 when anything was wrong."""
    lines, problems = _stormed(site, options) if options.random else _one_by_one(site, options)
    if problems:
        shutil.copytree(site.place.logs, LOGS, dirs_exist_ok=True)
        say(f"What web, worker, scheduler and servers said is in {LOGS}.")
    path = options.report or _usual_page(options)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    say(f"The page is {path}.")
    return int(bool(problems))


def _usual_page(options: argparse.Namespace) -> Path:
    """The pages that are kept with the code are written by whole runs alone."""
    if options.random:
        return (PAGES if options.random >= NIGHT else CHECKOUT / "var") / "faults-random.md"
    return (CHECKOUT / "var" if options.only or options.quick else PAGES) / "faults.md"


def _one_by_one(site: Site, options: argparse.Namespace) -> tuple[list[str], list[str]]:
    say(HEAD)
    outcomes = one_after_another(site, _chosen(site, options), tell=lambda outcome: say(row(outcome)))
    problems = [problem for outcome in outcomes for problem in outcome.problems]
    images = sum(outcome.images for outcome in outcomes)
    told = f"{len(outcomes)} faults, {images} images, {len(problems) or 'no'} problems."
    intro = [f"{told} A lease of {lease():g} s, a sweep every {sweep():g} s.", ""]
    return [*_title("What a site kept of its word while it was hurt"), *intro, HEAD, *map(row, outcomes)], problems


def row(outcome: Outcome) -> str:
    """An outcome as a row of the table."""
    times = [outcome.lasted, outcome.recovered, outcome.bound, outcome.unreadable, outcome.upload]
    cells = [
        outcome.fault,
        outcome.images,
        *(f"{time:.1f}" for time in times),
        outcome.again,
        outcome.refusals or "none",
        outcome.remarks,
        "; ".join(outcome.problems) or "nothing",
    ]
    return f"| {' | '.join(map(str, cells))} |"


def _stormed(site: Site, options: argparse.Namespace) -> tuple[list[str], list[str]]:
    storm = suffer_at_random(site, images=options.random, every=options.every, seed=options.seed, tell=say)
    lines = [*_title("Faults at random"), *_told(storm, options), "", *_by_kind(storm)]
    say("\n".join(lines))
    return lines, storm.problems


def _told(storm: Storm, options: argparse.Namespace) -> Iterator[str]:
    faults = sum(map(len, storm.moments.values()))
    yield f"- {storm.images} images, {faults} faults, the next {options.every:g} s after the last; seed {options.seed}"
    yield f"- a lease of {lease():g} s, a sweep every {sweep():g} s"
    yield f"- **wrong: {'; '.join(storm.problems) or NOTHING}**"
    yield f"- {storm.results} different results, so that a mixed-up one is seen"
    yield f"- all over after {storm.lasted:.0f} s; from taken in to result: {_figures(storm.waits)}"
    yield f"- taken up again after their worker was lost: {storm.again}"
    yield f"- set aside after three such losses, and retried by hand: {storm.retried}"
    yield f"- longest without reading {storm.unreadable:.1f} s; slowest answer to an upload {storm.upload:.1f} s"
    yield f"- sent again because they were not acknowledged at once: {storm.refusals or 'none'}"


def _by_kind(storm: Storm) -> Iterator[str]:
    yield "| fault | times | without effect | until all that it caught had results: median s | p95 | longest |"
    yield "|---|---|---|---|---|---|"
    for kind, moments in sorted(storm.moments.items()):
        waits = storm.recoveries[kind]
        figures = f"{waits.median:.1f} | {waits.nearly_all:.1f} | {waits.longest:.1f}"
        yield f"| {kind} | {len(moments)} | {storm.without_effect[kind]} | {figures} |"


def _figures(waits: Waits) -> str:
    return f"median {waits.median:.1f} s, p95 {waits.nearly_all:.1f} s, longest {waits.longest:.1f} s"


def _title(title: str) -> list[str]:
    machine_line = ", ".join(f"{name} {value}" for name, value in machine.described().items())
    when = timezone.now().astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    return [
        f"# {title}",
        "",
        "Written by `make faults`; [docs/faults.md](../docs/faults.md) says what is done and what is proved.",
        "",
        f"{when}, version {machine.commit()}, load {machine.load():.1f}. {machine_line}.",
        "",
    ]


def _chosen(site: Site, options: argparse.Namespace) -> list[Fault]:
    wanted = options.only.split(",")
    chosen = [fault for fault in FAULTS if fault.quick == options.quick]
    chosen = [fault for fault in chosen if any(words in fault.name for words in wanted)]
    if not site.small_disks:
        left_out = [fault.name for fault in chosen if "disk" in fault.name]
        chosen = [fault for fault in chosen if fault.name not in left_out]
        if left_out:
            say(f"Left out, because only root can make a small disk: {', '.join(left_out)}.")
    return chosen
