"""A second host on this machine: a network namespace with a network of its own, from which the servers are far away.

A worker there reaches PostgreSQL and the broker over TCP, and files in an object store that speaks S3 (moto, a stand-in
written in Python: its own processor time is told apart). Needs root, and `ip` of iproute2.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, fields

import boto3
from django.db import connections

from benchmarks.own_site import own_site
from embedded.postgres import DATABASE, ROLE, Postgres
from embedded.valkey import Valkey
from tests.faults.site import Running, Site
from tests.waiting import free_port, wait_until

HOST, NEAR, FAR, NETWORK = "second-read-2", "10.231.77.1", "10.231.77.2", "10.231.77.0/24"
DATABASE_PORT, BROKER_PORT = 5432, 6379
KEYS = {"S3_ACCESS_KEY": "only-for-benchmarks", "S3_SECRET_KEY": "only-for-benchmarks"}
BUCKET = "second-read"


@dataclass(frozen=True)
class ReachablePostgres(Postgres):
    """Listens on the network between the hosts, too."""

    def prepare(self) -> None:
        super().prepare()
        with (self.folder / "pg_hba.conf").open("a", encoding="ascii") as rules:
            rules.write(f"host all all {NETWORK} scram-sha-256\n")

    def command(self) -> list[str]:
        return [*super().command(), "-c", f"listen_addresses={NEAR}", "-c", f"port={DATABASE_PORT}"]


@dataclass(frozen=True)
class ReachableValkey(Valkey):
    """Listens on the network between the hosts, too."""

    def command(self) -> list[str]:
        return [*super().command(), "--bind", NEAR, "--port", str(BROKER_PORT), "--protected-mode", "no"]


def why_not() -> str:
    """Why there can be no second host here; empty when there can."""
    if os.geteuid() != 0:
        return "only root can make a network namespace"
    return "" if shutil.which("ip") else "`ip` of iproute2 is not installed"


@contextmanager
def site_with_two_hosts() -> Iterator[Site]:
    """A site whose files are in an object store and whose servers the second host reaches."""
    with ExitStack() as ends:
        ends.enter_context(_network())
        store = _object_store()
        ends.callback(store.kill)
        endpoint = f"http://{NEAR}:{store.port}"
        site = ends.enter_context(
            own_site(FILE_STORAGE="s3", S3_BUCKET=BUCKET, S3_ENDPOINT=endpoint, S3_REGION="us-east-1", **KEYS)
        )
        site.programs["object store"] = Running("object store", store.process)
        _open_to_the_network(site)
        yield site


def start_over_there(site: Site, **extra: str) -> Running:
    """A worker on the second host."""
    address = f"postgres://{ROLE}:{site.database.server.passwords.application}@{NEAR}:{DATABASE_PORT}/{DATABASE}"  # type: ignore[attr-defined]
    reached = {"DATABASE_URL": address, "BROKER_URL": f"redis://{NEAR}:{BROKER_PORT}"}
    return site.start("worker", under="worker there", within=("ip", "netns", "exec", HOST), **reached, **extra)


@contextmanager
def _network() -> Iterator[None]:
    """Two hosts with a cable between them."""
    _remove()
    _ip("netns", "add", HOST)
    try:
        _ip("link", "add", "second-read-a", "type", "veth", "peer", "name", "second-read-b", "netns", HOST)
        _ip("address", "add", f"{NEAR}/24", "dev", "second-read-a")
        _ip("link", "set", "second-read-a", "up")
        _ip("-n", HOST, "address", "add", f"{FAR}/24", "dev", "second-read-b")
        _ip("-n", HOST, "link", "set", "second-read-b", "up")
        _ip("-n", HOST, "link", "set", "lo", "up")
        yield
    finally:
        _remove()


def _remove() -> None:
    """What an earlier run left behind goes as well."""
    subprocess.run(["ip", "link", "delete", "second-read-a"], check=False, capture_output=True)
    subprocess.run(["ip", "netns", "delete", HOST], check=False, capture_output=True)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


@dataclass(frozen=True)
class _Store:
    process: subprocess.Popen[bytes]
    port: int

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


def _object_store() -> _Store:
    """The object store with its bucket, in a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", NEAR, "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    client = boto3.client(
        "s3",
        endpoint_url=f"http://{NEAR}:{port}",
        region_name="us-east-1",
        aws_access_key_id=KEYS["S3_ACCESS_KEY"],
        aws_secret_access_key=KEYS["S3_SECRET_KEY"],
    )

    def made() -> bool:
        try:
            client.create_bucket(Bucket=BUCKET)
        except client.exceptions.ClientError:
            raise
        except Exception:  # noqa: BLE001  boto has many for a server that is not there yet
            return False
        return True

    wait_until(made, what="the object store")
    client.close()
    return _Store(process, port)


def _open_to_the_network(site: Site) -> None:
    """Start the servers again, reachable from there, and with them whatever uses them."""
    programs = [name for name in site.programs if name != "object store"]
    for name in programs:
        site.programs[name].stop()
    for kept, kind in ((site.database, ReachablePostgres), (site.broker, ReachableValkey)):
        kept.stop()
        server = kept.server
        kept.server = kind(**{one.name: getattr(server, one.name) for one in fields(server)})  # type: ignore[arg-type]
        kept.start()
    for name in programs:
        site.start(name)
    connections.close_all()  # ours were to the server as it was
