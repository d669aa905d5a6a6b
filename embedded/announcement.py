"""What the person at the terminal waits for: the address, and with what to sign in."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from embedded import address
from embedded.console import say

SLOW = 60.0  # seconds after which a person begins to wonder


@dataclass
class Announcement:
    """Made once, as soon as the web process answers."""

    address: str
    accounts: Path
    mail: Path
    with_passwords: bool
    _since: float = field(default_factory=time.monotonic)
    _made: bool = False
    _warned: bool = False

    def when_it_answers(self) -> None:
        """Make it if it can be made now."""
        if self._made:
            return
        if address.answers(self.address):
            self._made = True
            self._say()
        elif not self._warned and time.monotonic() - self._since > SLOW:
            self._warned = True
            say("The web process does not answer yet. If it says why above, stop with Ctrl-C; else it may be slow.")

    def _say(self) -> None:
        say()
        say(f"Second Read is ready: {self.address}")
        if self.with_passwords:
            say(f"Demo sign-ins, also kept in {self.accounts}:")
            for line in self.accounts.read_text(encoding="utf-8").splitlines():
                say(f"  {line}")
        elif self.accounts.exists():
            say(f"Demo sign-ins: {self.accounts}")
        say(f"Mails that it sends, such as links for forgotten passwords: {self.mail}")
        say("Nobody needs a second step to sign in here; a server asks administrators for one (MFA_REQUIRED_ROLES).")
        say("Ctrl-C stops it.")
        say()
