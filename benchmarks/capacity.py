"""What an image costs a site for good, and how many workers can take work at once: the figures of docs/scaling.md.

    python -m benchmarks.capacity

On a site of its own images are sent and analysed; then is counted what they left in the database, in the trail and in
the file store, which messages went through the broker, and how many connections were open. At last, without workers,
many threads of one process claim what waits: they get in each other's way no more than the interpreter makes them.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import redis

from benchmarks import figures
from benchmarks.figures import Figure
from benchmarks.own_site import own_site
from tests.faults.site import Site
from tests.waiting import wait_until

TRAIL = ("clinic_auditevent", "clinic_auditlink")
SIZES = """
    SELECT relname, pg_total_relation_size(oid) FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
"""
CONNECTIONS = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
MANY = 32  # threads that claim


@dataclass(frozen=True)
class Left:
    """What there is at some time."""

    rows: int  # bytes of tables and indexes, without the trail
    trail: int
    events: int
    files: int
    messages: int


def main() -> int:
    """Measure and tell."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures.options_of(parser)
    options = parser.parse_args()
    images = 80 if options.quick else 400
    with own_site() as site:
        from tests.faults.campaign import clinic_of  # noqa: PLC0415  Django has to be set up first
        from tests.faults.proof import is_settled  # noqa: PLC0415
        from tests.faults.traffic import drawn  # noqa: PLC0415

        traffic = clinic_of(site)
        found: list[Figure] = []
        before = _left(site)
        sending = traffic.send([drawn] * images)
        sending.wait()
        connections = _number(CONNECTIONS)
        wait_until(is_settled, what="all results", seconds=300)
        sending.end()
        found += _costs(before, _left(site), images, connections)
        site.programs["worker"].stop()
        sending = traffic.send([drawn] * images)
        sending.wait()
        sending.end()
        found += [*_claims(images // 2), *_entries(images // 2)]
        figures.publish(found, options)
    return 0


def _left(site: Site) -> Left:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(SIZES)
        sizes: dict[str, int] = dict(cursor.fetchall())
    trail = sum(sizes.pop(name) for name in TRAIL)
    files = sum(path.stat().st_size for path in Path(site.variables["MEDIA_ROOT"]).rglob("*") if path.is_file())
    with redis.Redis.from_url(site.variables["BROKER_URL"].replace("redis+socket://", "unix://")) as broker:
        pushed = broker.info("commandstats").get("cmdstat_lpush", {}).get("calls", 0)
    return Left(sum(sizes.values()), trail, _number("SELECT count(*) FROM clinic_auditevent"), files, pushed)


def _number(query: str) -> int:
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute(query)
        return int(cursor.fetchone()[0])


def _costs(before: Left, after: Left, images: int, connections: int) -> Iterator[Figure]:
    def of_one(measure: str, unit: str, total: float, note: str = "") -> Figure:
        return Figure(measure=f"{measure}, an image", unit=unit, runs=[total / images], note=note)

    yield of_one("rows with their indexes, without the trail", "kB", (after.rows - before.rows) / 1000)
    yield of_one("the trail with its indexes", "kB", (after.trail - before.trail) / 1000)
    yield of_one("entries of the trail", "entries", after.events - before.events, "uploaded and analysed, never opened")
    yield of_one("files", "kB", (after.files - before.files) / 1000, "the original is a drawn PNG of 224 x 224")
    yield of_one("messages of the broker", "messages", after.messages - before.messages, "the sweeper's included")
    yield Figure(
        measure="connections to the database under load",
        unit="connections",
        runs=[connections],
        note="2 web processes with up to 8 threads, 2 worker processes, the measuring one's",
    )


def _claims(images: int) -> Iterator[Figure]:
    """One image a claim, so that there is as much contention as can be."""
    from django.conf import settings  # noqa: PLC0415

    settings.ANALYSIS_BATCH_SIZE = 1
    one, many = (_claimed_a_second(threads, images) for threads in (1, MANY))
    yield Figure(
        measure=f"claims a second, {MANY} claimers",
        unit="claims/s",
        runs=[many],
        against="one claimer",
        against_runs=[one],
        note="threads of one process, one image a claim",
    )


def _entries(count: int) -> Iterator[Figure]:
    """Entries of the trail, each in a transaction of its own: links are made by one transaction at a time."""
    one, many = (_written_a_second(threads, count) for threads in (1, MANY))
    yield Figure(
        measure=f"transactions a second that write to the trail, {MANY} writers",
        unit="transactions/s",
        runs=[many],
        against="one writer",
        against_runs=[one],
        note="threads of one process",
    )


def _written_a_second(threads: int, count: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as writers:
        list(writers.map(_write, [count // threads] * threads))
    return threads * (count // threads) / (time.perf_counter() - began)


def _write(times: int) -> None:
    from django.db import connection, transaction  # noqa: PLC0415

    from clinic.services import audit  # noqa: PLC0415
    from diagnosis.selectors.models import active_model  # noqa: PLC0415

    model = active_model("leukemia")
    assert model is not None
    for _ in range(times):
        with transaction.atomic():
            audit.record(actor=None, action="model.registered", subject=model)
    connection.close()


def _claimed_a_second(threads: int, images: int) -> float:
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as claimers:
        tokens = list(claimers.map(_claim, [images // threads] * threads))
    if len({pk for some in tokens for pk in some}) != threads * (images // threads):
        raise SystemExit("an image was claimed twice, or there were too few")
    return threads * (images // threads) / (time.perf_counter() - began)


def _claim(times: int) -> list[object]:
    from django.db import connection  # noqa: PLC0415

    from diagnosis.selectors.models import active_model  # noqa: PLC0415
    from diagnosis.services import analysis_queue  # noqa: PLC0415

    model = active_model("leukemia")
    assert model is not None
    claims = [analysis_queue.claim(model_version_id=model.pk) for _ in range(times)]
    connection.close()
    return [one.pk for claim in claims if claim for one in claim.analyses]


if __name__ == "__main__":
    sys.exit(main())
