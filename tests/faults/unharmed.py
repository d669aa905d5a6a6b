"""What the processes of a site have to say after an attack on them: who died, and how much memory each needed."""

from dataclasses import dataclass
from pathlib import Path

MEGABYTE = 1024 * 1024


@dataclass(frozen=True)
class Family:
    """A program's process and its children, as they were at some time."""

    parent: int
    children: frozenset[int]

    @classmethod
    def of(cls, parent: int) -> "Family":
        """As it is now; without anybody when the parent is gone."""
        try:
            told = Path(f"/proc/{parent}/task/{parent}/children").read_text(encoding="ascii")
        except FileNotFoundError:
            return cls(parent, frozenset())
        return cls(parent, frozenset(map(int, told.split())))

    def dead(self) -> set[int]:
        """Those who are no longer there."""
        return set(self.children - Family.of(self.parent).children)

    def peak(self) -> int:
        """The most memory, in bytes, that one of the children has needed."""
        return max((_peak(pid) for pid in Family.of(self.parent).children), default=0)


def _peak(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except (FileNotFoundError, ProcessLookupError):  # it ends just now
        return 0
    kilobytes = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return 1024 * int(kilobytes[0]) if kilobytes else 0
