"""`install.py`, which builds .venv: with locks of its own, so that no index is asked."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from embedded.place import CHECKOUT
from tests.embedded.uninstalled import Site

HOLD_THE_LOCK = """
import time
from pathlib import Path
from embedded import lock
with lock.held(Path("var/installation.lock"), purpose="installing"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One for all tests here, since making a .venv takes seconds. Its first installation was interrupted."""
    made = Site(tmp_path_factory.mktemp("site") / "checkout")
    torso = made.folder / ".venv"
    (torso / "bin").mkdir(parents=True)
    (torso / "bin/python").symlink_to(sys.executable)
    (torso / ".unfinished").touch()
    return made


def test_it_repairs_an_interrupted_installation(site: Site) -> None:
    done = site.install()
    assert done.returncode == 0, done.stderr
    assert site.installed() == "1.0"


def test_it_does_nothing_when_all_is_installed(site: Site) -> None:
    again = site.install()
    assert again.returncode == 0
    assert not again.stdout + again.stderr


def test_it_installs_again_when_the_lock_has_changed(site: Site) -> None:
    site.lock("2.0")
    assert site.install().returncode == 0
    assert site.installed() == "2.0"


def test_it_refuses_a_package_whose_hash_is_another(site: Site) -> None:
    site.lock("3.0")
    with (site.wheels / "specimen-3.0-py3-none-any.whl").open("ab") as tampered:
        tampered.write(b"x")
    refused = site.install()
    assert refused.returncode == 1
    assert "The installation failed; the last lines above say why." in refused.stderr
    assert site.installed() != "3.0"


def test_two_installations_at_once_do_not_disturb_each_other(site: Site) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD_THE_LOCK], cwd=site.folder, stdout=subprocess.PIPE) as first:
        assert first.stdout
        assert first.stdout.readline() == b"held\n"
        second = site.install()
        first.kill()
    assert second.returncode == 1
    assert second.stderr.startswith(f"Another installation is going on in this folder (process {first.pid}, ")
    assert len(second.stderr.splitlines()) == 1


@pytest.mark.parametrize("bounds", [((3, 98), (3, 99)), ((3, 0), (3, 1))])
def test_another_version_of_python_is_told_so(tmp_path: Path, bounds: tuple[tuple[int, int], tuple[int, int]]) -> None:
    source = (CHECKOUT / "install.py").read_text()
    for name, version in zip(("OLDEST", "NEWEST"), bounds, strict=True):
        source = re.sub(rf"^{name} = .*$", f"{name} = {version}", source, flags=re.MULTILINE)
    (tmp_path / "install.py").write_text(source)
    told = subprocess.run([sys.executable, "install.py"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert told.returncode == 1
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert told.stderr.startswith(f"This is Python {here}; Second Read needs 3.{bounds[0][1]} to 3.{bounds[1][1]}.")
    assert len(told.stderr.splitlines()) == 1


def test_every_python_3_can_read_the_file_that_says_so() -> None:
    ast.parse((CHECKOUT / "install.py").read_text(), feature_version=(3, 4))
