"""Listening to everything that a running site says to others than the person who asked."""

import html
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import redis
import requests
from django.db import connection
from redis.exceptions import ConnectionError as BrokerGone

LINK = re.compile(r"""(?:href|src|action|hx-get|hx-post|poster|formaction)\s*=\s*["']([^"']*)["']""")
API_LINK = re.compile(r'"(https?://[^"]*)"')
FORM_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@contextmanager
def broker_traffic(url: str) -> Iterator[list[str]]:
    """Every command that reaches the broker, with its arguments, as long as the block lasts."""
    heard: list[str] = []
    client = redis.Redis(unix_socket_path=urlsplit(url).path)
    monitor = client.monitor()  # type: ignore[no-untyped-call]
    monitor.__enter__()

    def listen() -> None:
        try:
            heard.extend(str(command["command"]) for command in monitor.listen())
        except (BrokerGone, OSError, ValueError, AttributeError):
            return  # the broker has ended, or we have hung up

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        yield heard
    finally:
        kept = [str(client.dump(key)) for key in client.scan_iter()]
        heard.extend(kept)
        client.close()


def database_log() -> Path:
    """Where the database server writes its log; it runs on this machine, as `make test` starts it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    return Path(f"/proc/{pid}/fd/2").readlink()


@dataclass
class Visitor:
    """A person's browser that goes wherever pages lead, and remembers every address and header it came across."""

    site: str
    session: requests.Session = field(default_factory=requests.Session)
    addresses: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)

    def get(self, address: str, **headers: str) -> requests.Response:
        """Open one address."""
        return self._noted(self.session.get(urljoin(self.site, address), headers=headers, timeout=60))

    def post(
        self, address: str, data: Mapping[str, object], files: list[tuple[str, tuple[str, bytes]]] | None = None
    ) -> requests.Response:
        """Send a form that stands on the page at the address, or anywhere else on the site."""
        page = self.session.get(urljoin(self.site, "/account/"), timeout=60).text
        token = FORM_TOKEN.search(page)
        fields = {**data, "csrfmiddlewaretoken": token[1] if token else ""}
        return self._noted(self.session.post(urljoin(self.site, address), data=fields, files=files, timeout=60))

    def wander(self, start: str, most: int = 200) -> list[str]:
        """Open `start` and every address of the site that can be reached from it; returns their texts."""
        waiting, seen, texts = [start], {start}, []
        while waiting and len(seen) < most:
            answer = self.get(waiting.pop(0))
            if "text" not in answer.headers.get("Content-Type", "") and "json" not in answer.headers["Content-Type"]:
                continue
            texts.append(answer.text)
            for found in self._links(answer):
                if found not in seen:
                    seen.add(found)
                    waiting.append(found)
        return texts

    def _links(self, answer: requests.Response) -> Iterator[str]:
        for text in [*LINK.findall(answer.text), *API_LINK.findall(answer.text)]:
            whole = urljoin(answer.url, html.unescape(text)).partition("#")[0]
            self.addresses.append(whole)
            if whole.startswith(self.site) and "/static/" not in whole and "/sign-out" not in whole:
                yield whole.removeprefix(self.site)

    def _noted(self, answer: requests.Response) -> requests.Response:
        for one in (*answer.history, answer):
            self.addresses.append(str(one.url))
            self.headers.append(str(one.headers))
            self.statuses[str(one.url)] = one.status_code
        return answer
