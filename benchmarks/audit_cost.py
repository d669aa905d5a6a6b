"""What the trail costs an upload: images taken in per second with the chain, without its links, and without the trail.

    python -m embedded exec --temporary -- python -m benchmarks.audit_cost

Makes its own data, so give it a database that is thrown away. The three ways take turns, a few images at a time, so
that whatever else the machine does falls on all alike; of each way's rounds the quickest quarter counts, the one
that was disturbed least. `--writers` uploads from several threads at once, each to its own case.
"""

import argparse
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any
from unittest import mock

from benchmarks import figures
from benchmarks.figures import Figure, Goal
from benchmarks.start import prepare

WAYS = ("chain", "no links", "no trail")
AT_MOST: Goal = {"at_most": 1.1}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--images", type=int, default=4, help="a round, way and writer")
    parser.add_argument("--writers", type=int, default=1)
    figures.options_of(parser)
    options = parser.parse_args()
    if options.quick:
        options.rounds = 4
    prepare()
    figures.publish(list(told(measure(options), options)), options)


def told(times: dict[str, list[float]], options: argparse.Namespace) -> Iterator[Figure]:
    """What chain and trail cost, by the quickest quarter of the rounds of each way."""
    each = {way: [1000 * one / options.images for one in quickest_quarter(times[way])] for way in WAYS}
    alone = "one writer" if options.writers == 1 else f"{options.writers} writers at once"
    for way, goal in (("no trail", AT_MOST), ("no links", {})):
        yield Figure(
            measure=f"an upload with the trail, {alone}",
            unit="ms an image",
            runs=each["chain"],
            against=way,
            against_runs=each[way],
            goal=goal,
            note="the quickest quarter of each way's rounds, which took turns",
        )


def measure(options: argparse.Namespace) -> dict[str, list[float]]:
    """Seconds of each round, by way."""
    writers = [new_writer(number) for number in range(options.writers)]
    times: dict[str, list[float]] = {way: [] for way in WAYS}
    for turn in range(options.rounds + 2):
        for way in WAYS[turn % 3 :] + WAYS[: turn % 3]:
            with ways(way):
                taken = together(writers, options.images)
            if turn >= 2:  # the first ones warm up
                times[way].append(taken)
    return times


def quickest_quarter(times: list[float]) -> list[float]:
    """Those that were disturbed least."""
    return sorted(times)[: max(1, len(times) // 4)]


def together(writers: list[Callable[[int], None]], images: int) -> float:
    """Seconds until all writers have uploaded their images."""
    threads = [threading.Thread(target=writer, args=(images,)) for writer in writers]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return time.perf_counter() - started


@contextmanager
def ways(way: str) -> Iterator[None]:
    """The trail as it is, without its links, or not written at all."""
    from clinic.services import audit  # noqa: PLC0415

    if way == "chain":
        yield
    elif way == "no trail":
        with mock.patch.object(audit, "record_all"):
            yield
    else:
        switch("DISABLE")
        yield
        switch("ENABLE")


def switch(how: str) -> None:
    """Switch the trigger that writes links."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE clinic_auditevent {how} TRIGGER pgtrigger_link_fef40")


def new_writer(number: int) -> Callable[[int], None]:
    """Something that uploads so many images, each different, to a case of its own."""
    from clinic.models import Patient  # noqa: PLC0415
    from diagnosis.models import Case, ModelVersion  # noqa: PLC0415
    from tests.factories import CaseFactory, ModelVersionFactory, add_to_care_team, drawn_png  # noqa: PLC0415

    case: Case = CaseFactory.create()
    patient: Patient = case.patient
    add_to_care_team(patient, case.created_by)
    if not ModelVersion.objects.exists():
        ModelVersionFactory.create()
    image, places = drawn_png(seed=number), count()
    return lambda images: upload(case, [image + next(places).to_bytes(8) for _ in range(images)])


def upload(case: Any, images: list[bytes]) -> None:
    """Take in images as the web process does. (Bytes after a PNG's end make each a file of its own.)"""
    from django.core.files.uploadedfile import SimpleUploadedFile  # noqa: PLC0415
    from django.db import connection  # noqa: PLC0415

    from diagnosis.services import analysis_queue  # noqa: PLC0415
    from diagnosis.services.uploads import accept_image  # noqa: PLC0415

    with mock.patch.object(analysis_queue, "_wake_workers"):
        for image in images:
            accept_image(case=case, uploaded_by=case.created_by, file=SimpleUploadedFile("field.png", image))
    connection.close()


if __name__ == "__main__":
    main()
