"""House rules that the trail rests on, read from the source: services change things, and locks leave it in peace."""

import re
from pathlib import Path

import pytest

from tests.deployment.files import ROOT

SOURCES = sorted(path for app in ("clinic", "diagnosis") for path in (ROOT / app).rglob("*.py"))
NOT_SERVICES = [path for path in SOURCES if not {"services", "migrations"} & set(path.parts)]
CHANGES = re.compile(r"\b(\w+)\.objects[\w\s().=,\"']*\.(update|delete|bulk_create|bulk_update|create|get_or_create)\(")
# Not a change of anybody's data: when a token was last used.
ALLOWED = {("clinic/api/authentication.py", "ApiToken")}


@pytest.mark.parametrize("path", NOT_SERVICES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_changed_past_the_services(path: Path) -> None:
    """A service writes as many rows of the trail as it changes things; `QuerySet.update()` in a view writes none."""
    name = str(path.relative_to(ROOT))
    found = {match[1] for match in CHANGES.finditer(path.read_text(encoding="utf-8"))}
    assert not {model for model in found if (name, model) not in ALLOWED}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_locks_of_rows_do_not_stop_rows_that_refer_to_them(path: Path) -> None:
    """At commit, rows of the trail are linked one transaction after the other, and references are checked.

    A lock that a reference waits for could hold up whoever holds the chain's lock, who is waited for in turn.
    Only what is about to be deleted may be locked so.
    """
    calls = re.findall(r"select_for_update\(([^)]*)", path.read_text(encoding="utf-8"))
    assert all("no_key=True" in call for call in calls) or path.name == "erasure.py"
