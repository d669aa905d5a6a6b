"""One spelling for data: the same values always give the same bytes, and so the same digest."""

import hashlib
import json
from typing import Any


def canonical(data: Any) -> bytes:
    """JSON in UTF-8 with sorted names and no spaces; ValueError for numbers that are none."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def digest_of(data: Any) -> str:
    """The SHA-256 of the canonical spelling, in hexadecimal digits."""
    return hashlib.sha256(canonical(data)).hexdigest()
