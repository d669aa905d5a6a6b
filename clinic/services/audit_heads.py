"""Signed heads of the chain, kept outside the database: they show a tail that was cut, and a chain made anew."""

import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from clinic.models import AuditLink
from clinic.services.audit_chain import BrokenTrail

SALT = "clinic.audit_heads"


@dataclass(frozen=True)
class Head:
    """The last link there was when it was signed."""

    signed_at: str
    position: int
    event_id: int
    hash: str

    @property
    def name(self) -> str:
        """Its day, which names its file."""
        return self.signed_at[:10]

    @property
    def signature(self) -> str:
        """HMAC-SHA256 of all it says, in hexadecimal digits, with AUDIT_SIGNING_KEY."""
        if not settings.AUDIT_SIGNING_KEY:
            raise ImproperlyConfigured("AUDIT_SIGNING_KEY is not set: heads of the trail cannot be signed or checked.")
        said = json.dumps(asdict(self), sort_keys=True)
        return salted_hmac(SALT, said, secret=settings.AUDIT_SIGNING_KEY, algorithm="sha256").hexdigest()


def sign_head() -> Head | None:
    """Sign the chain's last link and keep it as the head of the day; None while the trail is empty.

    Raises BrokenTrail, with nothing signed, when the chain does not go on from the newest head: a signature must not
    cover up what the heads are there to show.
    """
    heads = read_heads(settings.AUDIT_HEADS_DIR)
    for newest in heads[-1:]:
        if not AuditLink.objects.filter(position=newest.position, hash=newest.hash).exists():
            raise BrokenTrail(
                f"The trail does not go on from the head of {newest.name}: link {newest.position} differs."
            )
    last = AuditLink.objects.order_by("position").last()
    if last is None:
        return None
    head = Head(timezone.now().isoformat(timespec="seconds"), last.position, last.event_id, last.hash)
    _keep(head)
    return head


def read_heads(folder: Path) -> Sequence[Head]:
    """The heads in `folder`, oldest first. Raises BrokenTrail at one that was not signed with our key."""
    return [_read(path) for path in sorted(folder.glob("*.json"))]


def _read(path: Path) -> Head:
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        signature = said.pop("signature")
        head = Head(**said)
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BrokenTrail(f"The head in {path} cannot be read.") from None
    if head.name != path.stem or not constant_time_compare(head.signature, signature):
        raise BrokenTrail(f"The head in {path} was not signed with this site's key, or was changed.")
    return head


def _keep(head: Head) -> None:
    """Write the file in one step: whenever the power fails, the old head is there or the new one."""
    folder: Path = settings.AUDIT_HEADS_DIR
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    new = folder / f"{head.name}.new"
    with new.open("w", encoding="utf-8") as file:
        json.dump(asdict(head) | {"signature": head.signature}, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / f"{head.name}.json")
