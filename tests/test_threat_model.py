"""The threat model promises nothing that no test shows."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "threat-model.md").read_text(encoding="utf-8")
THREATS = [
    [cell.strip() for cell in row.strip("|").split("|")]
    for row in PAGE.partition("## Threats")[2].partition("## Not covered")[0].splitlines()
    if row.startswith("| ") and not row.startswith(("| threat", "| **"))
]
NAMED = sorted(set(re.findall(r"`(\S+?\.py)(?:::(\S+?))?`", PAGE)))


def test_every_threat_has_a_control_and_a_test() -> None:
    assert len(THREATS) > 30
    assert [threat for threat, control, tests in THREATS if not control or "test_" not in tests] == []


def test_every_test_it_names_exists() -> None:
    missing = []
    for file, name in NAMED:
        path = ROOT / "tests" / file.removeprefix("tests/")
        function = f"def {name.rpartition('::')[2]}("
        if not path.is_file() or (name and function not in path.read_text(encoding="utf-8")):
            missing.append(f"{file}::{name}")
    assert missing == []
