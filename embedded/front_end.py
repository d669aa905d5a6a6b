"""The packages that pages load in the browser: out of npm's lock into the folder of the Python packages.

    python -m embedded.front_end install FOLDER | lock | audit | sbom FILE

Only the files that front-end/published.json names are served. Only the standard library is there yet.
"""

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from embedded import npm
from embedded.console import complain
from embedded.place import CHECKOUT
from embedded.problem import Problem

SOURCE = CHECKOUT / "front-end"
PUBLISHED = SOURCE / "published.json"
DESCRIPTION = ("package.json", "package-lock.json")
STAMP = ".installed"
NOT_CLEAN = (
    "A front-end package is known to be vulnerable, or the list could not be reached; the lines above say which. "
    "Either is no clean result."
)
PIP = (sys.executable, "-I", "-m", "pip", "install", "--disable-pip-version-check")


def is_installed(folder: Path, *, dev: bool) -> bool:
    """Whether `folder` was filled from the lock as it is now, with what the tests need if `dev` is set."""
    stamp = folder / STAMP
    if not stamp.exists():
        return False
    digest, _, kind = stamp.read_text(encoding="ascii").partition(" ")
    return digest == _digest() and (kind == "dev" or not dev)


def install(folder: Path, *, dev: bool, pip: Sequence[str]) -> None:
    """Fill `folder` afresh. What was there stays until all is there: an interruption leaves nothing half-done."""
    new = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for name in DESCRIPTION:
        shutil.copy(SOURCE / name, new)
    with npm.available(pip=pip, room=folder.parent) as command:
        npm.run(command, "ci", "--no-audit", "--include=dev" if dev else "--omit=dev", folder=new)
    _publish(new)
    (new / STAMP).write_text(f"{_digest()} {'dev' if dev else 'runtime'}", encoding="ascii")
    shutil.rmtree(folder, ignore_errors=True)
    new.rename(folder)


def _publish(folder: Path) -> None:
    """Put the few files that browsers get where the site looks for them."""
    for name, source in json.loads(PUBLISHED.read_text(encoding="utf-8")).items():
        target = folder / "static" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(folder / "node_modules" / source, target)
        except FileNotFoundError:
            raise Problem(f"The front-end packages lack {source}, which front-end/published.json names.") from None


def _digest() -> str:
    files = [SOURCE / name for name in DESCRIPTION] + [PUBLISHED]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


def _install(folder: str) -> None:
    install(Path(folder).absolute(), dev=False, pip=PIP)


def _lock() -> None:
    """Renew the lock within what package.json allows. It names no registry: the hashes hold for each."""
    with npm.available(pip=PIP, room=CHECKOUT / "var") as command:
        words = ("update", "--package-lock-only", "--no-audit", "--omit-lockfile-registry-resolved")
        npm.run(command, *words, folder=SOURCE)


def _audit() -> None:
    with npm.available(pip=PIP, room=CHECKOUT / "var") as command:
        npm.run(command, "audit", "--package-lock-only", "--omit=dev", folder=SOURCE, complaint=NOT_CLEAN)


def _sbom(file: str) -> None:
    """Write what is in the lock to `file`, as CycloneDX."""
    words = ("sbom", "--sbom-format=cyclonedx", "--sbom-type=application", "--package-lock-only", "--omit=dev")
    with npm.available(pip=PIP, room=CHECKOUT / "var") as command, Path(file).open("wb") as output:
        done = subprocess.run([*command, *words], cwd=SOURCE, stdout=output, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Problem("npm could not list the front-end packages; the last lines above say why.")


COMMANDS: dict[str, Callable[..., None]] = {"install": _install, "lock": _lock, "audit": _audit, "sbom": _sbom}


def main(words: Sequence[str]) -> int:
    """Follow the command line above."""
    name, *rest = words
    try:
        COMMANDS[name](*rest)
    except Problem as problem:
        complain(str(problem))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
