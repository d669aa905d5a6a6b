"""Sends changed and hostile images to a site, proves that it came to no harm, and tells it as tables."""

import argparse
import os
import platform
import subprocess
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

from django.db.models import DurationField, ExpressionWrapper, F, Max
from django.utils import timezone

from diagnosis.models import Analysis, AnalysisState
from embedded.console import say
from embedded.place import CHECKOUT
from tests.faults import proof
from tests.faults.campaign import clinic_of
from tests.faults.mutated import Making, Sent, changed, found_in, send
from tests.faults.site import Site
from tests.faults.unharmed import MEGABYTE, Family
from tests.mutations import Mutant
from tests.mutations.__main__ import keep
from tests.waiting import TookTooLong, wait_until

LONGEST = 900.0  # seconds from the last answer to the last result


def run(site: Site, options: argparse.Namespace) -> int:
    """Send so many changed images, and all of the folder that SECOND_READ_DATA names; 1 when anything was wrong."""
    files = [*_hostile(), *changed(range(1, options.mutated + 1), seed=options.seed)]
    families = {name: Family.of(site.programs[name].process.pid) for name in ("web", "worker")}
    traffic, commit = clinic_of(site), _commit()
    began = time.monotonic()
    sent = send(files, traffic)
    taken_in = time.monotonic() - began
    _wait(sent)
    lasted = time.monotonic() - began
    wrong = [*sent.wrong, *_harm(site, families), *_unanswered(sent), *proof.problems(traffic)]
    told = [
        *_head(options, commit, len(files), len(traffic.acknowledged), wrong),
        f"- all taken in after {taken_in:.0f} s, all results after {lasted:.0f} s",
        f"- slowest request {sent.slowest:.1f} s; slowest analysis {_slowest():.1f} s",
        *(f"- most memory of a {name} process: {one.peak() / MEGABYTE:.0f} MB" for name, one in families.items()),
        f"- asked to come back later: {dict(sent.sent_later) or 'never'}",
        "",
        *_tables(sent),
    ]
    say("\n".join(told))
    _keep(sent, options.seed)
    if options.report:
        options.report.write_text("\n".join([*told, ""]), encoding="utf-8")
    return int(bool(wrong))


def _hostile() -> list[Making]:
    folder = os.environ.get("SECOND_READ_DATA")
    if not folder:
        say("Without the hostile files: SECOND_READ_DATA does not name the folder of real images.")
        return []
    return found_in(Path(folder) / "hostile")


def _wait(sent: Sent) -> None:
    try:
        wait_until(proof.is_settled, what="all results", seconds=LONGEST)
    except TookTooLong as error:
        sent.complain([], str(error))


def _harm(site: Site, families: dict[str, Family]) -> Iterator[str]:
    for name, family in families.items():
        if site.programs[name].process.poll() is not None:
            yield f"the {name} program ended"
        if dead := family.dead():
            yield f"{len(dead)} {name} processes died"


def _unanswered(sent: Sent) -> Iterator[str]:
    if missing := len(sent.files) - len(sent.answers):
        yield f"{missing} files got no answer"
    if lost := sum(end == "lost" for end in sent.ends().values()):
        yield f"{lost} files that were taken in are not there"


def _slowest() -> float:
    lasted = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    longest: timedelta | None = Analysis.objects.aggregate(longest=Max(lasted))["longest"]
    return longest.total_seconds() if longest else 0.0


def _commit() -> str:
    """The version that is tried, as it is when the run begins."""
    describe = ["git", "describe", "--always", "--dirty"]
    told = subprocess.run(describe, cwd=CHECKOUT, capture_output=True, text=True, check=False).stdout.strip()
    return told or "unknown"


def _head(options: argparse.Namespace, commit: str, count: int, good: int, wrong: Sequence[str]) -> list[str]:
    return [
        "# Changed and hostile images through the real upload",
        "",
        f"`python -m tests.faults --mutated {options.mutated} --seed {options.seed}`, commit {commit},",
        f"{timezone.now():%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "",
        f"**{count} files, beside {good} good images. What is wrong: {'; '.join(wrong) or 'nothing'}.**",
        "",
    ]


def _tables(sent: Sent) -> Iterator[str]:
    ends = sent.ends()
    outcomes = [(one, ends.get(number, sent.answers.get(number, "no answer"))) for number, one in sent.files.items()]
    yield from _table("outcome", ((outcome, _kind(one)) for one, outcome in outcomes))
    yield ""
    yield from _table("change", ((way, _short(outcome)) for one, outcome in outcomes for way in one.mutations))


def _kind(one: Mutant) -> str:
    return one.format if one.number > 0 else "hostile"


def _short(outcome: str) -> str:
    state = outcome.partition(":")[0]
    return state if state in AnalysisState.values else "refused"


def _table(title: str, pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    counts = Counter(pairs)
    rows, columns = (sorted({pair[place] for pair in counts}) for place in (0, 1))
    yield f"| {title} | {' | '.join(columns)} |"
    yield f"|---|{'---:|' * len(columns)}"
    for row in rows:
        yield f"| {row} | {' | '.join(str(counts[row, column]) for column in columns)} |"


def _keep(sent: Sent, seed: int) -> None:
    """Keep what was set aside, and what was there when something went wrong, for a look."""
    aside = {number for number, end in sent.ends().items() if end.startswith(AnalysisState.QUARANTINED)}
    for number in sorted(aside | sent.suspects):
        one = sent.made_again(number)
        say(f"Kept for a look: {keep(one, seed)} ({one.name}: {', '.join(one.mutations)})")
