"""The whole site behind PgBouncer in transaction mode: is everything as it is without?

    python -m benchmarks.pooler --images 200

Needs `pgbouncer` (Debian: apt install pgbouncer). Smears wait in a queue of their own meanwhile (ANALYSIS_OWN_QUEUES).
What must hold is what the fault suite asks after each fault; it prints how many connections served how many clients.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2

from benchmarks import figures
from benchmarks.figures import Figure
from benchmarks.own_site import own_site
from tests.faults.site import Site
from tests.waiting import free_port, wait_until

POOL = 4  # connections to PostgreSQL for all web and worker processes together
PROGRAMS = ("web", "worker", "scheduler")
OWN_QUEUES = {"ANALYSIS_OWN_QUEUES": "leukemia", "WORKER_QUEUES": "celery,analyses-leukemia"}


def main() -> int:
    """Try it; 1 when anything was wrong."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    figures.options_of(parser)
    parser.add_argument("--images", type=int, default=200)
    parser.add_argument("--pgbouncer", default="pgbouncer", help="the program")
    options = parser.parse_args()
    with own_site(DATABASE_POOLER="true", **OWN_QUEUES) as site, _pooled(site, options.pgbouncer) as pooler:
        for name in PROGRAMS:
            site.programs[name].stop()
        direct = site.variables["DATABASE_URL"]
        site.variables["DATABASE_URL"] = pooler
        for name in PROGRAMS:
            site.start(name)
        site.variables["DATABASE_URL"] = direct
        wrong = _sent(site, options.images)
        clients, servers = _connections(pooler)
    print(f"{options.images} images, {clients} connections of clients. What is wrong: {'; '.join(wrong) or 'nothing'}.")
    figures.publish(
        [
            Figure(
                measure="connections to PostgreSQL behind PgBouncer",
                unit="connections",
                runs=[servers],
                note=f"{clients} of clients; {options.images} images",
            )
        ],
        options,
    )
    return int(bool(wrong))


def _sent(site: Site, images: int) -> list[str]:
    from tests.faults import proof  # noqa: PLC0415  Django has to be set up first
    from tests.faults.campaign import clinic_of  # noqa: PLC0415
    from tests.faults.traffic import drawn  # noqa: PLC0415

    traffic = clinic_of(site)
    sending = traffic.send([drawn] * images)
    sending.wait()
    wait_until(proof.is_settled, what="all results", seconds=300)
    sending.end()
    return proof.problems(traffic)


@contextmanager
def _pooled(site: Site, program: str) -> Iterator[str]:
    """PgBouncer before the site's database; its address."""
    parts = psycopg2.extensions.parse_dsn(site.variables["DATABASE_URL"].replace("postgres://", "postgresql://"))
    port, owner = free_port(), Path(parts["host"]).stat()
    with tempfile.TemporaryDirectory(prefix="second-read-pooler-") as folder:
        users, told = Path(folder) / "users", Path(folder) / "pgbouncer.ini"
        users.write_text(f'"{parts["user"]}" "{parts["password"]}"\n', encoding="ascii")
        told.write_text(
            f"[databases]\n* = host={parts['host']}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n"
            f"auth_type = scram-sha-256\nauth_file = {users}\npool_mode = transaction\ndefault_pool_size = {POOL}\n"
            f"max_client_conn = 500\nunix_socket_dir =\nadmin_users = {parts['user']}\n",
            encoding="ascii",
        )
        for path in (Path(folder), users, told):
            os.chown(path, owner.st_uid, owner.st_gid)
        process = subprocess.Popen([program, "--quiet", str(told)], user=owner.st_uid, group=owner.st_gid)
        try:
            yield f"postgres://{parts['user']}:{parts['password']}@127.0.0.1:{port}/{parts['dbname']}"
        finally:
            process.terminate()
            process.wait()


def _connections(pooler: str) -> tuple[int, int]:
    """Of clients to PgBouncer, and of PgBouncer to PostgreSQL."""
    address = f"{pooler.replace('postgres://', 'postgresql://').rpartition('/')[0]}/pgbouncer"
    connection = psycopg2.connect(address)
    connection.autocommit = True
    with connection.cursor() as cursor:
        counts = []
        for what in ("CLIENTS", "SERVERS"):
            cursor.execute(f"SHOW {what}")
            counts.append(len(cursor.fetchall()))
    connection.close()
    return counts[0] - 1, counts[1]


if __name__ == "__main__":
    sys.exit(main())
