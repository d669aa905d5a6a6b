"""Faults of the broker and the database."""

import signal
import time
from contextlib import closing, suppress

import psycopg2
import requests
from celery import Celery
from django.db import connection
from psycopg2 import extensions

from diagnosis.selectors.models import active_model
from embedded.passwords import Passwords
from embedded.postgres import DATABASE, ROLE, SUPERUSER
from tests.faults.harm import Harm, make_sure, not_ready
from tests.faults.site import Site
from tests.faults.traffic import Sending

OTHERS = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = %s AND NOT pid = ANY(%s::int[])"


def broker_stopped(seconds: float) -> Harm:
    """For so long there is no broker; it comes back empty."""

    def harm(site: Site, sending: Sending) -> None:
        site.broker.stop()
        time.sleep(seconds)
        missed = not_ready(site)
        site.broker.start()
        make_sure("broker" in missed, "the broker was not missed")

    return harm


def broker_wiped(site: Site, sending: Sending) -> None:
    """The broker is killed and comes back at once, without a message."""
    assert site.broker.process is not None
    site.broker.process.kill()
    site.broker.process.wait()
    site.broker.start()


def broker_paused(seconds: float) -> Harm:
    """The broker takes connections and answers nothing."""

    def harm(site: Site, sending: Sending) -> None:
        assert site.broker.process is not None
        site.broker.process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(seconds)
            missed = not_ready(site)
        finally:
            site.broker.process.send_signal(signal.SIGCONT)
        make_sure("broker" in missed, "the broker was not missed")

    return harm


def same_message(site: Site, sending: Sending) -> None:
    """The same wake-up fifty times."""
    model = active_model("leukemia")
    assert model is not None
    with Celery(broker=site.broker.server.url) as sender:
        for _ in range(50):
            sender.send_task("diagnosis.tasks.analyse_queued", args=[str(model.pk)])


def database_restarted(times: int) -> Harm:
    """PostgreSQL ends at once, as in a crash, and recovers; again and again."""

    def harm(site: Site, sending: Sending) -> None:
        for _ in range(times):
            assert site.database.process is not None
            site.database.process.send_signal(signal.SIGQUIT)  # what pg_ctl stop -m immediate sends
            site.database.process.wait()
            site.database.start()
            connection.close()  # our own; it ended with the server
            time.sleep(1)
            site.kept_running()

    return harm


def connections_exhausted(seconds: float) -> Harm:
    """Somebody else holds every connection that the database has; whoever had one loses it."""

    def harm(site: Site, sending: Sending) -> None:
        connection.close()
        ended = time.monotonic() + seconds
        refused = False
        with closing(Greedy(site)) as somebody:
            while time.monotonic() < ended:
                somebody.take_all()
                refused = refused or _is_refused(site, sending)
        make_sure(refused, "nobody was refused a connection")

    return harm


class Greedy:
    """Somebody who takes every connection of a site's database."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._passwords = Passwords(site.place.var / "secrets")
        self._admin = self._connection(SUPERUSER, self._passwords.superuser)
        self._held: list[extensions.connection] = []

    def take_all(self) -> None:
        """End everybody else's connections, and take what is free until there is none."""
        with self._admin.cursor() as cursor:
            cursor.execute(OTHERS, [ROLE, [one.get_backend_pid() for one in self._held]])
        with suppress(psycopg2.OperationalError):
            while True:
                self._held.append(self._connection(ROLE, self._passwords.application))

    def close(self) -> None:
        """Let go of all."""
        for one in [*self._held, self._admin]:
            one.close()

    def _connection(self, role: str, password: str) -> extensions.connection:
        made = psycopg2.connect(host=str(self._site.place.sockets), user=role, password=password, dbname=DATABASE)
        made.autocommit = True
        return made


def _is_refused(site: Site, sending: Sending) -> bool:
    """Whether a reader is told to come back."""
    try:
        answer = requests.get(f"{site.address}/api/v1/cases/", headers=sending.headers, timeout=30)
    except requests.RequestException:
        return False
    return answer.status_code == requests.codes.service_unavailable and "Retry-After" in answer.headers
