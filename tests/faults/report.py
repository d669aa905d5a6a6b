"""Runs what was asked for and tells it as a table."""

import argparse
import shutil

from embedded.console import say
from embedded.place import CHECKOUT
from tests.faults.campaign import FAULTS, Fault, Outcome, at_random, clinic_of, one_after_another, suffer
from tests.faults.site import Site

HEAD = """\
| fault | images | lasted s | recovered s | longest without reading s | not acknowledged at once | what is wrong |
|---|---|---|---|---|---|---|"""

LOGS = CHECKOUT / "var" / "faults-logs"


def run(site: Site, options: argparse.Namespace) -> int:
    """Do what was asked for; 1 when anything was wrong."""
    say(HEAD)
    if options.random:
        harm = at_random(every=options.every, seed=options.seed)
        outcomes = [suffer(site, clinic_of(site), Fault("at random", harm, images=options.random))]
        say(row(outcomes[0]))
    else:
        outcomes = one_after_another(site, _chosen(site, options), tell=lambda outcome: say(row(outcome)))
    if any(outcome.problems for outcome in outcomes):
        shutil.copytree(site.place.logs, LOGS, dirs_exist_ok=True)
        say(f"What web, worker, scheduler and servers said is in {LOGS}.")
    if options.report:
        options.report.write_text("\n".join([HEAD, *map(row, outcomes), ""]), encoding="utf-8")
    return int(any(outcome.problems for outcome in outcomes))


def row(outcome: Outcome) -> str:
    """An outcome as a row of the table."""
    times = " | ".join(f"{time:.1f}" for time in (outcome.lasted, outcome.recovered, outcome.unreadable))
    wrong = "; ".join(outcome.problems) or "nothing"
    return f"| {outcome.fault} | {outcome.images} | {times} | {outcome.refusals or 'none'} | {wrong} |"


def _chosen(site: Site, options: argparse.Namespace) -> list[Fault]:
    wanted = options.only.split(",")
    chosen = [fault for fault in FAULTS if fault.quick or not options.quick]
    chosen = [fault for fault in chosen if any(words in fault.name for words in wanted)]
    if not site.small_disks:
        left_out = [fault.name for fault in chosen if "disk" in fault.name]
        chosen = [fault for fault in chosen if fault.name not in left_out]
        if left_out:
            say(f"Left out, because only root can make a small disk: {', '.join(left_out)}.")
    return chosen
