"""What one reading of /metrics costs, and what finding out whether files are still referred to costs, by size.

    python -m embedded exec --temporary -- python -m benchmarks.metrics --cases 10000

Makes its own data as benchmarks/lists.py does, ten images a case, so give it a database that is thrown away. Aim:
with a hundred times the cases neither takes twice as long. Of the repetitions the quickest quarter counts.
"""

import argparse
import hashlib
import statistics
import time
from collections.abc import Callable

from benchmarks.start import prepare

DIGESTS = [hashlib.sha256(str(number).encode()).hexdigest() for number in range(500)]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    prepare()
    from django.conf import settings  # noqa: PLC0415  Django has to be set up first
    from django.test import Client  # noqa: PLC0415

    from benchmarks import made_rows  # noqa: PLC0415
    from diagnosis.services.file_removal import referred_to  # noqa: PLC0415

    made_rows.grow(made_rows.open_hospital(), since=0, cases=options.cases)
    tell_size(options.cases * made_rows.IMAGES_A_CASE)
    settings.METRICS = True
    client = Client()
    timed("one reading of /metrics", lambda: client.get("/metrics"), options.rounds)
    timed("500 digests looked up", lambda: referred_to(DIGESTS), options.rounds)


def tell_size(analyses: int) -> None:
    """What the database takes; the trail is left out here."""
    from django.db import connection  # noqa: PLC0415

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        (size,) = cursor.fetchone()
    print(f"database, 1,000 analyses     {size / analyses * 1000 / 1024**2:8.2f} MiB", flush=True)


def timed(what: str, act: Callable[[], object], rounds: int) -> None:
    """The mean of the quickest quarter."""
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        act()
        times.append(time.perf_counter() - started)
    quickest = statistics.mean(sorted(times)[: max(1, rounds // 4)])
    print(f"{what:28} {1000 * quickest:8.1f} ms", flush=True)


if __name__ == "__main__":
    main()
