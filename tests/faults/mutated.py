"""Changed and hostile images through the real upload, each beside a good one: an answer each, and no harm to another.

Several programs send at once. A file is told by its number; those of a folder have numbers below zero.
"""

import hashlib
import itertools
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

import requests

from diagnosis.models import Analysis
from tests.faults.traffic import AT_ONCE, Acknowledged, Traffic, drawn
from tests.mutations import Mutant, mutant

TOGETHER = 11  # changed files in a request, beside a good one
PATIENCE = 300  # seconds for an answer: the machine may be busy
LATER = (429, 503)  # answers that ask for another try, and say when
MOST_TRIES = 100

Making = Callable[[], Mutant]


@dataclass
class Sent:
    """What was answered to each file, the analyses of those that were taken in, and whatever must not be."""

    making: dict[int, Making] = field(default_factory=dict)
    files: dict[int, Mutant] = field(default_factory=dict)  # without their contents
    answers: dict[int, str] = field(default_factory=dict)  # "accepted", or the code of a refusal
    analyses: dict[int, UUID] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    suspects: set[int] = field(default_factory=set)  # files that were there when something went wrong
    sent_later: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0  # seconds for a request
    lock: Lock = field(default_factory=Lock)

    def ends(self) -> dict[int, str]:
        """How the analysis of each file that was taken in ended: the state, and the reason where there is one."""
        ended = {
            pk: f"{state}: {code}" if code else str(state)
            for pk, state, code in Analysis.objects.values_list("pk", "state", "failure_code")
        }
        return {number: ended.get(pk, "lost") for number, pk in self.analyses.items()}

    def made_again(self, number: int) -> Mutant:
        """A file with its content."""
        return self.making[number]()

    def complain(self, files: Sequence[Mutant], what: str) -> None:
        """Keep what was wrong, and with which files."""
        self.wrong.append(what)
        self.suspects.update(one.number for one in files)


def changed(numbers: range, *, seed: int) -> list[Making]:
    """The files of these numbers, each made when it is sent."""
    return [partial(mutant, number, seed=seed) for number in numbers]


def found_in(folder: Path) -> list[Making]:
    """The files of a folder, as they are."""
    paths = sorted(path for path in folder.iterdir() if path.is_file())
    return [partial(_as_it_is, -place, path) for place, path in enumerate(paths, start=1)]


def _as_it_is(number: int, path: Path) -> Mutant:
    return Mutant(number, path.name, ("as it is",), path.read_bytes())


def send(files: Sequence[Making], traffic: Traffic) -> Sent:
    """Send all files from several programs, a few of them and a good one in each request."""
    sent = Sent()
    requested = [files[start : start + TOGETHER] for start in range(0, len(files), TOGETHER)]
    with ThreadPoolExecutor(AT_ONCE) as programs:
        for _ in programs.map(partial(_send_some, traffic, sent), requested, itertools.cycle(traffic.cases)):
            pass
    return sent


def _send_some(traffic: Traffic, sent: Sent, making: Sequence[Making], case: UUID) -> None:
    files, good = [make() for make in making], drawn()
    with sent.lock:
        sent.making.update({file.number: make for file, make in zip(files, making, strict=True)})
        sent.files.update({file.number: replace(file, content=b"") for file in files})
    answer = _post_until_taken(traffic, sent, [*files, Mutant(0, "good.png", (), good)], case)
    with sent.lock:
        if answer is None or answer.status_code != 202:
            told = "nothing" if answer is None else f"{answer.status_code} {answer.text[:200]}"
            sent.complain(files, f"a request with a good image was answered {told}")
            return
        *entries, last = answer.json()["files"]
        for file, entry in zip(files, entries, strict=True):
            _note(sent, file, entry)
        if not last["accepted"]:
            sent.complain(files, f"a good image was refused: {last['problem']}")
            return
        sha256 = hashlib.sha256(good).hexdigest()
        traffic.content[sha256] = good
        traffic.acknowledged.append(Acknowledged(sha256, case, UUID(last["image"]), UUID(last["analysis"])))


def _note(sent: Sent, file: Mutant, entry: dict[str, Any]) -> None:
    if entry["accepted"]:
        sent.answers[file.number] = "accepted"
        sent.analyses[file.number] = UUID(entry["analysis"])
        return
    code, status, detail = (entry["problem"][name] for name in ("code", "status", "detail"))
    sent.answers[file.number] = code
    if status >= 500 or not detail.rstrip(")").endswith("."):
        sent.complain([file], f"a file was answered {status} {code}: {detail}")


def _post_until_taken(traffic: Traffic, sent: Sent, files: Sequence[Mutant], case: UUID) -> requests.Response | None:
    """The last answer; none when the server hung up."""
    parts = [("files", (file.name, file.content, "application/octet-stream")) for file in files]
    where = f"{traffic.address}/api/v1/cases/{case}/images/"
    for _ in range(MOST_TRIES):
        began = time.monotonic()
        try:
            answer = requests.post(where, headers=traffic.headers, files=parts, timeout=PATIENCE)
        except requests.RequestException:
            return None
        sent.slowest = max(sent.slowest, time.monotonic() - began)
        if answer.status_code not in LATER or "Retry-After" not in answer.headers:
            return answer
        sent.sent_later[str(answer.status_code)] += 1
        time.sleep(float(answer.headers["Retry-After"]))
    return answer
