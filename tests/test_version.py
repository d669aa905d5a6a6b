"""One version, wherever it stands."""

import tomllib

from clinic.version import VERSION
from tests.deployment.files import ROOT


def test_the_code_and_the_package_say_the_same() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == VERSION
