"""JSON from strangers: refused when readers of JSON disagree on it, or when no database stores it."""

import json
import math
import re
from collections.abc import Iterable
from typing import cast

_LARGEST = 2**63
_DEEPEST = 24  # levels of lists and objects: whoever copies a document calls itself for each
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")  # NUL, and halves of characters


class InvalidJson(ValueError):
    """The bytes are no JSON that is accepted; the message says why."""


def parse_json(content: bytes) -> object:
    """The document; InvalidJson also for a key twice, NaN and infinite numbers, and deep nesting."""
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_constant, parse_float=_float
        )
    except InvalidJson:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidJson("it is not JSON in UTF-8") from error
    _check(document, levels=_DEEPEST)
    return cast("object", document)


def _object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise InvalidJson("an object has a key twice")
    return found


def _constant(name: str) -> object:
    raise InvalidJson(f"{name} is not a finite number")


def _float(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise InvalidJson("a number is not finite")
    return value


def _check(value: object, *, levels: int) -> None:
    if levels == 0:
        raise InvalidJson(f"it is nested deeper than {_DEEPEST} levels")
    if isinstance(value, str) and _UNSTORABLE.search(value):
        raise InvalidJson("a text holds a character that cannot be stored")
    if isinstance(value, int) and not -_LARGEST <= value < _LARGEST:
        raise InvalidJson("a whole number is too large")
    for item in _parts(value):
        _check(item, levels=levels - 1)


def _parts(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()
