"""Random passwords, one a file, readable by us alone. There is no default password."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from embedded.place import make_folder

BYTES = 48  # 64 characters


@dataclass(frozen=True)
class Passwords:
    """The folder of one place's passwords. Each is made when it is asked for the first time."""

    folder: Path

    @property
    def superuser(self) -> str:
        """PostgreSQL's superuser, whom only the supervisor uses."""
        return self._kept("postgres-superuser")

    @property
    def owner(self) -> str:
        """The role in PostgreSQL that owns the application's tables."""
        return self._kept("postgres-owner")

    @property
    def application(self) -> str:
        """The running application's role in PostgreSQL."""
        return self._kept("postgres-application")

    @property
    def secret_key(self) -> str:
        """What the application signs its cookies and links with."""
        return self._kept("secret-key")

    @property
    def audit_signing_key(self) -> str:
        """What the application signs the heads of its audit trail with."""
        return self._kept("audit-signing-key")

    def exist(self) -> bool:
        """Whether the superuser's was made before."""
        return (self.folder / "postgres-superuser").exists()

    def _kept(self, name: str) -> str:
        path = make_folder(self.folder, 0o700) / name
        if not path.exists():
            new = path.with_suffix(".new")
            new.touch(mode=0o600)
            new.write_text(secrets.token_urlsafe(BYTES), encoding="ascii")
            new.rename(path)
        return path.read_text(encoding="ascii")
