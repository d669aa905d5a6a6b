"""The running API does what its schema says: schemathesis asks it what the schema allows, and what it forbids.

The same requests every time. `API_EXAMPLES=200` asks for longer, at every limit and in sequences of requests too
(docs/api.md).
"""

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from clinic.models import User
from clinic.services.tokens import issue_token
from tests.access.world import World, make_world
from tests.stack import PROGRAMS, Stack, running_stack

pytestmark = pytest.mark.django_db(transaction=True)

FEW = 6
EXAMPLES = int(os.environ.get("API_EXAMPLES", FEW))
PHASES = "fuzzing" if EXAMPLES <= FEW else "examples,coverage,fuzzing,stateful"
CHECKS = ",".join(
    [
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "missing_required_header",
        "unsupported_method",
        "ignored_auth",
    ]
)
# By the beginning of an address: what the id in it is one of. The first that fits.
IDS = {
    "/patients/{id}/care-team/": "twin",
    "/patients/": "patient",
    "/cases/": "case",
    "/images/": "image",
    "/analyses/{id}/retry/": "failed",
    "/analyses/": "analysis",
    "/predictions/": "prediction",
    "/readings/": "reading",
    "/reports/": "report",
    "/models/": "model",
    "/evaluations/": "evaluation",
    "/proposals/": "proposal",
}
NAMES = ("patient", "case", "image", "prediction", "doctor", "model")  # of fields and filters that hold an id
OF_ADMINISTRATORS = "^/api/v1/(assays|evaluations|models|people|programs|proposals|settings|status|test-sets|trail)/"
REFUSALS = [400, 401, 403, 404, 405, 406, 409, 411, 412, 413, 415, 422, 429]
AGAIN = (
    f"The same requests again: API_EXAMPLES={EXAMPLES} make test ARGS=tests/diagnosis/test_schemathesis.py\n"
    "One of them: the curl line below, with an address and a token of yours (make run; docs/api.md)."
)
LEFT_OUT = ["/api/v1/tokens/current/"]  # signs out whoever asks


@dataclass(frozen=True)
class Site:
    """A running site with everything in it that can be asked about."""

    stack: Stack
    world: World


@pytest.fixture
def site(transactional_db: None, tmp_path: Path) -> Iterator[Site]:
    world = make_world()
    with running_stack(tmp_path) as stack:
        stack.start_web()
        yield Site(stack, world)


@pytest.mark.parametrize(
    ("who", "addresses"), [("owner", "--exclude-path-regex"), ("administrator", "--include-path-regex")]
)
def test_it_answers_as_the_schema_says(site: Site, tmp_path: Path, who: str, addresses: str) -> None:
    told = run(site, site.world.people[who], tmp_path, addresses, OF_ADMINISTRATORS)
    assert told.returncode == 0, f"{AGAIN}\n{told.stdout}\n{told.stderr}"


def run(site: Site, person: User, folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "schemathesis.toml").write_text(settings_for(site.world.ids, issue_token(person=person).text))
    address = f"{site.stack.address}/api/v1"
    return subprocess.run(
        [
            str(PROGRAMS / "schemathesis"),
            *("--config-file", str(folder / "schemathesis.toml"), "run", f"{address}/schema/?format=json"),
            *("--url", site.stack.address, "--phases", PHASES, "--checks", CHECKS, "--no-color"),
            *("--max-examples", str(EXAMPLES), "--generation-deterministic", "--seed", "1"),
            *more,
            *(word for path in LEFT_OUT for word in ("--exclude-path", path)),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def settings_for(ids: Mapping[str, UUID], token: str) -> str:
    """Schemathesis' own settings: who asks, and real ids among the invented ones."""
    lines = [
        "warnings = false",
        "continue-on-failure = true",
        f"headers = {{ Authorization = {json.dumps(f'Token {token}')} }}",
        *(f"[dictionaries.{name}]\nvalues = [{json.dumps(str(pk))}]" for name, pk in ids.items()),
        f"[checks.negative_data_rejection]\nexpected-statuses = {REFUSALS}",
        "[parameters]",
        *(f'"{place}.{name}" = {chosen(name)}' for name in NAMES for place in ("query", "body")),
    ]
    for begins, name in IDS.items():
        lines += [
            "[[operations]]",
            f"include-path-regex = {json.dumps(f'^/api/v1{begins}'.replace('{', '.').replace('}', '.'))}",
            f'parameters = {{ "path.id" = {chosen(name)} }}',
        ]
    return "\n".join(lines) + "\n"


def chosen(name: str) -> str:
    return f'{{ dictionary = "{name}", probability = 0.7 }}'
