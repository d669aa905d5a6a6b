"""A folder of backups: one folder each for what belongs to it alone, and the files of the store, shared by all.

    2026-01-02T030405Z/   database.dump, files.txt (a digest a line, sorted), audit-heads/, manifest.json
    files/ab/cd/DIGEST    a file is copied once, however many backups have it

A backup is made under another name and renamed when it is whole.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from heapq import merge
from itertools import groupby
from pathlib import Path

FORMAT = 1
DUMP, DIGESTS, HEADS, MANIFEST = "database.dump", "files.txt", "audit-heads", "manifest.json"
UNFINISHED = ".unfinished"


class UnusableBackup(Exception):
    """There is no such backup, or it is not what was made. The message says which part."""


@dataclass(frozen=True)
class Manifest:
    """What a backup is, and the digest of each of its own files. `missing`: files that were not whole then."""

    made_at: str
    application: str
    postgresql: int
    migrations: Mapping[str, Sequence[str]]
    file_count: int
    missing: Sequence[str]
    digests: Mapping[str, str]
    format: int = field(default=FORMAT)


@dataclass(frozen=True)
class BackupFolder:
    """The folder that `manage.py backup` is given."""

    root: Path

    @property
    def files(self) -> Path:
        return self.root / "files"

    def file(self, sha256: str) -> Path:
        """Where the copy of a stored file is."""
        return self.files / sha256[:2] / sha256[2:4] / sha256

    def names(self) -> Sequence[str]:
        """All backups, oldest first."""
        return sorted(path.parent.name for path in self.root.glob(f"*/{MANIFEST}") if path.parent.suffix != UNFINISHED)

    @contextmanager
    def new(self, name: str) -> Iterator[Path]:
        """A folder to fill; it gets its name when the block ends well, and is gone otherwise."""
        aside = self.root / f"{name}{UNFINISHED}"
        for path in self.root.glob(f"*{UNFINISHED}"):  # of a backup that was killed
            shutil.rmtree(path)
        self.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        aside.mkdir(mode=0o700)
        (aside / HEADS).mkdir()
        try:
            yield aside
            aside.rename(self.root / name)
        finally:
            shutil.rmtree(aside, ignore_errors=True)

    def digests(self, name: str) -> Iterator[str]:
        """The digests of the files that belong to a backup, sorted."""
        with (self.root / name / DIGESTS).open(encoding="ascii") as lines:
            yield from (line.strip() for line in lines)

    def manifest(self, name: str) -> Manifest:
        """What a backup says of itself, after its own files were held against it."""
        folder = self.root / name
        try:
            said = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
            manifest = Manifest(**said)
        except (OSError, ValueError, TypeError):
            raise UnusableBackup(f"The manifest in {folder} cannot be read.") from None
        if manifest.format != FORMAT:
            raise UnusableBackup(f"The backup in {folder} is of another format than this version reads.")
        for part, digest in manifest.digests.items():
            if not (folder / part).is_file() or digest_of(folder / part) != digest:
                raise UnusableBackup(f"{folder / part} is missing or is not what was backed up.")
        return manifest

    def keep(self, newest: int) -> int:
        """Remove all but the newest backups, and files that none of these has. Returns how many backups went."""
        old = self.names()[:-newest]
        for name in old:
            (self.root / name / MANIFEST).unlink()  # from now on it is no backup, also when the next step is cut off
            shutil.rmtree(self.root / name)
        self._remove_unwanted()
        return len(old)

    def _remove_unwanted(self) -> None:
        wanted = (digest for digest, _ in groupby(merge(*map(self.digests, self.names()))))
        here = next(wanted, None)
        for path in sorted(self.files.glob("*/*/*")):
            while here is not None and here < path.name:
                here = next(wanted, None)
            if path.name != here:
                path.unlink()


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """The last thing that is written into a backup."""
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest), indent=2), encoding="utf-8")


def parts_of(folder: Path) -> Mapping[str, str]:
    """The digest of every file in a backup's own folder."""
    return {str(path.relative_to(folder)): digest_of(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def digest_of(path: Path) -> str:
    """The SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
