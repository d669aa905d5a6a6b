"""The pages and API addresses whose time must not grow with the tables, each as a browser or a program asks for it."""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from html import unescape
from typing import Any

from django.test import Client

from benchmarks.made_rows import Hospital
from clinic.models import Patient
from clinic.services.tokens import issue_token
from diagnosis.models import SlideImage

Ask = Callable[[], Any]

TABS = ("to-read", "to-sign", "failed", "changed", "mine", "done")
OF_THE_WORKLIST = {
    "by verdict": "/worklist/?verdict=refer",
    "by a verdict that none has": "/worklist/?verdict=out_of_scope",
    "by urgency and dates": "/worklist/?urgency=urgent&since=2025-01-01&until=2025-02-01",
    "polled": "/worklist/live/?tab=to-read",
}
OF_THE_API = ("cases/", "cases/?ordering=specimen_date", "images/", "analyses/", "readings/", "reports/", "patients/",
              "worklist/")  # fmt: skip
OF_ADMINISTRATORS = ("/status/", "/status/analyses/", "/agreement/")
PAGES_ON = 20
LATER = re.compile(r'rel="next" href="([^"]+)"')


def pages(hospital: Hospital) -> Mapping[str, Ask]:
    """Each by its name, asked of the database that is the default one now."""
    clients = {who: Client() for who in hospital.people}
    for who, client in clients.items():
        client.force_login(hospital.people[who])
    found = {f"worklist, {name}": ask for name, ask in _of_one_with_all(clients["all"])}
    for who, whose in (("some", "of a fiftieth of all"), ("few", "of 50 patients")):
        found[f"worklist, to read, {whose}"] = partial(clients[who].get, "/worklist/?tab=to-read")
        found[f"worklist, search, {whose}"] = partial(clients[who].post, "/worklist/", {"query": "family7"})
    return {**found, **_others(clients), **dict(_api(hospital))}


def _of_one_with_all(client: Client) -> Iterator[tuple[str, Ask]]:
    for tab in TABS:
        yield tab.replace("-", " "), partial(client.get, f"/worklist/?tab={tab}")
    for name, address in OF_THE_WORKLIST.items():
        yield name, partial(client.get, address)
    yield "search", partial(client.post, "/worklist/", {"query": "family77"})
    yield f"{PAGES_ON} pages on", partial(client.get, _pages_on(client))


def _pages_on(client: Client) -> str:
    address = "/worklist/"
    for _ in range(PAGES_ON):
        found = LATER.search(client.get(address).content.decode())
        address = unescape(found[1]) if found else "/worklist/"
    return address


def _others(clients: Mapping[str, Client]) -> dict[str, Ask]:
    one = Patient.objects.get(record_number="MRN-1")
    image = SlideImage.objects.filter(case__patient=one, readings__isnull=False).order_by("id")[0]
    found: dict[str, Ask] = {
        "a case": partial(clients["all"].get, f"/cases/{image.case_id}/"),
        "an image": partial(clients["all"].get, f"/images/{image.pk}/"),
        "history of a patient with 60 specimens": partial(clients["all"].get, f"/patients/{one.pk}/"),
        "patients": partial(clients["all"].get, "/patients/"),
        "patients, search": partial(clients["all"].post, "/patients/", {"query": "family77"}),
        "patients, search by two letters": partial(clients["all"].post, "/patients/", {"query": "fa"}),
        "own agreement": partial(clients["few"].get, "/agreement/mine/"),
    }
    for address in OF_ADMINISTRATORS:
        found[address] = partial(clients["administrator"].get, address)
    return found


def _api(hospital: Hospital) -> Iterator[tuple[str, Ask]]:
    """What a program asks for, of one with all patients and of one with few: each has another quick way."""
    for who, whose in (("all", "of all"), ("few", "of 50 patients")):
        token = issue_token(person=hospital.people[who]).text
        client = Client(headers={"Authorization": f"Token {token}"})
        for name in OF_THE_API:
            yield f"API, {name}, {whose}", partial(client.get, f"/api/v1/{name}")
        search = partial(client.post, "/api/v1/patients/search/", {"search": "family77"}, "application/json")
        yield f"API, search for patients, {whose}", search
