"""Builds .venv from the hashed locks, again only when a lock has changed.

Only the standard library is there yet. uv installs the lock in seconds; where it cannot be had, pip does the same in
minutes. What pages load in the browser comes from npm, into the same folder.
"""

import argparse
import hashlib
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from embedded import front_end, lock, preflight, translations
from embedded.console import complain, say
from embedded.place import CHECKOUT, make_folder
from embedded.problem import Problem

VENV = CHECKOUT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
INSTALLER = "requirements-uv.txt"
FRONT_END = VENV / "front-end"


def main(words: Sequence[str]) -> int:
    """Follow the command line; what the person can mend is told in a line."""
    parser = argparse.ArgumentParser(prog="install.py", description="Builds .venv from the hashed locks.")
    parser.add_argument("--dev", action="store_true", help="also what the tests and the linters need")
    parser.add_argument("--without-uv", action="store_true", help="use pip alone")
    arguments = parser.parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        preflight.check(CHECKOUT)
        install([RUNTIME, DEVELOPMENT] if arguments.dev else [RUNTIME], use_uv=not arguments.without_uv)
    except Problem as problem:
        complain(str(problem))
        return 1
    except KeyboardInterrupt:
        complain("Interrupted. The next run starts the installation afresh.")
        return 130
    return 0


def install(requirements: Sequence[str], *, use_uv: bool) -> None:
    """Make .venv hold what `requirements` name, and compile the translations; does nothing when all is done."""
    with lock.held(make_folder(CHECKOUT / "var", 0o700) / "installation.lock", purpose="installing") as holder:
        if holder is not None:
            raise Problem(f"Another installation is going on in this folder ({holder}). Wait for it.")
        _install_missing(requirements, use_uv=use_uv)
        translations.compile_changed(VENV / "bin" / "pybabel")
        _install_front_end(dev=DEVELOPMENT in requirements)


def _install_missing(requirements: Sequence[str], *, use_uv: bool) -> None:
    usable = _is_usable()
    missing = [name for name in requirements if not (usable and _is_installed(name))]
    if not missing:
        return
    began = time.monotonic()
    preflight.disk_has_room(CHECKOUT, gigabytes=preflight.ROOM_TO_INSTALL)
    if not usable:
        _make_venv()
    UNFINISHED.touch()
    use_uv = use_uv and _get_uv()
    for name in missing:
        say(f"Installing {name} with {'uv' if use_uv else 'pip'}. The first time this takes a while.")
        _install(name, use_uv=use_uv)
    UNFINISHED.unlink()
    say(f"Installed in {time.monotonic() - began:.0f} s.")


def _install_front_end(*, dev: bool) -> None:
    if front_end.is_installed(FRONT_END, dev=dev):
        return
    say("Installing the front-end packages with npm.")
    front_end.install(FRONT_END, dev=dev, pip=_pip())


def _is_usable() -> bool:
    """Whether .venv is there, of this version of Python, and not the torso of an interrupted installation."""
    if UNFINISHED.exists() or not PYTHON.exists():
        return False
    version = "import sys; print(*sys.version_info[:2])"
    found = subprocess.run([PYTHON, "-I", "-c", version], capture_output=True, text=True, check=False)  # noqa: S603
    return found.stdout.split() == [str(part) for part in sys.version_info[:2]]


def _make_venv() -> None:
    # Started from the .venv itself, its interpreter's real path still leads to the Python it was made with.
    python = Path(sys.executable).resolve()
    say(f"Making .venv with {python} (Python {sys.version.split()[0]}).")
    shutil.rmtree(VENV, ignore_errors=True)
    VENV.mkdir()
    UNFINISHED.touch()
    _run(str(python), "-m", "venv", str(VENV))


def _get_uv() -> bool:
    """Whether uv is in .venv, after trying to put it there."""
    try:
        if not _is_installed(INSTALLER):
            _install(INSTALLER, use_uv=False)
    except Problem:
        say("uv cannot be had here; pip does it, more slowly.")
        return False
    return True


def _install(requirements: str, *, use_uv: bool) -> None:
    tool = _uv() if use_uv else _pip()
    try:
        _run(*tool, "--require-hashes", "-r", requirements)
    except Problem:
        if not use_uv:
            raise
        say("uv could not do it; pip tries.")
        _install(requirements, use_uv=False)
    _stamp(requirements).write_text(_digest(requirements), encoding="ascii")


def _uv() -> list[str]:
    # The machine's own certificates: a hospital's network often has an authority of its own.
    return [str(VENV / "bin" / "uv"), "pip", "install", "--system-certs", "--python", str(PYTHON)]


def _pip() -> list[str]:
    if not (VENV / "bin" / "pip").exists():
        _run(str(PYTHON), "-I", "-m", "ensurepip", "--default-pip")
    return [str(PYTHON), "-I", "-m", "pip", "install", "--disable-pip-version-check"]


def _is_installed(requirements: str) -> bool:
    stamp = _stamp(requirements)
    return stamp.exists() and stamp.read_text(encoding="ascii") == _digest(requirements)


def _stamp(requirements: str) -> Path:
    return VENV / f".{requirements}.installed"


def _digest(requirements: str) -> str:
    return hashlib.sha256((CHECKOUT / requirements).read_bytes()).hexdigest()


def _run(*command: str) -> None:
    if subprocess.run(command, cwd=CHECKOUT, check=False).returncode != 0:  # noqa: S603
        raise Problem("The installation failed; the last lines above say why. Mend it, and run make again.")
