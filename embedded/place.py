"""Where one pair of servers keeps its files, and as whom they run.

PostgreSQL refuses to run as root. Started by root, both servers run as `nobody`, who cannot look into the
checkout; so they get their data and a copy of their programs in a system folder of their own, and nothing else on
the machine changes its owner or its permissions.
"""

import hashlib
import os
import pwd
import re
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded.problem import Problem

CHECKOUT = Path(__file__).resolve().parent.parent
SYSTEM_FOLDER = Path("/var/lib/second-read")
UNPRIVILEGED = "nobody"

# A Unix socket's address holds 107 bytes. Some clients read it from a URL, where only plain characters are safe.
LONGEST_ADDRESS = 107
PLAIN = re.compile(r"[A-Za-z0-9/._-]+")


@dataclass(frozen=True)
class Place:
    """The folders of one pair of servers. All are private to us, or to the account the servers run as."""

    var: Path
    """Ours: passwords, images, logs."""
    state: Path
    """The servers' own: PostgreSQL's data."""
    sockets: Path
    """Where the servers listen, and nowhere else."""
    account: str | None
    """The user the servers run as, when that is not us."""

    @property
    def database(self) -> Path:
        """PostgreSQL's data folder."""
        return self.state / "postgres"

    @property
    def logs(self) -> Path:
        """The folder of the servers' logs."""
        return self.var / "log"

    @property
    def lock(self) -> Path:
        """The file that only one run at a time can lock. It is where the data are, which nobody must use twice."""
        return self.state / "lock"

    def hand_over(self, path: Path) -> None:
        """Give `path`, which we made, to the account the servers run as."""
        if self.account:
            entry = pwd.getpwnam(self.account)
            os.chown(path, entry.pw_uid, entry.pw_gid)


def lasting() -> Place:
    """The place of this checkout, made where it is not there yet."""
    var = make_folder(CHECKOUT / "var", 0o700)
    if not as_root():
        return _furnished(Place(var=var, state=var, sockets=sockets_of(var), account=None))
    state = make_folder(system_folder() / _instance(var), 0o711)
    (state / "checkout").write_text(f"{var}\n", encoding="utf-8")  # for whoever finds the data without it
    return _furnished(Place(var=var, state=state, sockets=state / "run", account=UNPRIVILEGED))


@contextmanager
def temporary() -> Iterator[Place]:
    """A place that is gone afterwards, with everything in it."""
    base = Path(tempfile.mkdtemp(prefix="second-read-"))
    if as_root():
        state = Path(tempfile.mkdtemp(prefix="temporary-", dir=system_folder()))
        state.chmod(0o711)
        place = Place(var=base, state=state, sockets=state / "run", account=UNPRIVILEGED)
    else:
        place = Place(var=base, state=base, sockets=sockets_of(base), account=None)
    try:
        yield _furnished(place)
    finally:
        for folder in (place.sockets, place.state, place.var):
            shutil.rmtree(folder, ignore_errors=True)


def as_root() -> bool:
    """Whether we are the superuser, as whom no server must run."""
    return os.geteuid() == 0


def make_folder(folder: Path, mode: int) -> Path:
    """Make `folder` with exactly `mode`. One that is there stays as it is."""
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True)
        folder.chmod(mode)
    return folder


def system_folder() -> Path:
    """The folder for what root's servers need, which everybody may pass through and nobody may list."""
    try:
        return make_folder(SYSTEM_FOLDER, 0o711)
    except OSError as error:
        raise Problem(
            f"As root, the database lives in {SYSTEM_FOLDER}, which cannot be made ({error.strerror}). "
            "Run this as an ordinary user."
        ) from None


def _furnished(place: Place) -> Place:
    make_folder(place.logs, 0o700)
    if not place.sockets.is_dir():
        make_folder(place.sockets, 0o700)
        place.hand_over(place.sockets)
    return place


def _instance(var: Path) -> str:
    """A name for the data of this `var` in the system folder. It goes where `var` goes: a new clone begins empty."""
    name = var / "instance"
    if not name.exists():
        name.write_text(secrets.token_hex(8), encoding="ascii")
    return name.read_text(encoding="ascii").strip()


def sockets_of(folder: Path) -> Path:
    """A folder for sockets in `folder`, or in /tmp when an address in `folder` would be too long or not plain."""
    beside = folder / "run"
    if len(os.fsencode(beside / ".s.PGSQL.5432")) <= LONGEST_ADDRESS and PLAIN.fullmatch(str(beside)):
        return beside
    digest = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    elsewhere = Path("/tmp") / f"second-read-{os.geteuid()}-{digest}"  # noqa: S108  checked to be ours alone
    make_folder(elsewhere, 0o700)
    found = elsewhere.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise Problem(f"{elsewhere} is not ours alone. Remove it, or move this folder to a shorter path.")
    return elsewhere
