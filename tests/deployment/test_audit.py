"""`make audit`: it is clean only when every package was looked up."""

import importlib.util
from types import ModuleType
from typing import Any

import pytest

from tests.deployment.files import ROOT

CLEAN = {"name": "one", "version": "1", "vulns": []}
FLAWED = {"name": "two", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["2.1"]}]}
SKIPPED = {"name": "three", "skip_reason": "Dependency not found"}


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", ROOT / "deploy" / "audit.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(audit: ModuleType, monkeypatch: pytest.MonkeyPatch, *found: dict[str, Any]) -> int:
    monkeypatch.setattr(audit, "looked_up", lambda: list(found))
    return int(audit.main())


def test_all_looked_up_and_none_flawed_is_clean(audit: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    assert told(audit, monkeypatch, CLEAN) == 0


def test_a_flaw_is_named_with_what_mends_it(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(audit, monkeypatch, CLEAN, FLAWED) == 1
    assert "two 2: CVE-1, mended in 2.1" in capsys.readouterr().out


@pytest.mark.parametrize("found", [[], [SKIPPED], [CLEAN, SKIPPED]])
def test_a_list_that_could_not_be_reached_is_no_clean_result(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    found: list[dict[str, Any]],
) -> None:
    assert told(audit, monkeypatch, *found) == 2
    assert "no clean result" in capsys.readouterr().out
